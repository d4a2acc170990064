import cv2
import numpy as np
import pytest

from pipeline.detection.faces.emotionclassifier import EmotionClassifier
from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from tests.conftest import MODEL, record_of


@pytest.fixture(scope="module")
def classifier():
    return EmotionClassifier(MODEL)


def gray_image():
    return np.random.default_rng(0).integers(0, 256, (200, 300), dtype=np.uint8)


def test_the_model_that_ships_knows_six_emotions(classifier):
    assert classifier.class_names == ("angry", "fear", "happy", "sad", "surprise", "neutral")


def test_the_model_that_ships_is_four_bytes_a_parameter_without_optimizer_state():
    model, _ = checkpoint.load(MODEL)
    assert MODEL.stat().st_size < 4.2 * model.count_params()


def test_a_face_is_the_box_shrunk_by_area_and_nothing_else(classifier):
    gray, box = gray_image(), (20, 30, 96, 96)
    model, _ = checkpoint.load(MODEL)
    face = cv2.resize(gray[30:126, 20:116], (48, 48), interpolation=cv2.INTER_AREA)
    expected = model.predict(face[None, ..., None].astype(np.float32) / 255, verbose=0)
    assert np.allclose(classifier.classify(gray, np.array([box])), expected, atol=1e-5)


def test_a_batch_gives_what_its_faces_give_alone(classifier):
    gray = gray_image()
    boxes = np.array([[0, 0, 50, 50], [100, 50, 90, 90], [250, 150, 50, 50], [10, 10, 1, 1]])
    together = classifier.classify(gray, boxes)
    assert together.shape == (4, 6) and np.allclose(together.sum(axis=1), 1, atol=1e-5)
    for box, probabilities in zip(boxes, together):
        assert np.allclose(classifier.classify(gray, box[None]), probabilities, atol=1e-5)


def test_no_face_has_no_probabilities(classifier):
    assert classifier.classify(gray_image(), np.empty((0, 4), int)).shape == (0, 6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"depth": 3}, "expected square gray images"), ({"width": 32}, "expected square gray"),
     ({"classes": 3}, "2 different class names, expected 3")],
)
def test_a_model_that_does_not_fit_is_named(tmp_path, changes, message):
    network = {"width": 48, "height": 48, "depth": 1, "classes": 2, "blocks": 1} | changes
    path = tmp_path / "model.hdf5"
    checkpoint.save(EmotionVGGNet.build(**network), path,
                    record_of(network, class_names=["a", "b"]), include_optimizer=False)
    with pytest.raises(UserError, match=message):
        EmotionClassifier(path)
