import h5py
import keras
import numpy as np

from pipeline.io import checkpoint
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.training.network import compile_for_training
from tests.conftest import fails_with, record_of, run_main

NETWORK = {"width": 48, "height": 48, "depth": 1, "classes": 6, "blocks": 2, "filters": 4,
           "fc_units": [5], "global_pooling": False}


def saved(path, include_optimizer=False, **changes):
    keras.utils.set_random_seed(0)
    network = NETWORK | changes
    model = EmotionVGGNet.build(**network)
    compile_for_training(model, "adam", 0.01)
    model.optimizer.build(model.trainable_variables)
    checkpoint.save(model, path, record_of(network), include_optimizer=include_optimizer)
    return model


def quantize(path, dataset):
    process = run_main("pipeline.quantize", "--model", path, "--dataset", dataset)
    assert process.returncode == 0, process.stderr_text
    assert process.stderr_text == "" and str(path) in process.stdout_text


def test_the_record_gets_ranges_and_nothing_else_changes(tmp_path, dataset):
    path = tmp_path / "model.hdf5"
    model = saved(path, include_optimizer=True)
    before, weights = checkpoint.read(path)
    for _ in range(2):  # a second time takes the place of the first
        quantize(path, dataset)
    record, same_weights = checkpoint.read(path)
    ranges = record.pop("activation_ranges")
    assert record == before
    assert checkpoint.read_onnx(path)[2] == "int8"
    assert all(lowest <= highest for lowest, highest in ranges.values())
    assert ranges["input_layer"][1] == 1  # the faces have white squares
    for name, arrays in weights.items():
        assert all(np.array_equal(arrays[array], same_weights[name][array]) for array in arrays)
    checkpoint.restore(model, path)
    assert keras.saving.load_model(path, compile=False).count_params() == model.count_params()
    assert list(tmp_path.iterdir()) == [path]


def test_ranges_are_the_least_and_greatest_activations(tmp_path, dataset):
    path = tmp_path / "model.hdf5"
    model = saved(path)
    quantize(path, dataset)
    ranges = checkpoint.read_record(path)["activation_ranges"]
    with h5py.File(dataset / "train.hdf5") as file:
        images = file["images"][:][..., np.newaxis] / np.float32(255)
    normalized = keras.Model(model.input, model.get_layer("fc1_normalization").output)
    outputs = normalized.predict(images, verbose=0)
    assert np.allclose(ranges["fc1_normalization"], [outputs.min(), outputs.max()], atol=1e-4)


def test_what_does_not_fit_is_one_line(tmp_path, dataset):
    path = tmp_path / "model.hdf5"
    saved(path, width=32)
    content = path.read_bytes()
    assert "expected (48, 32)" in fails_with("pipeline.quantize", "--model", path,
                                                "--dataset", dataset)
    assert "run build_dataset.py" in fails_with("pipeline.quantize", "--model", path,
                                                "--dataset", tmp_path)
    assert path.read_bytes() == content
