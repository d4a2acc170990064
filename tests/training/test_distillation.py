import h5py
import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.training.data import teach
from tests.conftest import record_of

NETWORK = {"height": 48, "width": 48, "depth": 1, "classes": 6, "blocks": 2, "filters": 4}


def save_teacher(path, class_names):
    """Save an untrained network and return it."""
    model = EmotionVGGNet.build(**NETWORK)
    checkpoint.save(model, path, record_of(NETWORK, class_names=class_names))
    return model


def test_targets_become_a_mixture_of_labels_and_of_what_the_teachers_see(dataset, tmp_path):
    database = dataset / "train.hdf5"
    with h5py.File(database) as file:
        images = file["images"][:][..., np.newaxis].astype(np.float32) / 255
        labels, class_names = file["labels"][:], list(file.attrs["class_names"])
    paths = [tmp_path / "first.hdf5", tmp_path / "second.hdf5"]
    teachers = [save_teacher(path, class_names) for path in paths]
    seen = np.mean([model.predict(view, verbose=0) for model in teachers
                    for view in (images, images[:, :, ::-1])], axis=0)
    with HDF5DatasetGenerator(database, 16, seed=0) as training:
        teach(training, paths, 0.75)
        assert np.allclose(training.targets, 0.25 * np.eye(6)[labels] + 0.75 * seen, atol=1e-5)
        for image, target in zip(*training[1], strict=True):
            number = np.abs(images - image).sum(axis=(1, 2, 3)).argmin()
            assert np.array_equal(target, training.targets[number])


def test_a_teacher_of_other_classes_is_refused(dataset, tmp_path):
    path = tmp_path / "other.hdf5"
    save_teacher(path, list("abcdef"))
    with (HDF5DatasetGenerator(dataset / "train.hdf5", 16) as training,
          pytest.raises(UserError, match=r"other\.hdf5 tells apart a, b, c, d, e, f")):
        teach(training, [path], 0.5)
