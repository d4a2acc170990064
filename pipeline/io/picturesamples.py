"""Reads the pictures of a data set, in folders of classes, as FaceSamples."""

import hashlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import cv2

from pipeline.errors import UserError
from pipeline.io.classnames import known_name
from pipeline.io.picturefile import read_picture
from pipeline.io.picturefolders import LAYOUT, find_pictures
from pipeline.io.splitting import FaceSample
from pipeline.quietimports import available_cores
from pipeline.terminal import notice, track

# Pictures that a process gets at a time; with fewer in all no process is started.
TOGETHER = 16


class NoFace(Exception):
    """A picture in which no face was found."""


class PictureSamples:
    """Iterates over the FaceSamples of a folder, in the order of their paths.

    words: {word in small letters: class name}, as known_name takes it. split_folders: as
    find_pictures takes them. find_face: as read_face takes it; it is sent to other processes.
    groups: a regular expression; what its first group, or all of it, matches in the name of a
    file is the group of the sample. Pictures that cannot be read are counted in skips;
    without_face has the paths of those without a face. Raises UserError if the folders have
    another layout, or groups matches no name; the number of other names is printed.
    """

    def __init__(self, folder, image_size, skips, *, words, split_folders, find_face=None,
                 groups=None):
        self.path = folder
        self.skips = skips
        self.words = words
        self.groups = groups
        self.without_face = []
        self.pictures = find_pictures(folder, split_folders, skips)
        self._read = partial(read_face, size=image_size, find_face=find_face)
        self._digests = []
        if groups:
            self._require_groups()

    def __iter__(self):
        images = in_processes(self._read, [picture.path for picture in self.pictures])
        progress = track(images, "reading pictures", len(self.pictures))
        for picture, image in zip(self.pictures, progress):
            if isinstance(image, NoFace):
                self.without_face.append(picture.path)
            elif isinstance(image, UserError):
                self.skips.add("pictures that cannot be read", f"{image}; skipped")
            else:
                name = known_name(picture.folder, self.words)
                self._digests.append(hashlib.sha256(os.fsencode(name) + image.tobytes()).digest())
                yield FaceSample(image, name, picture.split, self._group(picture))

    @property
    def class_names(self):
        """The set of the class names of the folders."""
        return {known_name(picture.folder, self.words) for picture in self.pictures}

    @property
    def sha256(self):
        """The digest of all images with their classes, in any order."""
        return hashlib.sha256(b"".join(sorted(self._digests))).hexdigest()

    def require_training(self):
        """Raise UserError if there is no picture for training."""
        if not {"train", None} & {picture.split for picture in self.pictures}:
            raise UserError(f"{self.path}: no picture for training, expected {LAYOUT}; "
                            "or give --only test")

    def require_splits(self):
        """Raise UserError if no picture could be read."""
        if not self._digests:
            raise UserError(f"{self.path}: "
                            + ("no face is found; leave out --find-faces if the pictures are "
                               "faces already" if self.without_face else "no picture can be read"))

    def _require_groups(self):
        others = [picture for picture in self.pictures if not self._group(picture)]
        if not others:
            return
        fits = f"--groups {self.groups.pattern} fits {{}}, such as {others[0].path.name}"
        if len(others) == len(self.pictures):
            raise UserError(fits.format("no name of a file"))
        notice(fits.format(f"all names of files but {len(others):,}")
               + "; each of those counts as a person")

    def _group(self, picture):
        match = self.groups and self.groups.search(picture.path.name)
        return (match[min(1, self.groups.groups)] or None) if match else None


def read_face(path, size, find_face=None):
    """Return the gray face of a picture, (size, size) uint8; or return a UserError or NoFace.

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
            return NoFace(path)
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

    def end_with_parent():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
