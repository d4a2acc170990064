"""Parts of a video: --start and --end."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.detection.sources.videoreader import VideoReader
from tests.conftest import fails_with
from tests.detection.clips import at_rate, write_clip


def frames_of(path, **part):
    return list(VideoReader(f"file:{path}", path.name, network=False, **part))


CLIPS = {
    "mp4": ("x.mp4", {"options": {"g": "10", "bf": "3"}}),
    "open groups": ("x.mkv", {"options": {"g": "10", "bf": "3", "x264-params": "open-gop=1"}}),
    "one keyframe": ("x.mp4", {"options": {"g": "1000"}}),
    "broadcast": ("x.ts", {"starts": 50_000, "options": {"g": "10"}}),
    "avi": ("x.avi", {"codec": "mpeg4", "options": {"bf": "2", "g": "10"},
                      "time_base": Fraction(1, 20)}),
    "bare stream": ("x.h264", {"rate": 25}),
    "sound": ("x.mp4", {"sound": 3, "options": {"g": "10"}}),
}


@pytest.mark.parametrize(("name", "options"), CLIPS.values(), ids=CLIPS)
def test_a_part_has_the_files_frames_indices_and_times(tmp_path, name, options):
    path = write_clip(tmp_path / name, at_rate(60, options.get("rate", 20)), **options)
    whole = [(frame.index, frame.seconds, frame.gray.mean()) for frame in frames_of(path)]
    for start, end in ((0.0, 1.0), (0.5, None), (1.02, 2.0), (1.5, 1.55), (2.35, 100.0)):
        part = [(frame.index, frame.seconds, frame.gray.mean())
                for frame in frames_of(path, start=start, end=end)]
        assert part == [frame for frame in whole if start <= frame[1] < (end or np.inf)]
        assert 0 < len(part) < 60


def test_frames_that_cannot_be_decoded_keep_their_numbers(tmp_path):
    path = write_clip(tmp_path / "x.avi", at_rate(40), codec="mjpeg", pixels="yuvj420p",
                      time_base=Fraction(1, 20))
    data = bytearray(path.read_bytes())
    position = data.index(b"movi")
    for number in range(40):
        position = data.index(b"00dc", position) + 8
        if number in (10, 30):
            size = int.from_bytes(data[position - 4:position], "little")
            data[position:position + size] = bytes(size)
    path.write_bytes(data)
    assert [frame.index for frame in frames_of(path, start=1.0)] == [
        number for number in range(20, 40) if number != 30]


def test_the_sound_of_a_part_is_in_it(tmp_path):
    path = write_clip(tmp_path / "x.mp4", at_rate(80), sound=4)
    reader = VideoReader(f"file:{path}", "x", network=False, start=1.0, end=3.0)
    sound = [piece.seconds for frame in reader for piece in frame.sound]
    sound += [piece.seconds for piece in reader.rest]
    assert sound == sorted(sound)
    assert sound[0] == pytest.approx(1.0, abs=0.05) and sound[-1] == pytest.approx(3.0, abs=0.2)
    assert np.diff(sound).max() < 0.03


def test_a_start_after_the_end_is_said(tmp_path):
    path = write_clip(tmp_path / "x.mp4", at_rate(20))
    reader = VideoReader(f"file:{path}", "x", network=False, start=5.0)
    assert list(reader) == [] and reader.broken == "ends after 0.9 s, before --start"
    assert "x.mp4: opened, but gives no frame: ends after 0.9 s, before --start" in fails_with(
        "emotion_detector.py", "--no-display", "--video", path, "--start", "0:05")
