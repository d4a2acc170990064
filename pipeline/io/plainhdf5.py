"""Reads the expected arrays, and nothing else, of HDF5 files that may be damaged or hostile.

HDF5's library only says where in a file an array lies. Its bytes are read from there, so nothing
is unpacked, converted or followed.
"""

import mmap
import struct
from contextlib import contextmanager
from math import prod

import h5py
import numpy as np

LONGEST_ATTRIBUTE = 1 << 10

# Of a string of variable length HDF5 stores its length, the address of a heap, and which of the
# heap's objects it is; an object begins with its number and its length.
STRING_REFERENCE = struct.Struct("<IQI")
HEAP_HEADER, HEAP_OBJECT, MOST_IN_A_HEAP = 16, struct.Struct("<H6xQ"), 1 << 12


@contextmanager
def opened_hdf5(path):
    """Yield the PlainHDF5 of a file."""
    with (h5py.File(path, "r") as file, open(path, "rb") as raw,
          mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as content):
        yield PlainHDF5(content, file.id)


class PlainHDF5:
    """Finds arrays in the bytes of an HDF5 file, by names whose every part is a hard link.

    content: the file's bytes, an mmap.mmap. file: its h5py.h5f.FileID.
    """

    def __init__(self, content, file):
        self.content = content
        self._root = h5py.h5g.open(file, b"/")

    def has(self, name):
        """Return whether the file has an object of this name."""
        try:
            self._opened(name, h5py.h5o.open)
        except (RuntimeError, KeyError):
            return False
        return True

    def array(self, name, shape, dtype):
        """Return an array of exactly this shape and type that is stored plainly."""
        dataset = self._opened(name, h5py.h5d.open)
        offset = dataset.get_offset()  # None if in chunks, in another file or virtual
        if offset is None or dataset.shape != shape or dataset.get_type() != h5py.h5t.py_create(
                np.dtype(dtype)):
            raise ValueError(f"{name} is no plain array of {dtype} {shape}")
        size = prod(shape) * np.dtype(dtype).itemsize
        return np.frombuffer(self.content[offset:offset + size], dtype).reshape(shape)

    def text(self, name, longest):
        """Return the bytes of a single string of fixed length, of at most `longest`."""
        dataset = self._opened(name, h5py.h5d.open)
        kind, offset = dataset.get_type(), dataset.get_offset()
        if (offset is None or dataset.shape or not isinstance(kind, h5py.h5t.TypeStringID)
                or kind.is_variable_str() or kind.get_size() > longest):
            raise ValueError(f"{name} is no plain text of at most {longest:,} bytes")
        return self.content[offset:offset + kind.get_size()]

    def chunked(self, name, dtype, rows):
        """Return the h5py.Dataset of an array (N, ...) in chunks of `rows` with checksums.

        What it claims to hold is no more than the file has.
        """
        dataset = self._opened(name, h5py.h5d.open)
        storage = dataset.get_create_plist()
        if (storage.get_layout() != h5py.h5d.CHUNKED or storage.get_nfilters() != 1
                or storage.get_filter(0)[0] != h5py.h5z.FILTER_FLETCHER32
                or storage.get_chunk() != (rows, *dataset.shape[1:])
                or dataset.get_type() != h5py.h5t.py_create(np.dtype(dtype))
                or prod(dataset.shape) * np.dtype(dtype).itemsize > len(self.content)):
            raise ValueError(f"{name} is no array of {dtype} in chunks of {rows} with checksums")
        return h5py.Dataset(dataset)

    def attributes(self):
        """Return {name: value} of the root: numbers, strings and lists of them.

        HDF5 trusts the lengths of strings, so these are read from the bytes.
        """
        found = {}
        for name in h5py.Group(self._root).attrs:
            attribute = h5py.h5a.open(self._root, name.encode())
            kind, count = attribute.get_type(), prod(attribute.shape)
            if count > LONGEST_ATTRIBUTE or len(attribute.shape) > 1:
                raise ValueError(f"an attribute of shape {attribute.shape}")
            if isinstance(kind, h5py.h5t.TypeStringID) and kind.is_variable_str():
                texts = [self._string(name, number) for number in range(count)]
                found[name] = texts if attribute.shape else texts[0]
            elif isinstance(kind, (h5py.h5t.TypeIntegerID, h5py.h5t.TypeFloatID)):
                value = np.empty(attribute.shape, kind.dtype)
                attribute.read(value)
                found[name] = value.tolist()
            else:
                raise ValueError("an attribute that is neither numbers nor text")
        return found

    def _string(self, name, number):
        """Return a string of an attribute of the root, whose values follow its name and type."""
        place = self.content.find(name.encode() + b"\0", h5py.h5o.get_info(self._root).addr)
        place += sum(struct.unpack_from("<HHH", self.content, place - 7))
        length, place, wanted = STRING_REFERENCE.unpack_from(
            self.content, place + number * STRING_REFERENCE.size)
        if self.content[place:place + 4] != b"GCOL" or length > LONGEST_ATTRIBUTE:
            raise ValueError(f"no text of at most {LONGEST_ATTRIBUTE:,} bytes")
        place += HEAP_HEADER
        for _ in range(MOST_IN_A_HEAP):
            number, stored = HEAP_OBJECT.unpack_from(self.content, place)
            place += HEAP_OBJECT.size
            if number == wanted:
                return self.content[place:place + length].decode()
            place += -(-stored // 8) * 8
        raise ValueError("text that leads nowhere")

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
