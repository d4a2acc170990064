"""A training costs no other one, resumes only what it was, and keeps the epochs that ended."""

import json
import shutil
import signal
from dataclasses import replace
from unittest.mock import patch

import h5py
import keras
import numpy as np
import pytest

from config import emotion_config as config
from config.experiments import EXPERIMENTS
from tests.conftest import fails_with, run_main, train, training_arguments
from tests.training.fewfilters import few_filters


def arrays_of(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]})
                        if isinstance(item, h5py.Dataset) and item.ndim else None)
    return found


def resumed(run, dataset, folder, *more):
    model = run / "checkpoints" / "epoch_5.hdf5"
    return (*training_arguments(dataset, folder), "--model", model, *more)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_training_has_folders_of_its_own_by_default(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(config, "CHECKPOINTS_PATH", tmp_path / "checkpoints")
    monkeypatch.setattr(config, "OUTPUT_PATH", tmp_path / "output")
    name = f"{dataset.name}_4"
    with patch.dict(EXPERIMENTS, {4: replace(EXPERIMENTS[4], filters=4)}):
        process = run_main("train_recognizer.py", "--dataset", dataset, "--experiment", 4,
                           "--epochs", 1)
    assert process.returncode == 0, process.stderr_text
    assert (tmp_path / "checkpoints" / name / "best.hdf5").is_file()
    assert (tmp_path / "output" / name / "vggnet_emotion_4.json").is_file()
    *_, best, curve, following = process.stdout_text.splitlines()
    assert best.startswith("best: epoch 1 of 1, ") and name in best and name in curve
    assert following == (f"next: python test_recognizer.py --model {tmp_path}/checkpoints/{name}/"
                         f"best.hdf5 --split val --dataset {dataset}")


def test_another_trainings_folder_is_refused_or_emptied(dataset, whole_run, tmp_path):
    shutil.copytree(whole_run, tmp_path / "run")
    before = contents(tmp_path / "run")
    arguments = training_arguments(dataset, tmp_path / "run", "--experiment", 1)
    line = fails_with("train_recognizer.py", *arguments)
    assert "has epoch_5.hdf5 of another training" in line and "--overwrite" in line
    with few_filters():  # whose checkpoint lies in another folder
        line = fails_with("train_recognizer.py", *resumed(whole_run, dataset, tmp_path / "run"))
    assert "of another training" in line
    assert contents(tmp_path / "run") == before
    process = train(dataset, tmp_path / "run", "--experiment", 1, "--overwrite")
    assert process.returncode == 0
    assert process.stderr_text.startswith("removed from an earlier training: ")
    assert "epoch_5.hdf5" in process.stderr_text and "best.hdf5" in process.stderr_text


def test_what_is_read_is_not_removed(dataset, whole_run, tmp_path):
    shutil.copytree(whole_run, tmp_path / "run")
    before = contents(tmp_path / "run")
    line = fails_with("train_recognizer.py", *training_arguments(
        dataset, tmp_path / "run", "--overwrite", "--experiment", "fine-tune", "--pretrained",
        tmp_path / "run" / "checkpoints" / "best.hdf5"))
    assert "which is read" in line
    assert contents(tmp_path / "run") == before


@pytest.mark.parametrize(("changes", "name"), [
    ({"l2": 0.5}, "l2"), ({"optimizer": "sgd"}, "optimizer"), ({"architecture": "a.B"}, "architec"),
    ({"rotation_range": 3.0}, "rotation_range"), ({"fc_units": (8,)}, "fc_units"),
])
def test_another_recipe_does_not_resume(dataset, whole_run, tmp_path, changes, name):
    recipe = replace(EXPERIMENTS[4], filters=8)
    with patch.dict(EXPERIMENTS, {4: replace(recipe, **changes)}):
        line = fails_with("train_recognizer.py", *resumed(whole_run, dataset, tmp_path))
        assert f"was trained with {name}" in line and "give the recipe that value back" in line
        EXPERIMENTS[99] = recipe
        line = fails_with("train_recognizer.py", *resumed(whole_run, dataset, tmp_path))
        assert "give --experiment 99" in line


def test_a_recipe_under_another_number_resumes(dataset, whole_run, tmp_path):
    recipe = replace(EXPERIMENTS[4], filters=8)
    with patch.dict(EXPERIMENTS, {4: replace(recipe, l2=0.5), 99: recipe}):
        process = run_main("train_recognizer.py", *resumed(whole_run, dataset, tmp_path,
                                                           "--experiment", 99))
    assert process.returncode == 0, process.stderr_text


def test_another_database_or_batch_size_does_not_resume(dataset, csv_file, whole_run, tmp_path,
                                                        monkeypatch):
    rows = csv_file.read_text()
    (tmp_path / "other.csv").write_text(rows.replace("\n3,", "\n4,", 1))
    run_main("build_dataset.py", "--csv", tmp_path / "other.csv", "--output", tmp_path / "other")
    run_main("build_dataset.py", "--csv", csv_file, "--output", tmp_path / "again")
    with few_filters():
        line = fails_with("train_recognizer.py",
                          *resumed(whole_run, tmp_path / "other", tmp_path / "a"))
        assert "was trained with train.hdf5" in line and "--dataset" in line
        process = run_main("train_recognizer.py",
                           *resumed(whole_run, tmp_path / "again", tmp_path / "b"))
        assert process.returncode == 0, process.stderr_text
        monkeypatch.setattr(config, "BATCH_SIZE", 64)
        line = fails_with("train_recognizer.py", *resumed(whole_run, dataset, tmp_path / "c"))
        assert "was trained with batch_size 128, found 64" in line


class StopIn(keras.callbacks.Callback):
    """Sends this process a signal in the middle of an epoch, counted from 1."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.current == self.epoch:
            signal.raise_signal(signal.SIGTERM)

    def on_epoch_begin(self, epoch, logs=None):
        self.current = epoch + 1


def test_a_stop_keeps_the_last_epoch_that_ended(dataset, averaged_run, tmp_path, monkeypatch):
    fit = keras.Model.fit

    def stopped_fit(model, *arguments, callbacks, **settings):
        return fit(model, *arguments, callbacks=[*callbacks, StopIn(4)], **settings)

    monkeypatch.setattr(keras.Model, "fit", stopped_fit)
    process = train(dataset, tmp_path, "--experiment", 7)
    assert process.returncode == 143
    assert "epoch_3.hdf5 --start_epoch 3" in process.stderr_text
    assert json.loads((tmp_path / "output" / "vggnet_emotion_7.json").read_text())
    monkeypatch.setattr(keras.Model, "fit", fit)
    process = train(dataset, tmp_path, "--model", tmp_path / "checkpoints" / "epoch_3.hdf5")
    assert process.returncode == 0, process.stderr_text
    ours, theirs = (arrays_of(folder / "checkpoints" / "epoch_7.hdf5")
                    for folder in (tmp_path, averaged_run))
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_recipes_are_listed():
    process = run_main("train_recognizer.py", "--list")
    lines = process.stdout_text.splitlines()
    assert len(lines) == len(EXPERIMENTS)
    assert any("71.75%" in line and line.split()[0] == "8" for line in lines)
    process = run_main("train_recognizer.py", "--experiment", "nothing")
    assert process.returncode == 2
    assert "nothing: no such recipe" in process.stderr_text
    assert all(line in process.stderr_text for line in lines)


def test_plots_are_drawn_in_other_formats(dataset, tmp_path):
    process = train(dataset, tmp_path, "--experiment", 1, "--epochs", 1, "--plot", "svg")
    assert process.returncode == 0, process.stderr_text
    assert b"<svg" in (tmp_path / "output" / "vggnet_emotion_1.svg").read_bytes()
    run_main("test_recognizer.py", "--dataset", dataset, "--model",
             tmp_path / "checkpoints" / "best.hdf5", "--output", tmp_path, "--plot", "pdf",
             "--name", "a")
    assert (tmp_path / "evaluation_a.pdf").read_bytes().startswith(b"%PDF")
