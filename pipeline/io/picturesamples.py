"""Pictures in folders of classes as FaceSamples."""

import hashlib
from functools import partial

from pipeline.errors import UserError
from pipeline.io.classnames import known_name
from pipeline.io.facepicture import NoFace, read_face
from pipeline.io.facesamples import FaceSample
from pipeline.io.picturefolders import find_pictures
from pipeline.processes import mapped
from pipeline.progress import track
from pipeline.terminal import printable


class PictureSamples:
    """Iterates over the FaceSamples of a folder, in the order of their paths.

    words: {other word for a class in small letters: name}. split_folders: as find_pictures takes
    them. find_face: as read_face takes it, for a process to call. groups: a regular expression;
    what its first group, or all of it, finds in a file's name is the sample's group. A picture
    that cannot be read is left to skips; without_face has the paths of those without a face.
    Raises UserError if the pictures are laid out in another way, or groups fits none.
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
        if groups and not any(map(self._group, self.pictures)):
            raise UserError(f"--groups {groups.pattern} fits no name of a file, such as "
                            f"{printable(self.pictures[0].path.name)}")

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
                self._digests.append(hashlib.sha256(name.encode() + image.tobytes()).digest())
                yield FaceSample(image, name, picture.split, self._group(picture))

    @property
    def class_names(self):
        """The names of the classes that there are folders of, a set."""
        return {known_name(picture.folder, self.words) for picture in self.pictures}

    @property
    def sha256(self):
        """The digest of all images with their classes, in any order."""
        return hashlib.sha256(b"".join(sorted(self._digests))).hexdigest()

    def require_splits(self):
        """Raise UserError if there is no picture left."""
        if not self._digests:
            raise UserError(f"{self.path}: no picture can be read"
                            + (", or none has a face" if self.without_face else ""))

    def _group(self, picture):
        match = self.groups and self.groups.search(picture.path.name)
        return match and (match[1] if self.groups.groups else match[0])
