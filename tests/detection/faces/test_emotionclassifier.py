import cv2
import numpy as np
import pytest

from pipeline.detection.faces.emotionclassifier import EmotionClassifier
from pipeline.detection.faces.facedetector import FaceDetector
from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.nn.kerasgraph import graph_of, weights_of
from pipeline.nn.onnxnetwork import measure_ranges
from tests.conftest import CASCADE, MODEL, SAMPLE_PICTURE, change_record, record_of


@pytest.fixture(scope="module", params=["float32", "int8"])
def classifier(request):
    return EmotionClassifier(MODEL, request.param)


def gray_image():
    return np.random.default_rng(0).integers(0, 256, (200, 300), dtype=np.uint8)


def test_the_model_that_ships_knows_six_emotions(classifier):
    assert classifier.class_names == ("angry", "fear", "happy", "sad", "surprise", "neutral")


def test_the_model_that_ships_is_four_bytes_a_parameter_without_optimizer_state():
    model, _ = checkpoint.load(MODEL)
    assert MODEL.stat().st_size < 4.2 * model.count_params()


def face_in(gray):
    face = cv2.resize(gray[30:126, 20:116], (48, 48), interpolation=cv2.INTER_AREA)
    return face[None, ..., None].astype(np.float32) / 255


def test_a_face_is_the_box_shrunk_by_area_averaged_with_its_mirror_image():
    gray, box = gray_image(), (20, 30, 96, 96)
    model, _ = checkpoint.load(MODEL)
    face = face_in(gray)
    expected = (model.predict_on_batch(face) + model.predict_on_batch(face[:, :, ::-1])) / 2
    found = EmotionClassifier(MODEL, "float32").classify(gray, np.array([box]))
    assert np.abs(found - expected).max() < 1e-5


def test_int8_is_close_to_float32():
    gray = cv2.imread(str(SAMPLE_PICTURE), cv2.IMREAD_GRAYSCALE)
    boxes = FaceDetector(CASCADE).detect(gray)
    assert len(boxes)
    int8, float32 = (EmotionClassifier(MODEL, precision) for precision in ("int8", "float32"))
    found = int8.classify(gray, boxes)
    assert 0 < np.abs(found - float32.classify(gray, boxes)).max() < 0.1


def test_a_batch_gives_what_its_faces_give_alone(classifier):
    gray = gray_image()
    boxes = np.array([[0, 0, 50, 50], [100, 50, 90, 90], [250, 150, 50, 50], [10, 10, 1, 1]])
    together = classifier.classify(gray, boxes)
    assert together.shape == (4, 6) and np.allclose(together.sum(axis=1), 1, atol=1e-5)
    assert together.dtype == np.float32
    for box, probabilities in zip(boxes, together):
        assert np.allclose(classifier.classify(gray, box[None]), probabilities, atol=1e-5)


def test_no_face_has_no_probabilities(classifier):
    assert classifier.classify(gray_image(), np.empty((0, 4), int)).shape == (0, 6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"depth": 3}, "expected square gray images"), ({"width": 32}, "expected square gray"),
     ({}, "2 different class names, expected 3")],
)
def test_a_model_that_does_not_fit_is_named(tmp_path, changes, message):
    network = {"width": 48, "height": 48, "depth": 1, "classes": 3, "blocks": 1} | changes
    path = tmp_path / "model.hdf5"
    checkpoint.save(EmotionVGGNet.build(**network), path,
                    record_of(network, class_names=["a", "b", "c"]), include_optimizer=False)
    if not changes:
        change_record(path, class_names=["a", "b"])
    with pytest.raises(UserError, match=message):
        EmotionClassifier(path)


@pytest.mark.parametrize(("precision", "normalization_first", "message"), [
    ("float32", True, "a batch normalization gives no numbers"),
    ("int8", True, "a batch normalization gives no numbers"),
    ("float32", False, "its network gives no numbers"),
])
@pytest.mark.parametrize("value", [-5.0, 3e38])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_weights_that_give_no_numbers_are_named(tmp_path, precision, normalization_first, message,
                                                value):
    network = {"width": 48, "height": 48, "depth": 1, "classes": 2, "blocks": 1, "filters": 2,
               "fc_units": [4], "normalization_first": normalization_first}
    path = tmp_path / "model.hdf5"
    model = EmotionVGGNet.build(**network)
    graph, drawn = graph_of(model), weights_of(model)
    ranges = measure_ranges(graph, drawn, np.zeros((1, 48, 48, 1), np.float32))
    weights = {layer: {name: np.full_like(array, value) for name, array in arrays.items()}
               for layer, arrays in drawn.items()}
    checkpoint.save(model, path, record_of(network, activation_ranges=ranges), weights=weights,
                    include_optimizer=False)
    with pytest.raises(UserError, match=rf"model\.hdf5: .*{message}"):
        EmotionClassifier(path, precision).classify(gray_image(), np.array([[0, 0, 50, 50]]))
