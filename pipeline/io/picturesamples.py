"""Reads the pictures of a data set, in folders of classes, as FaceSamples."""

import hashlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import cv2

from pipeline.errors import UserError
from pipeline.files.folder import Skips, files_below
from pipeline.io.facesamples import FaceSample, known_name
from pipeline.io.picturefile import PICTURE_SUFFIXES, read_picture
from pipeline.process.imports import available_cores
from pipeline.process.terminal import notice, track

LAYOUT = "train/CLASS/picture.jpg, with or without test and val, or CLASS/picture.jpg"
LEFT_OVER = "__MACOSX"  # a folder that macOS adds to archives
TOGETHER = 16  # pictures that a process gets at a time; with fewer than two of these none starts


class PictureSamples:
    """Iterates over the FaceSamples of a folder, in the order of their paths.

    The folder contains folders of classes, or folders of splits that contain them. words: as
    known_name takes them. split_folders: {name of a folder, in small letters: split}. find_face:
    as read_face takes it; it is sent to other processes. groups: a regular expression; what its
    first group, or all of it, matches in the name of a file is the group of the sample.
    pictures: {path: its FaceSample, without image}. After the last one without_face has the paths
    of those without a face, and sha256 is the digest of all images with their classes, in any
    order. Raises UserError if the layout is another, or groups matches no name.
    """

    def __init__(self, folder, image_size, *, words, split_folders, find_face=None, groups=None):
        self.path = Path(folder)
        self.words = words
        self.groups = groups
        self.without_face = []
        self.sha256 = None
        self._skips = Skips()
        self._read = partial(read_face, size=image_size, find_face=find_face)
        self.pictures = dict(self._found(split_folders))
        if not self.pictures:
            raise UserError(f"{folder}: no picture in folders of classes, expected {LAYOUT}")
        if groups:
            self._require_groups()

    def __iter__(self):
        images = in_processes(self._read, list(self.pictures))
        progress = track(images, "reading pictures", len(self.pictures))
        digests = []
        for (path, sample), image in zip(self.pictures.items(), progress):
            if image is None:
                self.without_face.append(path)
            elif isinstance(image, UserError):
                self._skips.add("pictures that cannot be read", f"{image}; skipped")
            else:
                content = os.fsencode(sample.class_name) + image.tobytes()
                digests.append(hashlib.sha256(content).digest())
                yield sample._replace(image=image)
        self.sha256 = hashlib.sha256(b"".join(sorted(digests))).hexdigest()

    def _found(self, split_folders):
        """Yield the path and the FaceSample of each picture in the folder."""
        splits = {path: split_folders.get(path.name.lower()) for path in _folders(self.path)}
        if not any(splits.values()):
            splits = {self.path: None}
        elif not all(splits.values()):
            other = next(path for path, split in splits.items() if not split)
            raise UserError(f"{other}: a folder beside those of splits, expected {LAYOUT}")
        for path, split in splits.items():
            for class_folder in _folders(path):
                for nested in _folders(class_folder):
                    raise UserError(f"{nested}: a folder in that of a class, expected pictures "
                                    f"alone; --images takes the folder that has {LAYOUT}")
                name = known_name(class_folder.name, self.words)
                for file in files_below(class_folder, PICTURE_SUFFIXES, self._skips):
                    yield file, FaceSample(None, name, split, self._group(file.name))

    def _group(self, name):
        match = self.groups and self.groups.search(name)
        return (match[min(1, self.groups.groups)] or None) if match else None

    def _require_groups(self):
        others = [path.name for path, sample in self.pictures.items() if not sample.group]
        fits = f"--groups {self.groups.pattern} fits {{}}, such as {{}}"
        if len(others) == len(self.pictures):
            raise UserError(fits.format("no name of a file", others[0]))
        if others:
            notice(fits.format(f"all names of files but {len(others):,}", others[0])
                   + "; each of those counts as a person")


def _folders(folder):
    return sorted(path for path in folder.iterdir()
                  if path.is_dir() and not path.name.startswith((".", LEFT_OVER)))


def read_face(path, size, find_face=None):
    """Return the gray face of a picture, (size, size) uint8, None without a face, or a UserError.

    find_face: a function that takes the picture (height, width, 3) uint8 BGR and returns the box
    (x, y, width, height) of its largest face or None. Without it the whole picture is the face.
    """
    try:
        image, breaks_off = read_picture(path)
    except UserError as error:
        return error
    if breaks_off:
        return UserError(f"{path}: breaks off")
    if find_face:
        box = find_face(image)
        if box is None:
            return None
        x, y, width, height = box
        image = image[y:y + height, x:x + width]
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if gray.shape == (size, size):
        return gray
    return cv2.resize(gray, (size, size), interpolation=cv2.INTER_AREA)


def in_processes(function, items):
    """Yield function(item) for each of a list of items, in order, from a process for each core.

    function, items and results are pickled. Raises UserError if a process is killed.
    """
    if len(items) < 2 * TOGETHER or available_cores() < 2:
        yield from map(function, items)
        return
    pool = ProcessPoolExecutor(available_cores(), multiprocessing.get_context("spawn"),
                               initializer=_start_process)
    try:
        yield from pool.map(function, items, chunksize=TOGETHER)
    except BrokenProcessPool:
        raise UserError("a process that reads pictures was killed; is there enough memory?"
                        ) from None
    finally:
        for process in multiprocessing.active_children():
            process.terminate()  # after Ctrl-C it need not finish its pictures
        pool.shutdown(cancel_futures=True)


def _start_process():
    """Leave Ctrl-C to the parent process, and end with it even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=lambda: os._exit(multiprocessing.parent_process().join() or 1),
                     daemon=True).start()
