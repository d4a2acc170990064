"""Reads files that may be damaged, or made to harm: what is expected of them, and no more.

HDF5's library only tells where in a file a plain array lies: its bytes are taken from there, so
nothing is unpacked, converted or followed. What else a file holds is never looked at.
"""

import io
import os
import struct
import zipfile
from contextlib import contextmanager
from math import prod

import h5py
import numpy as np

from pipeline.errors import UserError

try:
    import fcntl
except ImportError:  # Windows refuses to open a file that another program holds
    fcntl = None

# Of a string of variable length HDF5 stores its length, the address of a heap, and which of the
# heap's objects it is; an object begins with its number and its length.
STRING_REFERENCE = struct.Struct("<IQI")
HEAP_HEADER = 16
HEAP_OBJECT = struct.Struct("<H6xQ")
MOST_IN_A_HEAP = 1 << 16
MOST_IN_A_GROUP = 1 << 8

ZIP_END = struct.Struct("<4s4HIIH")  # its last numbers: length and start of the directory
LONGEST_DIRECTORY = 1 << 12


@contextmanager
def reading(path, expected):
    """Turn whatever a damaged file makes its reader raise into one UserError."""
    try:
        yield
    except UserError:
        raise
    except BlockingIOError as error:
        raise UserError(f"{path}: locked by another program; wait until that ends") from error
    except PermissionError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:  # the libraries promise no particular ones
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise UserError(f"{path}: damaged, or not {expected} ({reason})") from error


def content_of(path, largest):
    """Return a file's bytes; raise UserError if it has over `largest`, or another locks it."""
    with open(path, "rb") as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        content = file.read(largest + 1)
    if len(content) > largest:
        raise UserError(f"{path}: refused: has over {largest:,} bytes, the most expected")
    return content


class PlainHDF5:
    """Finds arrays in the bytes of an HDF5 file, by names whose every part is a hard link."""

    def __init__(self, content):
        self.content = content
        self._root = h5py.h5g.open(h5py.h5f.open_file_image(content), b"/")

    def has(self, name):
        """Return whether the file has an object of this name."""
        try:
            self._opened(name, h5py.h5o.open)
        except (RuntimeError, KeyError):
            return False
        return True

    def names(self, group):
        """Return the names in a group; raise ValueError if they are too many."""
        group = self._opened(group, h5py.h5g.open)
        if group.get_num_objs() > MOST_IN_A_GROUP:
            raise ValueError(f"over {MOST_IN_A_GROUP} names in a group")
        return [name.decode() for name in group]

    def array(self, name, shape, dtype):
        """Return a view of an array of exactly this shape and type that is stored plainly."""
        dataset = self._opened(name, h5py.h5d.open)
        offset = dataset.get_offset()  # None if in chunks, elsewhere or put together
        if offset is None or dataset.shape != shape or dataset.get_type() != h5py.h5t.py_create(
                np.dtype(dtype)):
            raise ValueError(f"{name} is no plain array of {dtype} {shape}")
        return np.frombuffer(self.content, dtype, prod(shape), offset).reshape(shape)

    def text(self, name, longest):
        """Return the bytes of a single string of variable length, of at most `longest`."""
        dataset = self._opened(name, h5py.h5d.open)
        if dataset.get_offset() is None or not dataset.get_type().is_variable_str():
            raise ValueError(f"{name} is no plain text")
        length, place, wanted = STRING_REFERENCE.unpack_from(self.content, dataset.get_offset())
        if self.content[place:place + 4] != b"GCOL" or length > longest:
            raise ValueError(f"{name} is no text of at most {longest:,} bytes")
        place += HEAP_HEADER
        for _ in range(MOST_IN_A_HEAP):
            number, stored = HEAP_OBJECT.unpack_from(self.content, place)
            place += HEAP_OBJECT.size
            if number == wanted:
                return self.content[place:place + length]
            place += -(-stored // 8) * 8
        raise ValueError(f"{name} leads nowhere")

    def _opened(self, name, opened):
        *above, last = name.encode().split(b"/")
        group = self._root
        for part in above:
            group = h5py.h5g.open(self._hard(group, part), part)
        return opened(self._hard(group, last), last)

    def _hard(self, group, name):
        if group.links.get_info(name).type != h5py.h5l.TYPE_HARD:
            raise ValueError(f"{name.decode()} leads elsewhere")
        return group


def members_of(content, names):
    """Return {name: bytes} of a zip archive, none of whose members is compressed.

    Raises ValueError or zipfile.BadZipFile if it has other members than `names`, or one twice, or
    is damaged.
    """
    end = ZIP_END.unpack(content[-ZIP_END.size:])
    if end[0] != b"PK\5\6" or end[5] > LONGEST_DIRECTORY or b"PK\6\7" in content[-42:]:
        raise ValueError("an archive with an unusual directory")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
        starts = [info.header_offset for info in infos[1:]] + [end[6]]
        for info, start_of_next in zip(infos, starts):
            if info.filename not in names:
                raise ValueError(f"the archive has a member {info.filename[:80]!r}")
            if (info.compress_size != info.file_size
                    or info.header_offset + info.file_size > start_of_next):
                raise ValueError(f"{info.filename} is compressed, repeated or overlaps another")
        return {info.filename: archive.read(info) for info in infos}


@contextmanager
def plain_hdf5(source, path, expected):
    """Yield the h5py.File of `source`, a path or a binary file that came from `path`.

    Raises UserError if it is damaged, has soft or external links, stores data in other files,
    or claims more bytes than the file at `path` has.
    """
    with reading(path, expected), h5py.File(source, "r") as file:
        links, datasets = [], []
        file.visititems_links(lambda name, link: links.append((name, link)))
        for name, link in links:
            if not isinstance(link, h5py.HardLink):
                raise UserError(f"{path}: refused: the link {name} leads elsewhere")
        file.visititems(lambda _, item: datasets.append(item)
                        if isinstance(item, h5py.Dataset) else None)
        for dataset in datasets:
            if dataset.external or dataset.is_virtual:
                raise UserError(f"{path}: refused: {dataset.name} lies in another file")
        claimed = sum(dataset.nbytes for dataset in datasets)
        if claimed > os.path.getsize(path):
            raise UserError(f"{path}: refused: claims {claimed:,} bytes of data in a file of "
                            f"{os.path.getsize(path):,}")
        yield file
