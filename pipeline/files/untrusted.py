"""Reads files that may be damaged, or made to harm."""

import io
import struct
import zipfile
from contextlib import contextmanager

from pipeline.errors import UserError

try:
    import fcntl
except ImportError:  # Windows refuses to open a file that another program holds
    fcntl = None

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
    except Exception as error:  # the libraries promise no particular ones
        if isinstance(error, OSError) and error.errno:
            raise UserError(f"{path}: cannot be read: {error.strerror}") from error
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise UserError(f"{path}: damaged, or not {expected} ({reason})") from error


def content_of(path, largest):
    """Return a file's bytes; raise UserError if it has over `largest`, or another locks it."""
    with open(path, "rb") as file:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # a file system without locks
            pass
        content = file.read(largest + 1)
    if len(content) > largest:
        raise UserError(f"{path}: refused: has over {largest:,} bytes, the most expected")
    return content


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
        allowed = list(names)
        for info, start_of_next in zip(infos, starts):
            if info.filename not in allowed:
                raise ValueError(f"the archive has a member {info.filename[:80]!r} too many")
            allowed.remove(info.filename)
            if (info.compress_size != info.file_size
                    or info.header_offset + info.file_size > start_of_next):
                raise ValueError(f"{info.filename} is compressed, repeated or overlaps another")
        return {info.filename: archive.read(info) for info in infos}
