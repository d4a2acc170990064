import hashlib
import json
import shutil

import numpy as np

from tests.conftest import MODEL, fails_with, run_main, write_csv, write_ferplus


def test_every_test_image_is_evaluated_once(dataset, tmp_path):
    process = run_main("test_recognizer.py", "--dataset", dataset, "--output", tmp_path)
    assert process.returncode == 0, process.stderr_text
    assert process.stderr_text == ""
    result = json.loads((tmp_path / "evaluation_model_fer2013.json").read_text())
    matrix = np.array(result["confusion_matrix"])
    assert result["images"] == matrix.sum() == 70
    assert result["accuracy"] == np.trace(matrix) / 70
    assert matrix.sum(axis=1).tolist() == [20, 10, 10, 10, 10, 10]
    assert result["split"] == "test"
    assert f"accuracy {result['accuracy']:.2%}" in process.stdout_text
    assert 0 < result["unseen"]["images"] <= 70
    assert (tmp_path / "evaluation_model_fer2013.png").stat().st_size > 10_000


def test_the_result_says_of_which_model_and_data_it_is(dataset, tmp_path):
    process = run_main("test_recognizer.py", "--dataset", dataset, "--output", tmp_path)
    written = tmp_path / "evaluation_model_fer2013"
    assert process.stdout_text.splitlines()[-2:] == [
        f"written: {written}.json {written}.png",
        f"next: python emotion_detector.py --model {MODEL}"]
    result = json.loads(written.with_suffix(".json").read_text())
    assert result["model"] == str(MODEL) and result["dataset"] == str(dataset)
    assert result["model_sha256"] == hashlib.sha256(MODEL.read_bytes()).hexdigest()
    assert len(result["dataset_sha256"]) == 64


def test_an_evaluation_replaces_none_of_another_model_or_data_set(dataset, csv_file, tmp_path):
    models, output = [tmp_path / name / "run" / "best.hdf5" for name in "ab"], tmp_path / "output"
    for model, shipped in zip(models, (MODEL, MODEL.with_name("ferplus.hdf5"))):
        model.parent.mkdir(parents=True)
        shutil.copy(shipped, model)
    first = run_main("test_recognizer.py", "--dataset", dataset, "--output", output, "--model",
                     models[0])
    assert first.returncode == 0, first.stderr_text
    written = output / "evaluation_run_best_fer2013.json"
    before = written.read_bytes()
    line = fails_with("test_recognizer.py", "--dataset", dataset, "--output", output, "--model",
                      models[1])
    assert f"{written}: is of another model or other data" in line
    other = tmp_path / "fer2013"
    run_main("build_dataset.py", "--csv", write_csv(tmp_path / "x.csv", {
        "Training": 20, "PublicTest": 20, "PrivateTest": 20}), "--output", other)
    line = fails_with("test_recognizer.py", "--dataset", other, "--output", output, "--model",
                      models[0])
    assert "give another --name or --output" in line
    assert written.read_bytes() == before
    again = run_main("test_recognizer.py", "--dataset", dataset, "--output", output, "--model",
                     models[0])
    assert again.returncode == 0, again.stderr_text


def test_nothing_that_is_read_is_written_over(dataset, tmp_path):
    model = tmp_path / "model.hdf5"
    shutil.copy(MODEL, model)
    (tmp_path / "evaluation_x.json").symlink_to(model)
    line = fails_with("test_recognizer.py", "--dataset", dataset, "--output", tmp_path, "--model",
                      model, "--name", "x")
    assert "evaluation_x.json: the same as" in line and "which is read" in line
    assert model.read_bytes() == MODEL.read_bytes()


def test_the_validation_split_has_files_of_its_own(dataset, tmp_path):
    process = run_main("test_recognizer.py", "--dataset", dataset, "--output", tmp_path,
                         "--split", "val", "--model", MODEL)
    assert process.returncode == 0, process.stderr_text
    result = json.loads((tmp_path / "evaluation_model_fer2013_val.json").read_text())
    assert result["split"] == "val"


def test_views_and_ferplus_labels(dataset, tmp_path):
    ferplus = write_ferplus(tmp_path / "fer2013new.csv")
    process = run_main("test_recognizer.py", "--dataset", dataset, "--output", tmp_path,
                         "--tta", "shifts", "--ferplus", ferplus)
    assert process.returncode == 0, process.stderr_text
    result = json.loads((tmp_path / "evaluation_model_fer2013_shifts.json").read_text())
    assert result["tta"] == "shifts"
    assert result["votes"]["images"] == result["majority"]["images"] == 63
    assert sum(row["images"] for row in result["majority"]["per_class"].values()) == 63
    assert "more than half of the votes agree: accuracy" in process.stdout_text
    ferplus.write_text("no such thing\n")
    assert "no column" in fails_with("test_recognizer.py", "--dataset", dataset, "--output",
                                     tmp_path, "--ferplus", ferplus)


def test_a_database_of_votes_has_the_fields_measure(csv_file, tmp_path):
    ferplus = write_ferplus(tmp_path / "fer2013new.csv")
    built = run_main("build_dataset.py", "--csv", csv_file, "--ferplus", ferplus, "--output",
                     tmp_path)
    assert built.returncode == 0, built.stderr_text
    process = run_main("test_recognizer.py", "--dataset", tmp_path, "--output", tmp_path)
    assert process.returncode == 0, process.stderr_text
    result = json.loads((tmp_path / f"evaluation_model_{tmp_path.name}.json").read_text())
    assert result["images"] == 63
    assert result["majority"]["accuracy"] == result["accuracy"]
    line = fails_with("test_recognizer.py", "--dataset", tmp_path, "--output", tmp_path,
                      "--ferplus", ferplus)
    assert "test.hdf5: has FER+'s votes in it, found --ferplus; leave it out" in line


def evaluated(dataset, folder, *arguments):
    process = run_main("test_recognizer.py", "--dataset", dataset, "--output", folder,
                       "--split", "val", *arguments)
    assert process.returncode == 0, process.stderr_text
    (path,) = folder.glob("*.json")
    return path.name, json.loads(path.read_text())


def test_the_detectors_runtime_measures_what_keras_does(dataset, tmp_path):
    results = {}
    for name, arguments in {"": (), "_onnx": ("--runtime", "onnx"), "_onnx_int8_flip": (
            "--runtime", "onnx", "--precision", "int8", "--tta", "flip")}.items():
        folder = tmp_path / f"x{name}"
        written, results[name] = evaluated(dataset, folder, *arguments)
        assert written == f"evaluation_model_fer2013_val{name}.json"
    assert abs(results[""]["loss"] - results["_onnx"]["loss"]) < 1e-4
    assert results[""]["confusion_matrix"] == results["_onnx"]["confusion_matrix"]
    int8 = results["_onnx_int8_flip"]
    assert (int8["runtime"], int8["precision"], int8["tta"]) == ("onnx", "int8", "flip")


def test_int8_is_for_the_detectors_runtime():
    assert "--precision int8 needs --runtime onnx" in fails_with(
        "test_recognizer.py", "--precision", "int8")


def test_other_classes_than_the_models(csv_file, tmp_path):
    run_main("build_dataset.py", "--csv", csv_file, "--output", tmp_path, "--classes", 7)
    line = fails_with("test_recognizer.py", "--dataset", tmp_path, "--output", tmp_path)
    assert "has angry, disgust, fear" in line
    assert not list(tmp_path.glob("evaluation*"))


def test_paths_that_are_not_there(dataset, tmp_path):
    assert "no such checkpoint" in fails_with(
        "test_recognizer.py", "--model", tmp_path / "none.hdf5", "--dataset", dataset)
    assert "run build_dataset.py first" in fails_with("test_recognizer.py", "--dataset", tmp_path)
