import json
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import h5py
import numpy as np
import pytest

from config.experiments import EXPERIMENTS
from pipeline.io import checkpoint
from tests.conftest import (
    EPOCHS,
    MODEL,
    ROOT,
    change_record,
    environment,
    fails_with,
    made_once,
    run_main,
    run_script,
    train,
    train_to_the_end,
    training_arguments,
)
from tests.training.fewfilters import few_filters

TRAIN = (sys.executable, "-m", "tests.training.fewfilters")  # a process that does what train does


def arrays(path):
    """Return every array of an HDF5 checkpoint but the record."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]})
                        if isinstance(item, h5py.Dataset) and name != checkpoint.RECORD else None)
    return found


def refused(dataset, folder, *more):
    """Return the one line with which a training must end."""
    with few_filters():
        return fails_with("train_recognizer.py", *training_arguments(dataset, folder, *more))


def copy_of(run, name, folder):
    """Return a checkpoint of a run that a test may change."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes((run / "checkpoints" / name).read_bytes())
    return path


def without_times(curve):
    return {name: values for name, values in curve.items() if name not in ("seconds", "run")}


def curve_of(folder, experiment=4):
    return json.loads((folder / "output" / f"vggnet_emotion_{experiment}.json").read_text())


@pytest.fixture(scope="session")
def distilled_run(dataset, whole_run, averaged_run, tmp_path_factory):
    """The folder of a training that learns from the networks of two others."""
    teachers = [run / "checkpoints" / "best.hdf5" for run in (whole_run, averaged_run)]
    return made_once(tmp_path_factory, "distilled", lambda folder: train_to_the_end(
        dataset, folder, "--experiment", 10, "--teachers", *teachers))


@pytest.fixture(scope="session")
def fine_tuned_run(dataset, averaged_run, tmp_path_factory):
    """The folder of a training that starts from the averaged run's network."""
    return made_once(tmp_path_factory, "fine-tuned", lambda folder: train_to_the_end(
        dataset, folder, "--experiment", "fine-tune", "--pretrained",
        averaged_run / "checkpoints" / "best.hdf5"))


def test_a_run_leaves_its_checkpoints_and_its_curve(whole_run):
    assert sorted(path.name for path in (whole_run / "checkpoints").iterdir()) == [
        "best.hdf5", "epoch_5.hdf5", "epoch_7.hdf5"]
    curve = curve_of(whole_run)
    for name in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"):
        assert len(curve[name]) == EPOCHS
    assert curve["loss"][-1] < curve["loss"][0]
    assert curve["run"]["experiment"] == 4 and curve["run"]["precision"] == "float32"
    assert (whole_run / "output" / "vggnet_emotion_4.png").stat().st_size > 10_000
    record = checkpoint.read_record(whole_run / "checkpoints" / "epoch_7.hdf5")
    assert record["epoch"] == EPOCHS
    assert record["val_accuracy"] == curve["val_accuracy"][-1]
    assert record["class_names"] == ["angry", "fear", "happy", "sad", "surprise", "neutral"]


def require_the_same(folder, whole_run, experiment):
    """Weights and curve of a resumed run must be those of a whole one, bit for bit."""
    for name in ("epoch_7.hdf5", "best.hdf5"):
        found, expected = (arrays(run / "checkpoints" / name) for run in (folder, whole_run))
        assert ("epoch" in name) == any("optimizer" in array for array in expected)
        assert expected.keys() == found.keys()
        assert all(np.array_equal(expected[array], found[array]) for array in expected)
    curves = (without_times(curve_of(run, experiment)) for run in (folder, whole_run))
    assert next(curves) == next(curves)


def start_and_wait(path, *arguments):
    """Start a training and return it when it has written a file."""
    process = subprocess.Popen([*TRAIN, *map(str, arguments)], cwd=ROOT, env=environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not path.exists():
        time.sleep(0.02)
    return process


@pytest.mark.torture
def test_a_run_that_is_stopped_and_killed_ends_with_the_same_weights_bit_for_bit(
        dataset, whole_run, tmp_path):
    checkpoints, curve = tmp_path / "checkpoints", tmp_path / "output" / "vggnet_emotion_4.json"
    process = start_and_wait(checkpoints / "epoch_5.hdf5",
                             *training_arguments(dataset, tmp_path, "--experiment", 4))
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGINT
    assert stderr.count("\n") == 1 and "resume with: python " in stderr
    words = shlex.split(stderr.split("resume with: python ")[1])
    assert words[-4:] == ["--model", str(checkpoints / "epoch_5.hdf5"), "--start_epoch", "5"]

    curve.unlink()
    process = start_and_wait(curve, *words[1:])
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (checkpoints / "epoch_7.hdf5").exists()

    with few_filters():
        process = run_main("train_recognizer.py", *words[1:])
    assert process.returncode == 0, process.stderr_text
    require_the_same(tmp_path, whole_run, experiment=4)


def killed_and_resumed(dataset, folder, *more):
    """Kill a training when its first checkpoint is there, and resume it to its end."""
    saved = folder / "checkpoints" / "epoch_5.hdf5"
    process = start_and_wait(saved, *training_arguments(dataset, folder, *more))
    process.kill()
    process.communicate()
    assert not (folder / "checkpoints" / "epoch_7.hdf5").exists()
    process = train(dataset, folder, "--model", saved, "--start_epoch", 5)
    assert process.returncode == 0, process.stderr_text


@pytest.mark.torture
@pytest.mark.parametrize(("experiment", "run"), [
    (7, "averaged_run"), (10, "distilled_run"), ("fine-tune", "fine_tuned_run")])
def test_a_killed_run_ends_with_the_same_weights_bit_for_bit(
        dataset, tmp_path, request, experiment, run):
    whole = request.getfixturevalue(run)
    was = curve_of(whole, experiment)["run"]
    killed_and_resumed(
        dataset, tmp_path, "--experiment", experiment,
        *(["--teachers", *was["teachers"]] if was["teachers"] else []),
        *(["--pretrained", was["pretrained"]] if "pretrained" in was else []))
    require_the_same(tmp_path, whole, experiment)


@pytest.mark.parametrize(("experiment", "run"), [
    (4, "whole_run"), pytest.param(7, "averaged_run", marks=pytest.mark.torture),
    pytest.param("fine-tune", "fine_tuned_run", marks=pytest.mark.torture)])
def test_a_run_resumes_from_a_checkpoint_to_the_same_weights_bit_for_bit(
        dataset, tmp_path, request, experiment, run):
    whole = request.getfixturevalue(run)
    saved = copy_of(whole, "epoch_5.hdf5", tmp_path / "checkpoints")
    copy_of(whole, "best.hdf5", tmp_path / "checkpoints")  # in case it is an earlier one
    process = train(dataset, tmp_path, "--model", saved, "--start_epoch", 5)
    assert process.returncode == 0, process.stderr_text
    require_the_same(tmp_path, whole, experiment)


def test_the_best_has_the_averaged_weights_that_were_validated(dataset, averaged_run, tmp_path):
    best = averaged_run / "checkpoints" / "best.hdf5"
    process = run_main("test_recognizer.py", "--model", best, "--split", "val", "--dataset",
                         dataset, "--output", tmp_path)
    assert process.returncode == 0, process.stderr_text
    evaluation = json.loads((tmp_path / "evaluation_checkpoints_best_fer2013_val.json").read_text())
    assert evaluation["accuracy"] == pytest.approx(max(curve_of(averaged_run, 7)["val_accuracy"]))
    averaged, trained = (checkpoint.load(averaged_run / "checkpoints" / name)[0].get_weights()
                         for name in ("best.hdf5", "epoch_7.hdf5"))
    assert all(not np.array_equal(*pair) for pair in zip(averaged, trained, strict=True))


def test_teachers_are_for_the_recipe_that_distils(dataset, averaged_run, tmp_path):
    best = averaged_run / "checkpoints" / "best.hdf5"
    for more, message in {
        ("--experiment", 10): "experiment 10 learns from other networks, found no --teachers",
        ("--experiment", 9, "--teachers", best): "experiment 9 learns from no other network",
        ("--experiment", 10, "--teachers", best, tmp_path / "none.hdf5"): "no such teacher",
        ("--experiment", 10, "--teachers", dataset / "val.hdf5"): "without class names",
    }.items():
        assert message in refused(dataset, tmp_path, *more)


def test_fine_tuning_starts_from_the_graph_of_the_network(averaged_run, fine_tuned_run):
    pretrained = averaged_run / "checkpoints" / "best.hdf5"
    record = checkpoint.read_record(fine_tuned_run / "checkpoints" / "epoch_5.hdf5")
    assert record["graph"] == checkpoint.read_record(pretrained)["graph"]
    assert record["pretrained"] == str(pretrained)


def test_fine_tuning_starts_from_the_weights_of_the_network(
        dataset, averaged_run, tmp_path, monkeypatch):
    """At a learning rate of zero they stay."""
    pretrained = averaged_run / "checkpoints" / "best.hdf5"
    monkeypatch.setitem(EXPERIMENTS, "fine-tune", replace(EXPERIMENTS["fine-tune"],
                                                          learning_rates=((1, 0.0),)))
    process = train(dataset, tmp_path, "--experiment", "fine-tune", "--pretrained", pretrained,
                    "--epochs", 2)
    assert process.returncode == 0, process.stderr_text
    before, after = ([np.array(weight) for weight in checkpoint.load(path)[0].trainable_weights]
                     for path in (pretrained, tmp_path / "checkpoints" / "best.hdf5"))
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))


def test_a_pretrained_network_is_for_the_recipe_that_starts_from_it(
        dataset, averaged_run, fine_tuned_run, tmp_path):
    best = averaged_run / "checkpoints" / "best.hdf5"
    model = fine_tuned_run / "checkpoints" / "epoch_5.hdf5"
    for more, message in {
        ("--experiment", "fine-tune"): "starts from a trained network, found no --pretrained",
        ("--experiment", 9, "--pretrained", best): "starts from nothing, found --pretrained; give "
                                                   "--experiment fine-tune or leave it out",
        ("--experiment", "fine-tune", "--pretrained", tmp_path / "none.hdf5"):
            "no such checkpoint",
        ("--experiment", "fine-tune", "--pretrained", dataset / "val.hdf5"): "without class names",
        ("--model", model, "--pretrained", model): f"has pretrained {best}, found --pretrained",
    }.items():
        assert message in refused(dataset, tmp_path, *more)


def test_a_recipe_for_votes_needs_their_database(dataset, tmp_path):
    line = refused(dataset, tmp_path, "--experiment", 25, "--pretrained", MODEL)
    assert "train.hdf5: has ferplus_share None, experiment 25 expects 0.5; build it with" in line


def test_a_cosine_cannot_be_given_another_end(dataset, averaged_run, tmp_path):
    model = averaged_run / "checkpoints" / "epoch_5.hdf5"
    line = refused(dataset, tmp_path, "--model", model, "--epochs", 9)
    assert "planned for 7 epochs, found --epochs 9; give --epochs 7" in line


def test_a_training_must_outlast_its_warm_up(dataset, tmp_path):
    line = refused(dataset, tmp_path, "--experiment", 7, "--epochs", 5)
    assert "experiment 7 warms up for 5 epochs, found --epochs 5; give more" in line


def test_a_running_training_refuses_a_second_one_and_ends_on_sigterm(
        dataset, whole_run, tmp_path):
    saved = copy_of(whole_run, "epoch_5.hdf5", tmp_path)
    arguments = (dataset, tmp_path, "--model", saved, "--epochs", 1000)
    first = start_and_wait(tmp_path / "output" / "vggnet_emotion_4.json",
                           *training_arguments(*arguments))
    line = refused(*arguments)
    assert "another run writes there already" in line
    first.send_signal(signal.SIGTERM)
    _, stderr = first.communicate(timeout=120)
    assert first.returncode == 128 + signal.SIGTERM
    assert stderr.count("\n") == 1 and "stopped; resume with: python " in stderr


def test_the_schedule_sets_the_learning_rate_after_a_resume(dataset, whole_run, tmp_path):
    moved = copy_of(whole_run, "epoch_7.hdf5", tmp_path).rename(tmp_path / "epoch_40.hdf5")
    history = checkpoint.read_record(moved)["history"]
    change_record(moved, epoch=40, epochs=41, history={name: [0.5] * 40 for name in history})
    process = train(dataset, tmp_path, "--model", moved, "--start_epoch", 40, "--epochs", 41)
    assert process.returncode == 0, process.stderr_text
    assert curve_of(tmp_path)["learning_rate"][40] == pytest.approx(1e-4)


def test_arguments_that_contradict_the_checkpoint(dataset, whole_run, tmp_path):
    model = whole_run / "checkpoints" / "epoch_5.hdf5"
    for more, message in {
        ("--model", model, "--start_epoch", 6): "has start_epoch 5, found --start_epoch 6",
        ("--model", model, "--experiment", 6): "give --experiment 4, or start a",
        ("--model", model, "--precision", "mixed_bfloat16"): "has precision float32",
        ("--model", model, "--epochs", 5): "is trained for 5 epochs already",
        ("--model", whole_run / "checkpoints" / "best.hdf5", "--epochs", EPOCHS + 1):
            "has no optimizer state",
        ("--model", tmp_path / "none.hdf5"): "no such checkpoint",
        ("--start_epoch", 5): "--start_epoch needs --model",
        ("--dataset", tmp_path): "no such database; run build_dataset.py first",
    }.items():
        assert message in refused(dataset, tmp_path, *more)


def test_a_checkpoint_of_another_database(csv_file, whole_run, tmp_path):
    run_main("build_dataset.py", "--csv", csv_file, "--output", tmp_path, "--classes", 7)
    model = whole_run / "checkpoints" / "epoch_5.hdf5"
    line = refused(tmp_path, tmp_path, "--model", model)
    assert "was trained with train.hdf5 " in line and "give --dataset the folder of that" in line


@pytest.mark.torture
def test_a_full_disk_leaves_the_last_good_checkpoint_and_curve(dataset, whole_run, tmp_path):
    # A file-size limit stands in for a full disk: 200 kB is enough for the curve alone.
    checkpoints, output = tmp_path / "checkpoints", tmp_path / "output"
    checkpoints.mkdir()
    saved = copy_of(whole_run, "epoch_5.hdf5", checkpoints)
    arguments = training_arguments(dataset, tmp_path, "--model", saved)
    process = subprocess.run(
        ["bash", "-c", 'ulimit -f 200; exec "$@"', "-", *TRAIN, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, env=environment())
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1 and "cannot be written" in process.stderr
    assert saved.read_bytes() == (whole_run / "checkpoints" / "epoch_5.hdf5").read_bytes()
    assert checkpoint.read_record(saved)["epoch"] == 5
    assert not (checkpoints / "epoch_7.hdf5").exists()
    json.loads((output / "vggnet_emotion_4.json").read_text())


def test_a_folder_that_vanishes_is_one_line(dataset, tmp_path):
    curve = tmp_path / "output" / "vggnet_emotion_1.json"

    def vanish():
        while not curve.exists():
            time.sleep(0.02)
        shutil.rmtree(tmp_path / "checkpoints")

    thread = threading.Thread(target=vanish)
    thread.start()
    line = refused(dataset, tmp_path, "--experiment", 1)
    thread.join()
    assert f"no folder {tmp_path / 'checkpoints'}" in line
    assert len(json.loads(curve.read_text())["loss"]) >= 1


def test_a_loss_that_is_no_number_keeps_the_last_good_checkpoint(dataset, whole_run, tmp_path):
    path = copy_of(whole_run, "epoch_5.hdf5", tmp_path)
    with h5py.File(path, "r+") as file:
        file["model_weights"].visititems(
            lambda name, item: item.write_direct(np.full(item.shape, 1e38, item.dtype))
            if name.endswith("kernel") else None)
    change_record(path)
    line = refused(dataset, tmp_path, "--model", path)
    assert "loss became nan in epoch 6; start again with --precision float32" in line
    assert not list((tmp_path / "checkpoints").glob("*.hdf5"))


@pytest.mark.parametrize("script", ["build_dataset.py", "train_recognizer.py",
                                    "test_recognizer.py", "emotion_detector.py"])
def test_help_answers_at_once(script):
    began = time.monotonic()
    process = run_script(script, "--help")
    assert process.returncode == 0 and "python " + script in process.stdout_text
    assert time.monotonic() - began < 3
    listing = f"import sys, runpy; sys.argv = ['x', '--help']\ntry: runpy.run_path({script!r}, " \
              "run_name='__main__')\nexcept SystemExit: print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True,
                             cwd=ROOT).stdout.split()
    assert not {"keras", "tensorflow", "cv2", "matplotlib", "sklearn"} & set(modules)
