"""Pictures in folders of classes as FaceSamples."""

import hashlib
import os
from functools import partial

from pipeline.errors import UserError
from pipeline.io.classnames import known_name
from pipeline.io.facepicture import NoFace, read_face
from pipeline.io.facesamples import FaceSample
from pipeline.io.picturefolders import LAYOUT, find_pictures
from pipeline.processes import mapped
from pipeline.terminal import notice, printable, track


class PictureSamples:
    """Iterates over the FaceSamples of a folder, in the order of their paths.

    words: as known_name takes them. split_folders: as find_pictures takes
    them. find_face: as read_face takes it, for a process to call. groups: a regular expression;
    what its first group, or all of it, finds in a file's name is the sample's group. A picture
    that cannot be read is left to skips; without_face has the paths of those without a face.
    Raises UserError if the pictures are laid out in another way, or groups fits none; how many it
    does not fit is said.
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
        images = mapped(self._read, [picture.path for picture in self.pictures])
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
        """The names of the classes that there are folders of, a set."""
        return {known_name(picture.folder, self.words) for picture in self.pictures}

    @property
    def sha256(self):
        """The digest of all images with their classes, in any order."""
        return hashlib.sha256(b"".join(sorted(self._digests))).hexdigest()

    def require_training(self):
        """Raise UserError if there is no picture for training."""
        if not {"train", None} & {picture.split for picture in self.pictures}:
            raise UserError(f"{printable(self.path)}: no picture for training, expected {LAYOUT}; "
                            "or give --only test")

    def require_splits(self):
        """Raise UserError if there is no picture left."""
        if not self._digests:
            raise UserError(f"{printable(self.path)}: "
                            + ("no face is found; leave out --find-faces if the pictures are "
                               "faces already" if self.without_face else "no picture can be read"))

    def _require_groups(self):
        others = [picture for picture in self.pictures if not self._group(picture)]
        if not others:
            return
        fits = f"--groups {self.groups.pattern} fits {{}}, such as {others[0].path.name}"
        if len(others) == len(self.pictures):
            raise UserError(printable(fits.format("no name of a file")))
        notice(fits.format(f"all names of files but {len(others):,}")
               + "; each of those counts as a person")

    def _group(self, picture):
        """Return what tells whose face it is, None if nothing does."""
        match = self.groups and self.groups.search(picture.path.name)
        return (match[min(1, self.groups.groups)] or None) if match else None
