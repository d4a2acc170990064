import json
import shlex
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

from pipeline.io import checkpoint
from tests.conftest import (
    ROOT,
    change_record,
    environment,
    fails_with,
    run_script,
    start_script,
)

EPOCHS = 7


def arguments(dataset, folder, *more):
    return ("--dataset", dataset, "--checkpoints", folder / "checkpoints", "--output",
            folder / "output", "--epochs", EPOCHS, *more)


def arrays(path):
    """Return every array of an HDF5 checkpoint but the record."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]})
                        if isinstance(item, h5py.Dataset) and name != checkpoint.RECORD else None)
    return found


def train_to_the_end(dataset, folder, experiment, *more):
    process = run_script("train_recognizer.py",
                         *arguments(dataset, folder, "--experiment", experiment, *more))
    assert process.returncode == 0, process.stderr_text
    assert process.stderr_text == ""
    return folder


@pytest.fixture(scope="module")
def whole_run(dataset, tmp_path_factory):
    """The folder of a training of seven epochs that was never stopped."""
    return train_to_the_end(dataset, tmp_path_factory.mktemp("whole"), 4)


@pytest.fixture(scope="module")
def averaged_run(dataset, tmp_path_factory):
    """The same by a recipe with a cosine, mixup and averaged weights."""
    return train_to_the_end(dataset, tmp_path_factory.mktemp("averaged"), 7)


@pytest.fixture(scope="module")
def distilled_run(dataset, whole_run, averaged_run, tmp_path_factory):
    """The same by a recipe that learns from the two networks above."""
    return train_to_the_end(dataset, tmp_path_factory.mktemp("distilled"), 10, "--teachers",
                            *(run / "checkpoints" / "best.hdf5"
                              for run in (whole_run, averaged_run)))


@pytest.fixture(scope="module")
def fine_tuned_run(dataset, averaged_run, tmp_path_factory):
    """The same from one of the networks above."""
    return train_to_the_end(dataset, tmp_path_factory.mktemp("fine-tuned"), "fine-tune",
                            "--pretrained", averaged_run / "checkpoints" / "best.hdf5")


def without_times(curve):
    return {name: values for name, values in curve.items() if name not in ("seconds", "run")}


def curve_of(folder, experiment=4):
    return json.loads((folder / "output" / f"vggnet_emotion_{experiment}.json").read_text())


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


@pytest.mark.parametrize(("experiment", "run"), [
    (4, "whole_run"), (7, "averaged_run"), (10, "distilled_run"), ("fine-tune", "fine_tuned_run")])
def test_a_killed_run_resumes_to_the_same_weights_bit_for_bit(
        dataset, tmp_path, request, experiment, run):
    whole_run = request.getfixturevalue(run)
    run = curve_of(whole_run, experiment)["run"]
    process = start_script("train_recognizer.py", *arguments(
        dataset, tmp_path, "--experiment", experiment,
        *(["--teachers", *run["teachers"]] if run["teachers"] else []),
        *(["--pretrained", run["pretrained"]] if "pretrained" in run else [])))
    saved = tmp_path / "checkpoints" / "epoch_5.hdf5"
    while process.poll() is None and not saved.exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.communicate()
    assert not (tmp_path / "checkpoints" / "epoch_7.hdf5").exists()

    resumed = run_script("train_recognizer.py", *arguments(
        dataset, tmp_path, "--model", saved, "--start_epoch", 5))
    assert resumed.returncode == 0, resumed.stderr_text
    for name in ("epoch_7.hdf5", "best.hdf5"):
        expected = arrays(whole_run / "checkpoints" / name)
        found = arrays(tmp_path / "checkpoints" / name)
        assert ("epoch" in name) == any("optimizer" in array for array in expected)
        assert expected.keys() == found.keys()
        assert all(np.array_equal(expected[array], found[array]) for array in expected)
    curves = (without_times(curve_of(folder, experiment)) for folder in (tmp_path, whole_run))
    assert next(curves) == next(curves)


def test_the_best_has_the_averaged_weights_that_were_validated(dataset, averaged_run, tmp_path):
    best = averaged_run / "checkpoints" / "best.hdf5"
    process = run_script("test_recognizer.py", "--model", best, "--split", "val", "--dataset",
                         dataset, "--output", tmp_path)
    assert process.returncode == 0, process.stderr_text
    evaluation = json.loads((tmp_path / "evaluation_best_val.json").read_text())
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
        assert message in fails_with("train_recognizer.py", *arguments(dataset, tmp_path, *more))


def test_fine_tuning_starts_from_the_network_and_its_arguments(averaged_run, fine_tuned_run):
    pretrained = averaged_run / "checkpoints" / "best.hdf5"
    record = checkpoint.read_record(fine_tuned_run / "checkpoints" / "epoch_5.hdf5")
    assert record["network"] == checkpoint.read_record(pretrained)["network"]
    assert record["pretrained"] == str(pretrained)
    first, whole = (curve_of(*run)["accuracy"]
                    for run in ((fine_tuned_run, "fine-tune"), (averaged_run, 7)))
    assert first[0] > whole[0]


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
        ("--model", model, "--pretrained", model): f"started from {best}, found --pretrained",
    }.items():
        assert message in fails_with("train_recognizer.py", *arguments(dataset, tmp_path, *more))


def test_a_recipe_for_votes_needs_their_database(dataset, tmp_path):
    line = fails_with("train_recognizer.py", *arguments(dataset, tmp_path, "--experiment", 23))
    assert "train.hdf5: has ferplus_share None, experiment 23 expects 0.5; build it with" in line


def test_a_cosine_cannot_be_given_another_end(dataset, averaged_run, tmp_path):
    model = averaged_run / "checkpoints" / "epoch_5.hdf5"
    line = fails_with("train_recognizer.py", *arguments(
        dataset, tmp_path, "--model", model, "--epochs", 9))
    assert "planned for 7 epochs, found --epochs 9; give --epochs 7" in line


def test_a_training_must_outlast_its_warm_up(dataset, tmp_path):
    line = fails_with("train_recognizer.py", *arguments(
        dataset, tmp_path, "--experiment", 7, "--epochs", 5))
    assert "experiment 7 warms up for 5 epochs, found --epochs 5; give more" in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_how_to_resume_and_that_command_works(dataset, tmp_path, number):
    process = start_script("train_recognizer.py",
                           *arguments(dataset, tmp_path, "--experiment", 4))
    while process.poll() is None and not (tmp_path / "checkpoints" / "epoch_5.hdf5").exists():
        time.sleep(0.02)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert stderr.count("\n") == 1 and "resume with: python " in stderr
    words = shlex.split(stderr.split("resume with: python ")[1])
    assert words[-4:] == ["--model", str(tmp_path / "checkpoints" / "epoch_5.hdf5"),
                          "--start_epoch", "5"]
    if number == signal.SIGINT:
        process = run_script(words[0], *words[1:], cwd=ROOT)
        assert process.returncode == 0, process.stderr_text
        assert len(curve_of(tmp_path)["loss"]) == EPOCHS


def test_the_schedule_sets_the_learning_rate_after_a_resume(dataset, whole_run, tmp_path):
    model = whole_run / "checkpoints" / "epoch_7.hdf5"
    moved = tmp_path / "epoch_40.hdf5"
    moved.write_bytes(model.read_bytes())
    history = checkpoint.read_record(moved)["history"]
    change_record(moved, epoch=40, history={name: [0.5] * 40 for name in history})
    process = run_script("train_recognizer.py", *arguments(
        dataset, tmp_path, "--model", moved, "--start_epoch", 40, "--epochs", 41))
    assert process.returncode == 0, process.stderr_text
    assert curve_of(tmp_path)["learning_rate"][40] == pytest.approx(1e-4)


def test_arguments_that_contradict_the_checkpoint(dataset, whole_run, tmp_path):
    model = whole_run / "checkpoints" / "epoch_5.hdf5"
    for more, message in {
        ("--model", model, "--start_epoch", 6): "has epoch 5, found --start_epoch 6",
        ("--model", model, "--experiment", 6): "has experiment 4, found --experiment 6",
        ("--model", model, "--precision", "mixed_bfloat16"): "has precision float32",
        ("--model", model, "--epochs", 5): "is trained for 5 epochs already",
        ("--model", whole_run / "checkpoints" / "best.hdf5", "--epochs", EPOCHS + 1):
            "has no optimizer state",
        ("--model", tmp_path / "none.hdf5"): "no such checkpoint",
        ("--start_epoch", 5): "--start_epoch needs --model",
        ("--dataset", tmp_path): "no such database; run build_dataset.py first",
    }.items():
        assert message in fails_with("train_recognizer.py", *arguments(dataset, tmp_path, *more))


def test_a_checkpoint_of_other_classes(csv_file, whole_run, tmp_path):
    run_script("build_dataset.py", "--csv", csv_file, "--output", tmp_path, "--classes", 7)
    model = whole_run / "checkpoints" / "epoch_5.hdf5"
    line = fails_with("train_recognizer.py", *arguments(tmp_path, tmp_path, "--model", model))
    assert "train.hdf5 has angry, disgust, fear" in line and "--classes 6" in line


def test_a_checkpoint_of_another_network(dataset, whole_run, tmp_path):
    path = tmp_path / "epoch_5.hdf5"
    path.write_bytes((whole_run / "checkpoints" / "epoch_5.hdf5").read_bytes())
    change_record(path, experiment=6)
    line = fails_with("train_recognizer.py", *arguments(dataset, tmp_path, "--model", path))
    assert "of another network" in line


def test_a_second_training_of_the_same_output_is_refused(dataset, tmp_path):
    first = start_script("train_recognizer.py", *arguments(dataset, tmp_path, "--experiment", 1))
    lock = tmp_path / "checkpoints" / ".training.lock"
    while first.poll() is None and not (lock.exists()):
        time.sleep(0.02)
    line = fails_with("train_recognizer.py", *arguments(dataset, tmp_path, "--experiment", 1))
    first.kill()
    first.communicate()
    assert "another run writes there already" in line


def test_a_full_disk_leaves_the_last_good_checkpoint_and_curve(dataset, whole_run, tmp_path):
    # A file-size limit stands in for a full disk: 1 MB is enough for the curve alone.
    checkpoints, output = tmp_path / "checkpoints", tmp_path / "output"
    checkpoints.mkdir()
    saved = checkpoints / "epoch_5.hdf5"
    saved.write_bytes((whole_run / "checkpoints" / "epoch_5.hdf5").read_bytes())
    process = subprocess.run(
        ["bash", "-c", 'ulimit -f 1000; exec "$@"', "-", sys.executable,
         ROOT / "train_recognizer.py", *map(str, arguments(dataset, tmp_path, "--model", saved))],
        capture_output=True, text=True, env=environment())
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1 and "cannot be written" in process.stderr
    assert saved.read_bytes() == (whole_run / "checkpoints" / "epoch_5.hdf5").read_bytes()
    assert checkpoint.read_record(saved)["epoch"] == 5
    assert not (checkpoints / "epoch_7.hdf5").exists()
    json.loads((output / "vggnet_emotion_4.json").read_text())


def test_a_folder_that_vanishes_is_one_line(dataset, tmp_path):
    process = start_script("train_recognizer.py", *arguments(dataset, tmp_path, "--experiment", 1))
    curve = tmp_path / "output" / "vggnet_emotion_1.json"
    while process.poll() is None and not curve.exists():
        time.sleep(0.02)
    shutil.rmtree(tmp_path / "checkpoints")
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 2
    assert stderr.count("\n") == 1 and f"no folder {tmp_path / 'checkpoints'}" in stderr
    assert len(json.loads(curve.read_text())["loss"]) >= 1


def test_a_loss_that_is_no_number_keeps_the_last_good_checkpoint(dataset, whole_run, tmp_path):
    path = tmp_path / "epoch_5.hdf5"
    path.write_bytes((whole_run / "checkpoints" / "epoch_5.hdf5").read_bytes())
    with h5py.File(path, "r+") as file:
        file["model_weights"].visititems(
            lambda name, item: item.write_direct(np.full(item.shape, 1e38, item.dtype))
            if name.endswith("kernel") else None)
    change_record(path)
    line = fails_with("train_recognizer.py", *arguments(dataset, tmp_path, "--model", path))
    assert f"loss became nan in epoch 6; the last good checkpoint is {path}" in line
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
