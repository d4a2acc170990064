import gc
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from pipeline.detection.sources.videoreader import VideoReader
from pipeline.errors import UserError
from tests.conftest import SAMPLE_VIDEO
from tests.detection.clips import at_rate, sample_images, write_clip, write_tone
from tests.detection.colors import BT2020, write_colors


def reader_of(path):
    return VideoReader(f"file:{path}", path.name, network=False)


def seconds_of(path):
    return [frame.seconds for frame in reader_of(path)]


@pytest.mark.parametrize("name", ["x.mp4", "x.mkv", "x.mov"])
def test_times_of_a_variable_rate(tmp_path, name):
    times = [n / 30 for n in range(20)] + [20 / 30 + n / 10 for n in range(20)]
    path = write_clip(tmp_path / name, times, rate=30)
    assert seconds_of(path) == pytest.approx(times, abs=0.001)


def test_times_of_a_frame_every_two_seconds(tmp_path):
    times = [2 * n for n in range(8)]
    path = write_clip(tmp_path / "x.mp4", times, rate=1, time_base=Fraction(1))
    assert seconds_of(path) == pytest.approx(times)


def test_times_of_a_browsers_recording(tmp_path):
    times = np.cumsum(np.random.default_rng(3).integers(20, 120, 30)) / 1000
    path = write_clip(tmp_path / "x.webm", times - times[0], codec="libvpx", rate=1000,
                      time_base=Fraction(1, 1000), container={"live": "1"},
                      options={"deadline": "realtime", "cpu-used": "8"})
    assert seconds_of(path) == pytest.approx(times - times[0], abs=0.001)


@pytest.mark.parametrize("starts", [0, 3.5, 50_000])
@pytest.mark.parametrize("sound", [0, 2])
def test_times_of_a_broadcast_begin_at_0(tmp_path, starts, sound):
    path = write_clip(tmp_path / "x.ts", at_rate(30), starts=starts, sound=sound)
    assert seconds_of(path) == pytest.approx(at_rate(30), abs=0.001)


def test_a_picture_that_begins_after_its_sound_keeps_its_time(tmp_path):
    late = [0.5 + seconds for seconds in at_rate(20)]
    path = write_clip(tmp_path / "x.mp4", late, sound=2)
    assert seconds_of(path) == pytest.approx(late, abs=0.001)


def test_a_clock_that_starts_again_goes_on(tmp_path):
    parts = [write_clip(tmp_path / name, at_rate(30), options={"bf": "0"}).read_bytes()
             for name in ("a.ts", "b.ts")]
    (tmp_path / "both.ts").write_bytes(b"".join(parts))
    assert seconds_of(tmp_path / "both.ts") == pytest.approx(at_rate(60), abs=0.001)


def test_a_clock_that_leaps_by_more_than_a_day_goes_on(tmp_path):
    leaps = [seconds + (1e9 if seconds >= 0.5 else 0) for seconds in at_rate(20)]
    path = write_clip(tmp_path / "x.mkv", leaps, codec="mjpeg", pixels="yuvj420p",
                      time_base=Fraction(1, 1000))
    assert seconds_of(path) == pytest.approx(at_rate(20), abs=0.001)


def test_sound_that_comes_up_in_the_middle_does_not_end_the_picture(tmp_path):
    noise = np.random.default_rng(4).integers(0, 255, (12, 480, 640, 3), dtype=np.uint8)
    options = {"bf": "0", "crf": "1", "preset": "ultrafast"}
    mute, loud = (
        write_clip(tmp_path / f"{sound}.ts", at_rate(len(images)), images, options=options,
                   sound=sound).read_bytes() for sound, images in ((0, noise), (1, noise[:5])))
    (tmp_path / "x.ts").write_bytes(mute + loud + mute)  # more than FFmpeg looks at to find it
    reader = reader_of(tmp_path / "x.ts")
    assert reader.sound is None
    assert len(list(reader)) == 29


def test_frames_that_cannot_be_decoded_are_counted_and_the_others_keep_their_times(tmp_path):
    path = write_clip(tmp_path / "x.avi", at_rate(40), codec="mjpeg", pixels="yuvj420p",
                      time_base=Fraction(1, 20))
    data = bytearray(path.read_bytes())
    position = data.index(b"movi")
    for number in range(40):
        position = data.index(b"00dc", position) + 8
        if number in (10, 11, 30):
            size = int.from_bytes(data[position - 4:position], "little")
            data[position:position + size] = bytes(size)
    path.write_bytes(data)
    reader = reader_of(path)
    frames = [(frame.index, frame.seconds) for frame in reader]
    assert reader.undecodable == 3 and reader.broken is None
    assert [index for index, _ in frames] == [n for n in range(40) if n not in (10, 11, 30)]
    assert [seconds for _, seconds in frames] == pytest.approx([n / 20 for n, _ in frames])


def test_an_end_that_the_decoder_leaves_out_without_an_error_is_said(tmp_path):
    whole = write_clip(tmp_path / "whole.mkv", at_rate(40), codec="libx265",
                       options={"preset": "ultrafast", "x265-params": "log-level=none"})
    with av.open(str(whole)) as source, av.open(str(tmp_path / "x.mkv"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux()):
            if number == 10:
                packet.update(bytes(packet)[:5] + bytes(packet.size - 5))
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    reader = reader_of(tmp_path / "x.mkv")
    frames = list(reader)
    assert len(frames) < 20
    assert reader.broken == f"breaks off after {frames[-1].seconds:.1f} of 2.0 s"


@pytest.mark.parametrize("name", ["x.avi", "x.mkv", "x.mp4"])
def test_a_file_that_breaks_off_says_so(tmp_path, name):
    path = write_clip(tmp_path / name, at_rate(60), codec="mpeg4", time_base=Fraction(1, 20),
                      container={"movflags": "faststart"} if name == "x.mp4" else {})
    path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])
    reader = reader_of(path)
    assert 10 < len(list(reader)) < 50
    assert reader.broken.startswith("breaks off after ")
    assert reader.broken.endswith(" of 3.0 s")


@pytest.mark.parametrize("sound", [1, 3])
def test_a_whole_file_does_not_break_off(tmp_path, sound):
    reader = reader_of(write_clip(tmp_path / "x.mp4", at_rate(40), sound=sound))
    assert len(list(reader)) == 40
    assert reader.broken is None


def test_an_avi_that_counts_in_milliseconds_does_not_break_off(tmp_path):
    path = write_clip(tmp_path / "x.avi", at_rate(20, rate=25), codec="mjpeg", pixels="yuvj420p",
                      time_base=Fraction(1, 1000), rate=25)
    reader = reader_of(path)
    assert len(list(reader)) == 20
    assert reader.broken is None


@pytest.mark.parametrize(("codec", "frames"), [("mpeg4", 2), ("libx264", 3), ("libx264", 0)])
def test_an_avi_whose_frames_are_stored_in_another_order_has_their_times(tmp_path, codec, frames):
    path = write_clip(tmp_path / "x.avi", at_rate(40), codec=codec, time_base=Fraction(1, 20),
                      options={"bf": str(frames)})
    assert seconds_of(path) == pytest.approx(at_rate(40))


@pytest.mark.parametrize("aspect", [Fraction(2), Fraction(1, 2), Fraction(16, 11)])
def test_pixels_become_square(tmp_path, aspect):
    path = write_clip(tmp_path / "x.mp4", at_rate(2), aspect=aspect)
    frame = next(iter(reader_of(path)))
    height, width = frame.gray.shape
    assert width / height == pytest.approx(432 / 240 * aspect, rel=0.01)
    assert frame.image.shape == (height, width, 3)


@pytest.mark.parametrize(("rotation", "mirrored"), [
    (0, ()), (90, ()), (180, ()), (270, ()), (0, (True, False)), (90, (False, True))])
def test_a_turned_or_mirrored_video_comes_upright(tmp_path, rotation, mirrored):
    upright = sample_images()[90]
    axes = [axis for axis, mirror in zip((1, 0), mirrored) if mirror]
    turned = np.rot90(np.flip(upright, axes), -rotation // 90)
    path = write_clip(tmp_path / "x.mp4", at_rate(1), [np.ascontiguousarray(turned)],
                      display=(rotation, *mirrored))
    frame = next(iter(reader_of(path)))
    expected = cv2.cvtColor(upright, cv2.COLOR_RGB2BGR)
    assert frame.image.shape == expected.shape
    assert np.abs(frame.image.astype(int) - expected).mean() < 6
    assert np.abs(frame.gray.astype(int) - cv2.cvtColor(expected, cv2.COLOR_BGR2GRAY)).mean() < 6


def test_frames_do_not_stay_in_the_memory():
    def frames():
        return sum(isinstance(item, av.VideoFrame) for item in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = frames()
        for frame in reader_of(SAMPLE_VIDEO):
            assert frame.gray.any()
        kept = frames() - before
    finally:
        gc.enable()
    assert kept < 10  # of 120


@pytest.mark.parametrize(("codec", "pixels"), [
    ("libx264", "yuv420p"), ("libx264", "yuvj420p"), ("libx264", "yuv444p"),
    ("libx264", "yuv420p10le"), ("ffv1", "gray"), ("ffv1", "bgr0"), ("mjpeg", "yuvj422p")])
def test_the_gray_picture_is_that_of_the_colors(tmp_path, codec, pixels):
    path = write_clip(tmp_path / "x.mkv", at_rate(1), [sample_images()[90]], codec=codec,
                      pixels=pixels)
    frame = next(iter(reader_of(path)))
    expected = cv2.cvtColor(sample_images()[90], cv2.COLOR_RGB2GRAY).astype(int)
    assert np.abs(frame.gray - expected).mean() < 5
    assert abs((frame.gray - expected).mean()) < 1.5
    assert np.abs(frame.gray.astype(int)
                  - cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY)).mean() < 2


@pytest.mark.parametrize("kind", [
    {"transfer": "pq", "primaries": BT2020},
    {"transfer": "hlg", "primaries": BT2020, "pixels": "yuv422p10le"},
    {"transfer": "bt2020-10", "primaries": BT2020}, {"pixels": "yuv422p10le"},
    {"full": True, "pixels": "yuv420p", "codec": "libx264"},
    {"full": True, "pixels": "yuv422p10le", "codec": "libx264"}], ids=str)
def test_hdr_and_other_colors_look_like_the_ordinary_video(tmp_path, kind):
    images = sample_images()[60:64]
    frames = list(reader_of(write_colors(tmp_path / "x.mov", images, **kind)))
    expected = np.stack(images)[..., ::-1].astype(float)
    gray = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]).astype(float)
    for found, right in ((np.stack([frame.image for frame in frames]), expected),
                         (np.stack([frame.gray for frame in frames]), gray)):
        assert found.mean((0, 1, 2)) == pytest.approx(right.mean((0, 1, 2)), rel=0.12)
        assert found.std() == pytest.approx(right.std(), rel=0.1)
        assert np.abs(found - right).mean() < (10 if "transfer" in kind else 3)


@pytest.mark.parametrize("content", [
    f"ffconcat version 1.0\nfile {SAMPLE_VIDEO}\n",
    f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nfile://{SAMPLE_VIDEO}\n#EXT-X-ENDLIST\n",
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n"], ids=["concat", "hls", "sdp"])
@pytest.mark.parametrize("name", ["x.mp4", "x.m3u8", "x.txt"])
def test_a_playlist_is_refused_whatever_its_name(tmp_path, content, name):
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match="not a playlist"):
        reader_of(tmp_path / name)


@pytest.mark.parametrize("name", ["notes.txt", "notes.nfo", "notes.bin"])
def test_text_is_no_video(tmp_path, name):
    (tmp_path / name).write_text("Somebody's notes, about nothing at all.\n" * 400)
    with pytest.raises(UserError, match="cannot be read as a video"):
        reader_of(tmp_path / name)


def test_sound_without_a_picture_is_refused(tmp_path):
    with av.open(str(tmp_path / "x.mp4"), "w") as output:
        stream = output.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp",
                                           layout="stereo")
        frame.sample_rate = 44100
        output.mux(stream.encode(frame))
        output.mux(stream.encode())
    with pytest.raises(UserError, match="no moving picture"):
        reader_of(tmp_path / "x.mp4")


def test_a_frame_with_too_many_pixels_is_refused(tmp_path):
    path = write_clip(tmp_path / "x.mkv", at_rate(1), [np.zeros((256, 256, 3), np.uint8)],
                      codec="ffv1", pixels="yuv444p")
    data = path.read_bytes()
    for name in (b"\xb0", b"\xba"):  # PixelWidth and PixelHeight become 10,000
        data = data.replace(name + b"\x82\x01\x00", name + b"\x82\x27\x10", 1)
    path.write_bytes(data)
    assert list(reader_of(path)) == []


def test_a_very_wide_frame_is_read(tmp_path):
    path = write_clip(tmp_path / "x.mkv", at_rate(2), [np.full((2, 1000, 3), 90, np.uint8)] * 2,
                      codec="ffv1", pixels="yuv444p")
    assert [frame.gray.shape for frame in reader_of(path)] == [(2, 1000)] * 2


def test_a_sound_that_is_not_read_may_be_longer(tmp_path):
    path = tmp_path / "x.mp4"
    source = write_clip(tmp_path / "source.mp4", at_rate(20), sound=1)
    with av.open(str(source)) as given, av.open(str(path), "w") as output:
        copies = [output.add_stream_from_template(stream) for stream in given.streams]
        longer = output.add_stream("aac", rate=44100)
        for packet in given.demux():
            if packet.size:
                packet.stream = copies[packet.stream_index]
                output.mux(packet)
        write_tone(output, longer, 5, 44100, 0)
    reader = reader_of(path)
    assert len(list(reader)) == 20
    assert reader.sound.index == 1 and reader.broken is None
