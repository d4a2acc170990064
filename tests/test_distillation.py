import numpy as np
import pytest

from pipeline.distillation import teach
from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
from pipeline.io.hdf5datasetwriter import HDF5DatasetWriter
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

CLASS_NAMES = ("a", "b", "c")
COUNT = 50
FEED = {"batch_size": 16, "preprocessor": ImageToArrayPreprocessor(), "memory_limit": 1 << 30}
NETWORK = {"height": 48, "width": 48, "depth": 1, "classes": 3, "blocks": 2, "filters": 4}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (COUNT, 48, 48), dtype=np.uint8)


@pytest.fixture(scope="module")
def database(images, tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "train.hdf5"
    with HDF5DatasetWriter.create(path, 48, {"class_names": CLASS_NAMES}) as writer:
        for number, image in enumerate(images):
            writer.add(image, number % 3)
    return path


@pytest.fixture(scope="module")
def teachers(tmp_path_factory):
    """Two untrained networks and their paths."""
    folder = tmp_path_factory.mktemp("teachers")
    found = []
    for number in range(2):
        model = EmotionVGGNet.build(**NETWORK)
        path = folder / f"{number}.hdf5"
        checkpoint.save(model, path, {"network": NETWORK, "class_names": CLASS_NAMES})
        found.append((model, path))
    return found


def test_targets_become_a_mixture_of_labels_and_of_what_the_teachers_see(
        images, database, teachers):
    views = [view[..., np.newaxis].astype(np.float32) / 255
             for view in (images, images[:, :, ::-1])]
    seen = np.mean([model.predict(view, verbose=0) for model, _ in teachers for view in views],
                   axis=0)
    with HDF5DatasetGenerator(database, shuffle=True, **FEED) as dataset:
        teach(dataset, [path for _, path in teachers], 0.75, **FEED)
        expected = 0.25 * np.eye(3)[np.arange(COUNT) % 3] + 0.75 * seen
        assert np.allclose(dataset.targets, expected, atol=1e-5)
        batch_images, batch_targets = dataset[1]
        for image, target in zip(batch_images, batch_targets, strict=True):
            number = np.abs(views[0] - image).sum(axis=(1, 2, 3)).argmin()
            assert np.array_equal(target, dataset.targets[number])


def test_a_teacher_of_other_classes_is_refused(database, teachers, tmp_path):
    model, _ = teachers[0]
    path = tmp_path / "other.hdf5"
    checkpoint.save(model, path, {"network": NETWORK, "class_names": ("a", "b", "d")})
    with (HDF5DatasetGenerator(database, **FEED) as dataset,
          pytest.raises(UserError, match=r"other\.hdf5 tells apart a, b, d")):
        teach(dataset, [path], 0.5, **FEED)
