"""Reads files that may be damaged, or made to harm.

An HDF5 file or a zip archive is looked through before anything of it is used: it may not lead out
of itself, nor claim more data than it has bytes.
"""

import os
from contextlib import contextmanager

import h5py

from pipeline.errors import UserError


@contextmanager
def reading(path, expected):
    """Turn whatever a damaged file makes its reader raise into one UserError."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # the libraries promise no particular ones
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise UserError(f"{path}: damaged, or not {expected} ({reason})") from error


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


def require_plain_archive(archive, path, members):
    """Raise UserError if a zipfile.ZipFile has other members, compressed or damaged ones."""
    for info in archive.infolist():
        if info.filename not in members:
            raise UserError(f"{path}: refused: the archive has a member {info.filename[:80]!r}")
        if info.compress_size != info.file_size or info.file_size > os.path.getsize(path):
            raise UserError(f"{path}: refused: {info.filename} claims {info.file_size:,} bytes")
    damaged = archive.testzip()
    if damaged:
        raise UserError(f"{path}: damaged: {damaged} does not fit its checksum")
