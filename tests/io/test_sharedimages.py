import numpy as np

from pipeline.io.hdf5datasetwriter import HDF5DatasetWriter
from pipeline.io.sharedimages import also_in


def test_images_with_the_very_same_pixels_are_found(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (300, 8, 8), dtype=np.uint8)
    for name, rows in (("a", images[:200]), ("b", images[150:])):
        with HDF5DatasetWriter.create(tmp_path / name, 8, {"class_names": ["x"]}) as writer:
            for image in rows:
                writer.add(image, 0)
    found = also_in(tmp_path / "b", tmp_path / "a")
    assert found.tolist() == [True] * 50 + [False] * 100
