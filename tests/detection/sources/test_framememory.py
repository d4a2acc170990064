from fractions import Fraction

import numpy as np
import pytest

from pipeline.detection.sources import framememory
from pipeline.detection.sources.framememory import memory_needed, require_memory
from pipeline.detection.sources.videoreader import VideoReader
from pipeline.errors import UserError
from tests.detection.clips import at_rate, write_clip
from tests.peakmemory import measurable, peaks

WIDTH, HEIGHT = 2400, 1800
FRAME = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)

# A clip of one frame of each kind: codec, pixel format, aspect, rotation.
KINDS = [("libx264", "yuv420p", 1, 90), ("libx264", "yuv444p10le", Fraction(1, 2), 0),
         ("ffv1", "rgba64le", 1, 0), ("mjpeg", "yuvj420p", 2, 90)]


def reader_of(path):
    return VideoReader(f"file:{path}", path.name, network=False)


@measurable
def test_reading_stays_below_the_bytes_that_are_counted(tmp_path):
    paths = [write_clip(tmp_path / f"{number}.mkv", [0], [FRAME], codec=codec, pixels=pixels,
                        aspect=None if aspect == 1 else Fraction(aspect), display=(turn,),
                        time_base=Fraction(1, 20), options={"preset": "ultrafast"} if
                        codec == "libx264" else {})
             for number, (codec, pixels, aspect, turn) in enumerate(KINDS)]
    found = peaks("from pipeline.detection.sources.videoreader import VideoReader",
                  "[(frame.gray, frame.image) for frame in VideoReader('file:' + path, path, "
                  "network=False)]", paths)
    for (_, pixels, aspect, _), taken in zip(KINDS, found, strict=True):
        needed = memory_needed(WIDTH, HEIGHT, aspect, pixels)
        assert 0.3 * needed < taken < needed + 16e6, pixels  # of threads and libraries


def test_a_frame_beyond_the_limit_of_memory_is_refused_with_its_size(tmp_path):
    path = write_clip(tmp_path / "x.mkv", at_rate(1), [np.zeros((256, 256, 3), np.uint8)],
                      codec="ffv1", pixels="yuv444p")
    data = path.read_bytes()
    for name in (b"\xb0", b"\xba"):  # PixelWidth and PixelHeight become 20,000
        data = data.replace(name + b"\x82\x01\x00", name + b"\x82\x4e\x20", 1)
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"of 20000 x 20000 pixels would take "
                                        r"4\.6 GB of memory, and the limit is 1 GB"):
        reader_of(path)


def test_deep_pixels_and_wide_ones_are_counted():
    require_memory("x", 9000, 9000, 1, "yuv420p")
    for aspect, pixels in ((1, "rgba64le"), (10, "yuv420p")):
        with pytest.raises(UserError, match="and the limit is 1 GB"):
            require_memory("x", 9000, 9000, aspect, pixels)


def test_pixels_that_become_too_wide_in_the_middle_end_the_video(tmp_path, monkeypatch):
    monkeypatch.setattr(framememory, "MEMORY_LIMIT", 2_000_000)
    parts = [write_clip(tmp_path / f"{number}.ts", at_rate(10), aspect=aspect, starts=number / 2,
                        options={"bf": "0"}) for number, aspect in enumerate((None, Fraction(9)))]
    (tmp_path / "x.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    seen = []
    with pytest.raises(UserError, match="of 3888 x 240 pixels would take"):
        seen.extend(frame.index for frame in reader_of(tmp_path / "x.ts"))
    assert seen == list(range(10))
