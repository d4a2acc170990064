"""How the scripts check the paths that they are given, and how they end."""

import argparse
import logging
import os
import shlex
import signal
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import UserError


class Terminated(KeyboardInterrupt):
    """SIGTERM came; handled as Ctrl-C is, but for the exit status."""


def run(main):
    """Call main() and exit with its status: 2 after a UserError, 130 or 143 after a signal."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = main()
    except UserError as error:
        status = _fail(error, status=2)
    except Terminated as terminated:
        status = _fail(str(terminated) or "terminated", status=143)
    except KeyboardInterrupt as interrupt:
        status = _fail(str(interrupt) or "interrupted", status=130)
    sys.exit(status)


class StopRequest:
    """Whether a signal asked for an end, and which."""

    signal = None

    @property
    def requested(self):
        return self.signal is not None


@contextmanager
def stop_requests(message):
    """Yield a StopRequest that the first SIGINT or SIGTERM sets; the second one interrupts.

    After a block that ends well it raises what that first signal would have, with the message.
    """
    stop = StopRequest()

    def request(number, frame):
        if stop.requested:
            raise KeyboardInterrupt
        stop.signal = number

    earlier = {number: signal.signal(number, request)
               for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
    if stop.requested:
        raise (Terminated if stop.signal == signal.SIGTERM else KeyboardInterrupt)(message)


def existing_file(path, what, remedy):
    """Return path if it is a file with something in it; raise UserError if not."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path}: no such {what}; {remedy}")
    if path.is_dir():
        raise UserError(f"{path}: a folder, expected a {what}; {remedy}")
    if path.stat().st_size == 0:
        raise UserError(f"{path}: an empty file, expected a {what}; {remedy}")
    return path


def new_folder(path):
    """Create a folder, with its parents, unless it is there; raise UserError if it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be created as a folder: {error.strerror}") from error


def positive(text):
    """Return an argument's whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number above 0")
    return int(text)


def share_below_1(text):
    """Return an argument's number from 0 to below 1, for argparse."""
    with suppress(ValueError):
        if 0 <= float(text) < 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text}: expected a number from 0 to below 1")


def this_command(**changes):
    """Return the command that started this script, for a shell, with flags changed."""
    words, changed = ["python", *sys.argv], set()
    for name in changes:
        changed |= {f"--{name}", f"--{name.replace('_', '-')}"}
    kept, drop_value = [], False
    for word in words:
        if not drop_value and word.split("=")[0] not in changed:
            kept.append(word)
        drop_value = word in changed
    for name, value in changes.items():
        kept += [f"--{name}", str(value)]
    return shlex.join(kept)


def import_keras():
    """Import keras while TensorFlow's notes on its start go nowhere, and ask for fewer of them.

    They are written to the file descriptor, past Python and past TF_CPP_MIN_LOG_LEVEL.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import keras  # noqa: F401
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    logging.getLogger("absl").setLevel(logging.ERROR)  # "HDF5 is legacy", at each checkpoint


def prepare_opencv():
    """Keep OpenCV and FFmpeg from writing logs, and pictures from claiming all memory.

    Call it before cv2 is imported. What matters of the logs becomes a UserError.
    """
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 28))  # 8K has 1 << 25
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


def _terminate(number, frame):
    raise Terminated


def _fail(message, status):
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    return status
