from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from pipeline.detection.outputs import soundtrack
from pipeline.detection.outputs.annotatedvideo import AnnotatedVideo
from pipeline.detection.outputs.videowriter import fitted
from pipeline.detection.runs.plan import Job
from pipeline.detection.sources.framesource import Reading, open_source
from pipeline.errors import UserError
from pipeline.files.folder import Skips
from pipeline.process.ending import StopRequest
from tests.detection.clips import at_rate, loud_spans, sample_images, times_of, write_clip
from tests.detection.colors import BT2020, write_colors

SUFFIXES = [".mp4", ".mov", ".mkv", ".webm", ".avi"]
CODECS = {".webm": "vp9", ".avi": "mjpeg"}


def written(source, target, *, most=None, **reading):
    """Write a clip's frames as they are, as a run would."""
    with (open_source(Job(str(source)), Skips(), StopRequest(), Reading(**reading)) as frames,
          AnnotatedVideo.create(target, frames) as video):
        for number, frame in enumerate(frames, start=1):
            video.write(frame, [])
            if number == most:
                break
    return target


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_codec_pixels_size_and_times(tmp_path, suffix):
    times = [n / 30 for n in range(20)] + [20 / 30 + n / 10 for n in range(20)]
    source = write_clip(tmp_path / "source.mp4", times, rate=30)
    target = written(source, tmp_path / f"x{suffix}")
    with av.open(str(target)) as container:
        video = container.streams.video[0]
        assert video.codec_context.codec.canonical_name == CODECS.get(suffix, "h264")
        assert video.pix_fmt == ("yuvj420p" if suffix == ".avi" else "yuv420p")
        assert (video.width, video.height) == (432, 240)
        assert container.duration / av.time_base == pytest.approx(20 / 30 + 2, abs=0.01)
    assert times_of(target) == pytest.approx(times, abs=0.002)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_colors_are_those_of_the_source(tmp_path, suffix):
    source = write_clip(tmp_path / "source.mp4", at_rate(2), sample_images()[90:],
                        options={"crf": "12"})
    with av.open(str(written(source, tmp_path / f"x{suffix}"))) as container:
        image = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    assert np.abs(image - sample_images()[90]).mean() < 5
    assert np.abs((image - sample_images()[90]).mean(axis=(0, 1))).max() < 4


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_hdr_becomes_bt709(tmp_path, suffix):
    images = sample_images()[60:63]
    source = write_colors(tmp_path / "source.mov", images, transfer="hlg", primaries=BT2020)
    with av.open(str(written(source, tmp_path / f"x{suffix}"))) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.color_primaries, codec.color_trc, codec.colorspace) == (1, 1, 1)
        found = np.stack([frame.to_ndarray(format="rgb24")
                          for frame in container.decode(video=0)]).astype(float)
    expected = np.stack(images).astype(float)
    assert found.mean((0, 1, 2)) == pytest.approx(expected.mean((0, 1, 2)), rel=0.12)
    assert found.std() == pytest.approx(expected.std(), rel=0.12)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_the_index_is_in_front(tmp_path, suffix):
    source = write_clip(tmp_path / "source.mp4", at_rate(80), sound=4)
    content = written(source, tmp_path / f"x{suffix}").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert b"moof" not in content


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_the_cues_are_in_front(tmp_path, suffix):
    source = write_clip(tmp_path / "source.mp4", at_rate(80))
    content = written(source, tmp_path / f"x{suffix}").read_bytes()
    cues, first_cluster = b"\x1c\x53\xbb\x6b", b"\x1f\x43\xb6\x75"
    assert content.rindex(cues) < content.index(first_cluster)


@pytest.mark.parametrize(("name", "codec", "suffix"), [
    *(("source.mp4", "aac", suffix) for suffix in SUFFIXES),
    *(("source.ts", "aac", suffix) for suffix in (".mp4", ".mkv", ".avi")),
    ("source.mov", "pcm_s16le", ".mp4"), ("source.mov", "pcm_s16le", ".mov"),
    ("source.mp4", "libmp3lame", ".webm"), ("source.mp4", "libmp3lame", ".mkv"),
    ("source.mkv", "libopus", ".webm"), ("source.mkv", "libopus", ".avi")])
def test_sound_is_there_and_in_time(tmp_path, name, codec, suffix):
    source = write_clip(tmp_path / name, at_rate(50), sound=2.5, sound_codec=codec,
                        sound_rate=48_000)
    target = written(source, tmp_path / f"x{suffix}")
    expected = [(0, 0.5), (1, 1.5), (2, 2.5)]
    with av.open(str(target)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
    assert np.abs(np.array(loud_spans(target)) - expected).max() < 0.05
    assert times_of(target) == pytest.approx(at_rate(50), abs=0.002)


@pytest.mark.parametrize(("suffix", "codec"), [
    (".mp4", "aac"), (".mov", "aac"), (".mkv", "aac"), (".webm", "opus"), (".avi", "pcm_s16le")])
def test_sound_is_copied_where_the_container_takes_it(tmp_path, suffix, codec):
    source = write_clip(tmp_path / "source.mkv", at_rate(40), sound=2, sound_rate=48_000,
                        sound_codec="libopus" if codec == "opus" else codec)
    target = written(source, tmp_path / f"x{suffix}")
    heard = []
    for path in (source, target):
        with av.open(str(path)) as container:
            assert container.streams.audio[0].codec_context.codec.canonical_name == codec
            heard.append([bytes(packet) for packet in container.demux(audio=0) if packet.size])
    assert heard[1] and {*heard[1]} <= {*heard[0]}
    assert len(heard[1]) >= len(heard[0]) - 2  # what only prepares a decoder may be left out


def test_sound_longer_than_the_picture_is_whole(tmp_path):
    source = write_clip(tmp_path / "source.mp4", at_rate(20), sound=3)
    assert loud_spans(written(source, tmp_path / "x.mp4"))[-1][1] == pytest.approx(2.5, abs=0.05)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sound_that_begins_late_does(tmp_path, suffix):
    source = write_clip(tmp_path / "source.mkv", at_rate(50), sound=1, delay=1.5)
    (begin, end), = loud_spans(written(source, tmp_path / f"x{suffix}"))
    assert (begin, end) == pytest.approx((1.5, 2), abs=0.1)


@pytest.mark.parametrize(("name", "codec", "suffix"), [
    ("source.mp4", "aac", ".avi"), ("source.ts", "libmp3lame", ".webm"),
    ("source.mkv", "pcm_s16le", ".mp4"), ("source.mkv", "aac", ".mkv")])
def test_sound_that_begins_a_little_before_the_picture_stays_in_time(tmp_path, name, codec, suffix):
    late = [0.1 + seconds for seconds in at_rate(40)]
    source = write_clip(tmp_path / name, late, sound=2, sound_codec=codec)
    (_, first), second = loud_spans(written(source, tmp_path / f"x{suffix}"))
    assert (first, *second) == pytest.approx((0.4, 0.9, 1.4), abs=0.012)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".avi"])
def test_sound_that_changes_its_kind_in_the_middle_goes_on(tmp_path, suffix):
    parts = [write_clip(tmp_path / f"{rate}.ts", at_rate(40), sound=2, sound_codec="mp2",
                        sound_rate=rate, starts=starts, options={"bf": "0"})
             for starts, rate in ((0, 48_000), (2, 44_100))]
    (tmp_path / "both.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    spans = loud_spans(written(tmp_path / "both.ts", tmp_path / f"x{suffix}"))
    assert np.allclose(spans, [(0, 0.5), (1, 1.5), (2, 2.5), (3, 3.5)], atol=0.03)


@pytest.mark.parametrize("rate", [192_000, 37_800])
def test_a_rate_that_the_codec_does_not_take_becomes_another(tmp_path, rate):
    source = write_clip(tmp_path / "source.mkv", at_rate(40), sound=2, sound_codec="pcm_s16le",
                        sound_rate=rate)
    path = written(source, tmp_path / "x.mp4")
    with av.open(str(path)) as video:
        assert video.streams.audio[0].codec_context.sample_rate == 48_000
    assert np.allclose(loud_spans(path), [(0, 0.5), (1, 1.5)], atol=0.1)


def test_sound_ends_with_the_picture_where_that_is_stopped(tmp_path):
    source = write_clip(tmp_path / "source.mp4", at_rate(100), sound=5, options={"bf": "0"})
    target = written(source, tmp_path / "x.mp4", most=30)
    assert loud_spans(target)[-1][1] == pytest.approx(1.5, abs=0.1)


def test_some_frames_only_keep_their_times(tmp_path):
    source = write_clip(tmp_path / "source.mp4", at_rate(40), sound=2)
    for suffix in SUFFIXES:
        target = written(source, tmp_path / f"x{suffix}", every=4)
        assert times_of(target) == pytest.approx(at_rate(40)[::4], abs=0.002)
        assert len(loud_spans(target)) == 2


@pytest.mark.parametrize(("suffix", "size"), [
    *((suffix, (239, 431)) for suffix in SUFFIXES), (".mp4", (1, 1)), (".mkv", (2, 1000)),
    (".webm", (1, 1)), (".avi", (333, 17))])
def test_odd_and_extreme_sizes(tmp_path, suffix, size):
    image = np.ascontiguousarray(cv2.resize(sample_images()[90], size[::-1]))
    source = write_clip(tmp_path / "source.mkv", at_rate(3), [image] * 3, codec="ffv1",
                        pixels="yuv444p")
    with av.open(str(written(source, tmp_path / f"x{suffix}"))) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 3
    assert (frames[0].height, frames[0].width) == tuple(side + side % 2 for side in size)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_frame_of_very_many(tmp_path, suffix):
    source = write_clip(tmp_path / "source.mp4", at_rate(3))
    assert times_of(written(source, tmp_path / f"x{suffix}", every=10**9)) == [0]


def test_one_frame(tmp_path):
    source = write_clip(tmp_path / "source.mp4", [0])
    assert times_of(written(source, tmp_path / "x.mp4")) == [0]


def test_a_size_that_changes_is_fitted_into_the_first(tmp_path):
    large = [cv2.resize(image, (640, 640)) for image in sample_images()[90:100]]
    parts = [write_clip(tmp_path / "a.ts", at_rate(10), sample_images()[90:]),
             write_clip(tmp_path / "b.ts", at_rate(10), large, starts=0.5)]
    (tmp_path / "both.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    with av.open(str(written(tmp_path / "both.ts", tmp_path / "x.mp4"))) as container:
        images = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(images) == 20
    assert {image.shape for image in images} == {(240, 432, 3)}
    assert images[-1][:, :90].mean() < 3 and images[-1][:, 100:330].mean() > 20


def test_a_picture_fits_in_its_proportions():
    canvas = fitted(np.full((100, 100, 3), 255, np.uint8), (60, 30))
    assert canvas.shape == (30, 60, 3)
    assert canvas[:, 15:45].min() == 255 and canvas[:, :15].max() == canvas[:, 45:].max() == 0


def test_square_pixels_are_written(tmp_path):
    source = write_clip(tmp_path / "source.mp4", at_rate(3), aspect=Fraction(2))
    with av.open(str(written(source, tmp_path / "x.mp4"))) as container:
        video = container.streams.video[0]
        assert (video.width, video.height, video.sample_aspect_ratio) == (864, 240, 1)


def test_what_is_finished_stays_if_the_run_fails(tmp_path):
    source = write_clip(tmp_path / "source.mp4", at_rate(40), sound=2)
    target = tmp_path / "x.mp4"
    with (open_source(Job(str(source)), Skips(), StopRequest(), Reading()) as frames,
          pytest.raises(KeyboardInterrupt), AnnotatedVideo.create(target, frames) as video):
        for number, frame in enumerate(frames):
            if number == 15:
                raise KeyboardInterrupt
            video.write(frame, [])
    assert times_of(target) == pytest.approx(at_rate(15), abs=0.002)
    assert {path.name for path in tmp_path.iterdir()} == {"source.mp4", "x.mp4"}


def test_a_suffix_without_a_codec_is_refused(tmp_path):
    with (pytest.raises(UserError, match="no codec for this suffix"),
          AnnotatedVideo.create(tmp_path / "x.txt", None)):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("longest", "spans"), [
    (600, [(0, 0.5), (1, 1.5), (2.5, 3)]), (0.4, [(0, 0.5), (1, 1.5)])])
def test_a_pause_of_encoded_sound_is_silence_and_after_a_very_long_one_no_sound_follows(
        tmp_path, monkeypatch, longest, spans):
    monkeypatch.setattr(soundtrack, "LONGEST_SILENCE", longest)
    source = write_clip(tmp_path / "source.mkv", at_rate(2), sound=3, sound_codec="pcm_s16le")
    with av.open(str(source)) as given, av.open(str(tmp_path / "x.avi"), "w") as output:
        sound = soundtrack.EncodedSound(output, "pcm_s16le", given.streams.audio[0])
        for packet in given.demux(given.streams.audio[0]):
            if packet.size:
                seconds = float(packet.pts * packet.time_base)
                sound.write(packet, seconds + 0.5 * (seconds > 1.9))
        sound.close()
    assert np.allclose(loud_spans(tmp_path / "x.avi"), spans, atol=0.03)
