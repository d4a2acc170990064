import json

import cv2
import keras
import numpy as np
import pytest

from pipeline.callbacks import trainingmonitor
from pipeline.callbacks.epochcheckpoint import EpochCheckpoint
from pipeline.callbacks.trainingmonitor import TrainingMonitor
from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.training.network import compile_for_training, seed_layers
from tests.conftest import record_of

NETWORK = {"width": 8, "height": 8, "depth": 1, "classes": 2, "blocks": 1}
IMAGES = np.random.default_rng(0).random((5, 8, 8, 1), dtype=np.float32)


def network():
    model = EmotionVGGNet.build(**NETWORK)
    compile_for_training(model, "adam", 1e-3)
    return model


def monitor(path, history):
    callback = TrainingMonitor(path, {"title": "a run", "seed": 1}, history)
    callback.set_model(network())
    return callback


def end_epoch(callback, epoch, val_accuracy=0.5):
    callback.on_epoch_begin(epoch)
    callback.on_epoch_end(epoch, {"loss": 1.0, "accuracy": 0.4, "val_loss": 1.1,
                                  "val_accuracy": val_accuracy})


def test_the_curve_is_written_after_each_epoch(tmp_path):
    callback = monitor(tmp_path / "curve", {})
    end_epoch(callback, 0, 0.25)
    assert json.loads((tmp_path / "curve.json").read_text())["val_accuracy"] == [0.25]
    end_epoch(callback, 1, 0.5)
    written = json.loads((tmp_path / "curve.json").read_text())
    assert written["val_accuracy"] == [0.25, 0.5]
    assert written["run"] == {"title": "a run", "seed": 1}
    assert len(written["seconds"]) == 2
    assert cv2.imread(str(tmp_path / "curve.png")).shape[1] > 1000


def test_the_picture_waits_where_epochs_are_short_but_not_at_the_end(tmp_path, monkeypatch):
    drawn, now = [], [0.0]
    monkeypatch.setattr(trainingmonitor, "plot_training",
                        lambda history, title, path: drawn.append(len(history["loss"])))
    monkeypatch.setattr(trainingmonitor.time, "monotonic", lambda: now[0])
    callback = monitor(tmp_path / "curve", {})
    for epoch, now[0] in enumerate((3.0, 6.0, 12.9, 13.0, 15.0)):
        end_epoch(callback, epoch)
    callback.on_train_end()
    assert drawn == [1, 4, 5]


def test_epochs_trained_again_replace_their_earlier_values(tmp_path):
    callback = monitor(tmp_path / "curve", {"val_accuracy": [0.1, 0.2, 0.3, 0.4],
                                            "accuracy": [0.1, 0.2, 0.3, 0.4],
                                            "loss": [4, 3, 2, 1], "val_loss": [4, 3, 2, 1]})
    end_epoch(callback, 2, 0.9)
    written = json.loads((tmp_path / "curve.json").read_text())
    assert written["val_accuracy"] == [0.1, 0.2, 0.9]
    assert written["loss"] == [4, 3, 1.0]


def checkpoints(folder, accuracies, epochs):
    record = record_of(NETWORK, history={"val_accuracy": []})
    callback = EpochCheckpoint(folder, record, every=5, images=IMAGES)
    callback.set_model(network())
    callback.set_params({"epochs": epochs})
    for epoch, accuracy in enumerate(accuracies):
        record["history"]["val_accuracy"].append(accuracy)
        callback.on_epoch_end(epoch)
    return callback


def test_every_fifth_epoch_the_last_and_the_best_are_saved(tmp_path):
    accuracies = [0.1, 0.2, 0.6, 0.3, 0.4, 0.5, 0.6]
    callback = checkpoints(tmp_path, accuracies, epochs=7)
    assert {path.name for path in tmp_path.iterdir()} == {
        "epoch_5.hdf5", "epoch_7.hdf5", "best.hdf5"}
    assert callback.last_saved == tmp_path / "epoch_7.hdf5"
    best = checkpoint.read_record(tmp_path / "best.hdf5")
    assert (best["epoch"], best["val_accuracy"]) == (3, 0.6)
    assert checkpoint.read_onnx(tmp_path / "best.hdf5")[2] == "int8"
    assert checkpoint.read_record(tmp_path / "epoch_5.hdf5")["history"] == {
        "val_accuracy": accuracies[:5]}


def test_the_best_survives_a_resume(tmp_path):
    record = record_of(NETWORK, history={"val_accuracy": [0.1, 0.9, 0.2, 0.3, 0.4, 0.5]})
    callback = EpochCheckpoint(tmp_path, record, every=5, images=IMAGES)
    callback.set_model(network())
    callback.set_params({"epochs": 9})
    callback.on_epoch_end(5)
    assert not list(tmp_path.iterdir())
    record["history"]["val_accuracy"].append(0.95)
    callback.on_epoch_end(6)
    assert checkpoint.read_record(tmp_path / "best.hdf5")["val_accuracy"] == 0.95


@pytest.mark.parametrize("epoch", [0, 7])
def test_dropout_is_a_function_of_seed_and_epoch(epoch):
    def dropout(model):
        return next(layer for layer in model.layers if isinstance(layer, keras.layers.Dropout))

    def masks(seed, before):
        model = network()
        for _ in range(before):
            dropout(model)(np.ones((1, 4)), training=True)
        seed_layers(model, seed, epoch)
        return np.array(dropout(model)(np.ones((100, 4)), training=True))

    assert np.array_equal(masks(1, before=0), masks(1, before=3))
    assert not np.array_equal(masks(1, before=0), masks(2, before=0))


@pytest.mark.parametrize("rate", [0, 0.0])
def test_a_recipe_may_have_no_dropout(rate):
    model = EmotionVGGNet.build(**NETWORK, block_dropout=rate, fc_dropout=rate)
    seed_layers(model, seed=1, epoch=1)
    image = np.ones((1, 8, 8, 1))
    assert np.array_equal(model(image), model(image))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["loss", "val_loss"])
def test_a_loss_that_is_no_number_stops_the_run_before_anything_is_written(tmp_path, name, value):
    callback = monitor(tmp_path / "curve", {})
    callback.on_epoch_begin(6)
    with pytest.raises(UserError, match=rf"^{name} became {value} in epoch 7; start again with"):
        callback.on_epoch_end(6, {"loss": 1.0, "val_loss": 1.0} | {name: value})
    assert not list(tmp_path.iterdir())


def test_the_best_by_loss_is_that_of_the_least(tmp_path):
    record = record_of(NETWORK, history={})
    saver = EpochCheckpoint(tmp_path, record, every=9, images=IMAGES, best_by="val_loss")
    saver.set_model(network())
    saver.set_params({"epochs": 9})
    for epoch, (accuracy, loss) in enumerate(((0.5, 2.0), (0.6, 1.5), (0.7, 1.75))):
        for name, value in (("val_accuracy", accuracy), ("val_loss", loss)):
            record["history"].setdefault(name, []).append(value)
        saver.on_epoch_end(epoch)
    assert checkpoint.read_record(tmp_path / "best.hdf5")["val_accuracy"] == 0.6
