from fractions import Fraction

import numpy as np
import pytest

from pipeline.detection.sources import opening
from pipeline.detection.sources.opening import require_size
from pipeline.detection.sources.videoreader import VideoReader
from pipeline.errors import UserError
from tests.detection.clips import at_rate, write_clip


def reader_of(path):
    return VideoReader(f"file:{path}", path.name, network=False)


def test_a_frame_with_too_many_pixels_is_refused(tmp_path):
    path = write_clip(tmp_path / "x.mkv", at_rate(1), [np.zeros((256, 256, 3), np.uint8)],
                      codec="ffv1", pixels="yuv444p")
    data = path.read_bytes()
    for name in (b"\xb0", b"\xba"):  # PixelWidth and PixelHeight become 10,000
        data = data.replace(name + b"\x82\x01\x00", name + b"\x82\x27\x10", 1)
    path.write_bytes(data)
    with pytest.raises(UserError, match="100 million pixels, and the limit is 80 million"):
        reader_of(path)


def test_wide_pixels_count_as_many():
    require_size("x", 7680, 4320, 1)
    for ratio in (Fraction(1, 3), 3):
        with pytest.raises(UserError, match="100 million pixels, and the limit is 80 million"):
            require_size("x", 7680, 4320, ratio)


def test_pixels_that_become_too_wide_in_the_middle_end_the_video(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "MOST_PIXELS", 200_000)
    parts = [write_clip(tmp_path / f"{number}.ts", at_rate(10), aspect=aspect, starts=number / 2,
                        options={"bf": "0"}) for number, aspect in enumerate((None, Fraction(9)))]
    (tmp_path / "x.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    seen = []
    with pytest.raises(UserError, match="frames of 1 million pixels"):
        seen.extend(frame.index for frame in reader_of(tmp_path / "x.ts"))
    assert seen == list(range(10))
