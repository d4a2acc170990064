import io
import tempfile

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.io.facesamples import FaceSample, FaceSamples


class FullDisk(io.BytesIO):
    def write(self, content):
        raise OSError(28, "No space left on device")

    def close(self):
        if not self.closed:
            super().close()
            self.write(b"what waits")


def test_images_come_back_in_their_order(tmp_path):
    images = np.arange(3 * 16, dtype=np.uint8).reshape(3, 4, 4)
    with FaceSamples(tmp_path, 4) as samples:
        for image in images:
            samples.add(FaceSample(image, "happy"))
        assert np.array_equal(list(samples.images()), images)


def test_a_full_disk_is_told_with_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda dir: FullDisk())
    with (pytest.raises(UserError, match=f"^{tmp_path}: cannot be written: No space left"),
          FaceSamples(tmp_path, 4) as samples):
        samples.add(FaceSample(np.zeros((4, 4)), "happy"))


def test_a_folder_that_takes_no_file_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot be written: No such file"):
        FaceSamples(tmp_path / "missing", 4)
