"""Databases from folders of pictures."""

import json
import os
import re
import shutil
import signal

import h5py
import numpy as np
import pytest
from PIL import Image

from pipeline.errors import UserError
from pipeline.io import picturesamples
from tests.conftest import (
    MODEL,
    SAMPLE_PICTURE,
    fails_with,
    run_main,
    run_script,
    synthetic_faces,
)

SEVEN = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def write_pictures(folder, count=70, seed=0, words=SEVEN, suffix="png"):
    """Write pictures of synthetic faces to CLASS/NUMBER.png; return the folder."""
    for number, (image, label) in enumerate(zip(*synthetic_faces(count, seed))):
        if label < len(words):
            path = folder / words[label] / f"{number:03d}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
    return folder


def build(images, output, *more):
    process = run_main("build_dataset.py", "--images", images, "--output", output, *more)
    assert process.returncode == 0, process.stderr_text
    return process


def content_of(path):
    """Return the images with their class names, sorted, and the class names of a database."""
    with h5py.File(path) as file:
        names = list(file.attrs["class_names"])
        rows = zip(file["images"][:], file["labels"][:])
        return sorted((names[label], image.tobytes()) for image, label in rows), names


def counts_of(folder):
    """Return {split: {class: number of images}} of the databases in a folder."""
    return {path.stem: {name: sum(row[0] == name for row in rows) for name in names}
            for path in folder.glob("*.hdf5") for rows, names in [content_of(path)]}


def test_the_folders_of_fer2013_give_the_database_of_its_csv(csv_file, dataset, tmp_path):
    words = ("Anger", "disgusted", "fearful", "happiness", "Sadness", "surprised", "neutral")
    for seed, (folder, count) in enumerate({"train": 150, "Validation": 70, "test": 70}.items()):
        write_pictures(tmp_path / "images" / folder, count, seed, words)
    build(tmp_path / "images", tmp_path / "hdf5")
    for name in ("train.hdf5", "val.hdf5", "test.hdf5"):
        assert content_of(tmp_path / "hdf5" / name) == content_of(dataset / name)
    build(tmp_path / "images", tmp_path / "hdf5", "--classes", 7)
    assert content_of(tmp_path / "hdf5" / "val.hdf5")[1] == list(SEVEN)


def test_splits_that_are_not_there_are_drawn_from_every_class(tmp_path):
    images = write_pictures(tmp_path / "images", 280, words=("happy", "bored", "contempt"))
    expected = {"happy": 4, "contempt": 4, "bored": 4}
    build(images, tmp_path / "hdf5")
    counts = counts_of(tmp_path / "hdf5")
    assert counts == {"train": dict.fromkeys(expected, 32), "val": expected, "test": expected}
    again = build(images, tmp_path / "again")
    assert "contempt" in again.stdout_text
    for name in counts:
        assert (content_of(tmp_path / "hdf5" / f"{name}.hdf5")
                == content_of(tmp_path / "again" / f"{name}.hdf5"))


def test_only_what_is_not_given_is_drawn(tmp_path):
    images = write_pictures(tmp_path / "images" / "train", 140).parent
    write_pictures(images / "test", 70, seed=1)
    build(images, tmp_path / "hdf5")
    with h5py.File(tmp_path / "hdf5" / "test.hdf5") as file:
        assert len(file["images"]) == 70
    assert sum(counts_of(tmp_path / "hdf5")["val"].values()) == 14


def test_the_same_pixels_are_in_one_split(tmp_path):
    images = write_pictures(tmp_path / "images", 140, words=("happy", "sad"))
    for path in sorted(images.rglob("*.png")):
        path.with_suffix(".bmp").write_bytes(b"")
        Image.open(path).save(path.with_suffix(".bmp"))
    build(images, tmp_path / "hdf5")
    splits = {name: {pixels for _, pixels in content_of(tmp_path / "hdf5" / f"{name}.hdf5")[0]}
              for name in ("train", "val", "test")}
    assert sum(map(len, splits.values())) == 40
    assert len(set.union(*splits.values())) == 40


def test_a_persons_pictures_are_in_one_split(tmp_path):
    images = tmp_path / "images"
    for number, image in enumerate(synthetic_faces(200)[0]):
        image[0, :2] = number % 20, number
        path = images / ("happy" if number % 40 < 20 else "sad") / f"S{number % 20}_{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    build(images, tmp_path / "hdf5", "--groups", r"^S(\d+)_")
    persons = {}
    for split in ("train", "val", "test"):
        with h5py.File(tmp_path / "hdf5" / f"{split}.hdf5") as file:
            persons[split] = set(file["images"][:, 0, 0])
    assert {split: len(found) for split, found in persons.items()} == {
        "train": 16, "val": 2, "test": 2}
    assert len(set.union(*persons.values())) == 20


def test_files_whose_names_tell_no_person_are_counted(tmp_path):
    images = write_pictures(tmp_path / "images", 70, words=("happy", "sad"))
    process = build(images, tmp_path / "hdf5", "--groups", r"^0(1\d)?")
    assert ("fits all names of files but 18, such as 000.png; each of those counts as a person"
            in process.stderr_text)


def test_a_class_is_the_same_in_other_letters_and_splits_by_their_usual_names(tmp_path):
    images = tmp_path / "images"
    write_pictures(images / "Training", 70, words=("Bored", "ému"))
    write_pictures(images / "PublicTest", 28, 1, words=("bored", "e\u0301mu"))
    write_pictures(images / "TESTING", 28, 2, words=("BORED", "\u00c9MU"))
    write_pictures(images / "__MACOSX" / "train", 70)
    build(images, tmp_path / "hdf5", "--class-names", "BoRed", "ému")
    assert counts_of(tmp_path / "hdf5") == {
        split: {"BoRed": number, "ému": number}
        for split, number in (("train", 10), ("val", 4), ("test", 4))}


def test_pictures_of_any_size_and_format_become_gray_squares(tmp_path):
    for name, suffix, bright in (("happy", "jpg", 0), ("sad", "webp", 5)):
        for number in range(bright, bright + 4):
            image = np.full((96, 120, 3), (200, 100, 50), np.uint8)
            path = tmp_path / "images" / name / f"{number}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image + np.uint8(5 * number)).save(path)
    build(tmp_path / "images", tmp_path / "hdf5")
    with h5py.File(tmp_path / "hdf5" / "train.hdf5") as file:
        assert file["images"].shape == (4, 48, 48)
        assert 120 < file["images"][0].mean() < 145


def test_what_cannot_be_read_is_named_and_skipped(tmp_path):
    images = write_pictures(tmp_path / "images", 70, words=("happy", "sad"))
    (images / "happy" / "broken.png").write_bytes(b"no picture")
    (images / "happy" / "half.png").write_bytes((images / "happy" / "000.png").read_bytes()[:900])
    (images / "happy" / "notes.txt").write_text("no picture either")
    process = build(images, tmp_path / "hdf5")
    assert process.stderr_text.count("\n") == 2
    assert "broken.png: cannot be read as a picture" in process.stderr_text
    assert "half.png: breaks off; skipped" in process.stderr_text
    assert sum(sum(rows.values()) for rows in counts_of(tmp_path / "hdf5").values()) == 20


def test_the_largest_face_is_taken_and_pictures_without_one_are_listed(tmp_path):
    images = write_pictures(tmp_path / "images", 14, words=("happy", "sad"))
    for name in ("happy", "sad"):
        for number in range(6):
            picture = np.asarray(Image.open(SAMPLE_PICTURE).convert("RGB"))
            Image.fromarray(picture // 2 + np.uint8(10 * number)).save(
                images / name / f"face_{number}.png")
    listed = tmp_path / "without.txt"
    process = build(images, tmp_path / "hdf5", "--find-faces", "--left-out", listed)
    assert "left out: 4 pictures without a face" in process.stdout_text
    assert re.findall(r"(\w+/\d+)\.png\n", listed.read_text()) == [
        "happy/000", "happy/007", "sad/001", "sad/008"]
    with h5py.File(tmp_path / "hdf5" / "train.hdf5") as file:
        assert file["images"][:].std() > 20


def test_a_network_is_measured_on_a_set_for_testing_alone(tmp_path):
    images = write_pictures(tmp_path / "images", 80, words=(*SEVEN, "contempt"))
    output = tmp_path / "hdf5"
    process = build(images, output, "--only", "test", "--classes", 6)
    assert sorted(path.name for path in output.iterdir()) == ["test.hdf5"]
    assert sum(counts_of(output)["test"].values()) == 80 and "disgust" not in process.stdout_text
    process = run_main("test_recognizer.py", "--model", MODEL, "--dataset", output, "--output",
                       tmp_path)
    assert process.returncode == 0, process.stderr_text
    result = json.loads((tmp_path / f"evaluation_model_{tmp_path.name}.json").read_text())
    assert result["images"] == 80 and "unseen" not in result


@pytest.mark.parametrize(("make", "message"), [
    (lambda folder: None, "no picture in folders of classes, expected train/CLASS/picture.jpg"),
    (lambda folder: write_pictures(folder, words=("happy",)),
     "1 classes, happy; expected 2 to 256"),
    (lambda folder: write_pictures(folder / "happy").parent.joinpath("sad").mkdir(),
     "angry: a folder in that of a class, expected pictures alone"),
    (lambda folder: (write_pictures(folder / "train", 70, words=("happy", "sad")),
                     write_pictures(folder / "test", words=("happy", "bored"))),
     "no image of bored in the training split; add some"),
    (lambda folder: (write_pictures(folder / "train"), (folder / "sad").mkdir()),
     "sad: a folder beside those of splits, expected train/CLASS/picture.jpg"),
    (lambda folder: ((folder / "train").mkdir(), write_pictures(folder / "test")),
     "no image for train.hdf5: none is given, or"),
    (lambda folder: (write_pictures(folder / "test", words=("happy", "sad")),
                     (folder / "train" / "happy").mkdir(parents=True),
                     (folder / "train" / "happy" / "a.png").write_bytes(b"no picture")),
     "no image for train.hdf5"),
    (lambda folder: write_pictures(folder / "archive" / "train"),
     "--images takes the folder that has train/CLASS/picture.jpg"),
    (lambda folder: shutil.copy(SAMPLE_PICTURE, folder),
     "no picture in folders of classes, expected train/CLASS/picture.jpg"),
    (lambda folder: (write_pictures(folder, words=("happy", "x")), (folder / "x").rename(
        folder / os.fsdecode(b"\xff"))),
     "expected 1 to 64 printable characters"),
    (lambda folder: write_pictures(folder, 8, words=("happy", "sad")),
     "no image for val.hdf5: none is given, or there are too few different"),
    (lambda folder: (write_pictures(folder, words=("happy", "sad")), (folder / "bored").mkdir(),
                     (folder / "bored" / "a.png").write_bytes(b"no picture")),
     "no image of bored in the training split; add some"),
])
def test_folders_that_are_no_data_set_are_one_line(tmp_path, make, message):
    images = tmp_path / "images"
    images.mkdir()
    make(images)
    process = run_main("build_dataset.py", "--images", images, "--output", tmp_path / "hdf5")
    assert process.returncode == 2 and message in process.stderr_text.splitlines()[-1]
    assert not list((tmp_path / "hdf5").glob("*"))


@pytest.mark.parametrize(("more", "message"), [
    (("--groups", "("), "no regular expression"),
    (("--left-out", "left_out.txt"), "--left-out needs --find-faces; give that as well"),
    (("--find-faces", "--left-out", "no/such/folder/left_out.txt"), "no folder no/such"),
    (("--ferplus-share", 0.5), "--ferplus-share needs --ferplus; give that as well"),
    (("--class-names", "a", "b"), "no image of a, b, found angry, disgust, fear, happy, neutral, "
                                  "sad, surprise; give other --class-names"),
    (("--groups", "^person"), "fits no name of a file, such as 000.png"),
    (("--class-names", "happy", "happy"), "expected two different names or more"),
    (("--class-names", "happy", "Joy"), "expected two different names or more, found happy, happy"),
    (("--class-names", "happy", "bored"), "no image of bored in the training split"),
    (("--classes", 8), "no image of contempt in the training split"),
    (("--classes", 6, "--class-names", "happy", "sad"), "leave one of them out"),
    (("--ferplus", MODEL), "--ferplus and --images do not go together"),
])
def test_flags_that_do_not_fit_are_one_line(tmp_path, more, message):
    images = write_pictures(tmp_path / "images")
    process = run_main("build_dataset.py", "--images", images, "--output", tmp_path, *more)
    assert process.returncode == 2 and message in process.stderr_text.splitlines()[-1]
    assert not list(tmp_path.glob("*.hdf5"))


def test_many_pictures_are_read_by_several_processes_in_order(tmp_path):
    images = write_pictures(tmp_path / "images", 560, words=("happy", "sad"))
    process = run_script("build_dataset.py", "--images", images, "--output", tmp_path)
    assert process.returncode == 0, process.stderr_text
    with h5py.File(tmp_path / "train.hdf5") as file:
        assert np.array_equal(file["labels"][:], np.sort(file["labels"][:]))
        assert len(file["images"]) == 128


def test_a_picture_of_the_data_set_is_not_written_over(tmp_path):
    images = write_pictures(tmp_path / "images", words=("happy", "sad"))
    picture = images / "happy" / "000.png"
    content = picture.read_bytes()
    os.link(picture, tmp_path / "list.txt")
    for listed in (picture, tmp_path / "list.txt"):
        process = run_main("build_dataset.py", "--images", images, "--find-faces", "--left-out",
                           listed, "--output", tmp_path / "hdf5")
        assert process.returncode == 2 and "which is read" in process.stderr_text
    assert picture.read_bytes() == content


def test_the_end_names_the_files_and_the_next_command(tmp_path):
    process = build(write_pictures(tmp_path / "images"), tmp_path / "my set", "--only", "test")
    assert process.stdout_text.splitlines()[-2:] == [
        f"written: {tmp_path}/my set/test.hdf5",
        f"next: python test_recognizer.py --dataset '{tmp_path}/my set'"]


def end_the_process(item):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_one_line(monkeypatch):
    monkeypatch.setattr(picturesamples, "available_cores", lambda: 2)
    with pytest.raises(UserError, match=r"^a process that reads pictures was killed; is there"):
        list(picturesamples.in_processes(end_the_process, range(40)))


def test_pictures_without_a_folder(tmp_path):
    assert "no such folder of pictures" in fails_with(
        "build_dataset.py", "--images", tmp_path / "none")
    assert "--groups needs --images" in fails_with(
        "build_dataset.py", "--groups", "a", "--csv", MODEL)
