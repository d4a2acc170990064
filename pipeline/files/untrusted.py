"""Reads files of strangers, which may be damaged or hostile."""

import io
import struct
import traceback
import zipfile
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UserError

try:
    import fcntl
except ImportError:  # Windows refuses to open a file that another program holds
    fcntl = None

# Exceptions of faulty code. Our readers raise ValueError for what is wrong in a file.
FAULTS = (AssertionError, AttributeError, ImportError, LookupError, NameError, TypeError)
OUR_CODE = str(Path(__file__).parent.parent)

ZIP_END = struct.Struct("<4s4HIIH")  # it ends with the length and the start of the directory
LONGEST_DIRECTORY = 1 << 12


@contextmanager
def reading(path, expected):
    """Turn the exceptions of a library that reads a damaged file into one UserError.

    FAULTS of our own code are let through. Those of a library, such as the KeyError of h5py for a
    missing array, count as damage.
    """
    try:
        yield
    except UserError:
        raise
    except BlockingIOError as error:
        raise UserError(f"{path}: locked by another program; wait until that ends") from error
    except FAULTS as error:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename.startswith(OUR_CODE):
            raise
        raise _damaged(path, expected, error) from error
    except Exception as error:  # libraries promise no particular ones
        if isinstance(error, OSError) and error.errno:
            raise UserError(f"{path}: cannot be read: {error.strerror}") from error
        raise _damaged(path, expected, error) from error


def _damaged(path, expected, error):
    reason = (str(error).splitlines() or [""])[0] or type(error).__name__
    return UserError(f"{path}: damaged, or not {expected} ({reason})")


def content_of(path, largest):
    """Return the bytes of a file.

    Raises UserError if it has over `largest`, BlockingIOError if another program has locked it.
    """
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
    """Return {name: bytes} of a zip archive without compression.

    Raises ValueError or zipfile.BadZipFile if it is damaged, or has a member that is not in
    `names` or comes twice.
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
