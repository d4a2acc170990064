"""The command line of the scripts: its parser, and checks of paths and numbers."""

import argparse
import os
import re
import shlex
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import pipeline
from pipeline.errors import UserError
from pipeline.process.terminal import printable

LARGEST_NUMBER = 1_000_000_000  # of frames or pixels: more is a slip, and too much for OpenCV
PLOT_FORMATS = ("png", "pdf", "svg")


def new_parser(description):
    """Return a script's argparse.ArgumentParser, with --version."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"%(prog)s {pipeline.__version__}",
                        help="show the version and exit")
    return parser


def existing_file(path, what, remedy):
    """Return path if it is a file that is not empty; raise UserError if not."""
    path = Path(path)
    if path.is_file() and path.stat().st_size:
        return path
    for is_it, found in ((path.is_dir, "a folder"), (path.is_file, "an empty file"),
                         (path.exists, "a pipe or a device")):
        if is_it():
            raise UserError(f"{path}: {found}, expected a {what}; {remedy}")
    raise UserError(f"{path}: no such {what}; {remedy}")


def new_folder(path):
    """Create a folder, with its parents, unless it exists.

    Raises UserError if it cannot be created, or not be written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be created as a folder: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise UserError(f"{path}: a folder that cannot be written to; give another one")


def name(text):
    """Return the name of a file or a stream, for argparse; an empty one is refused."""
    if not text:
        raise argparse.ArgumentTypeError("found nothing, expected a name")
    return text


def path(text):
    """Return a Path, for argparse; an empty one, which would mean this folder, is refused."""
    return Path(name(text))


def number(text, least, most, kind=float, what="a number"):
    """Return a number from `least` to `most`, for argparse."""
    with suppress(ValueError):
        if least <= kind(text) <= most:
            return kind(text)
    raise argparse.ArgumentTypeError(f"{text}: expected {what} from {least} to {most:,}")


whole_number = partial(number, kind=int, what="a whole number")
camera_number = partial(whole_number, least=0, most=99)  # beyond it OpenCV's hundreds are libraries
seconds = partial(number, least=0, most=86_400, what="seconds")  # a day
share = partial(number, least=0, most=1)


def positive(text):
    """Return a whole number from 1 to LARGEST_NUMBER, for argparse."""
    if not text.isdecimal() or not text.strip("0"):
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number above 0")
    return whole_number(text, 1, LARGEST_NUMBER)


def address(text):
    """Return the host and the port of [HOST:]PORT, for argparse."""
    host, _, port = text.rpartition(":")
    return host.strip("[]") or "127.0.0.1", whole_number(port, 1, 65535)


def moment(text):
    """Return the seconds of a time in a video, such as 90.5, 1:30 or 0:01:30, for argparse."""
    match = re.fullmatch(r"(?:(?:(\d{1,5}):)?(\d{1,5}):)?(\d{1,9}(?:\.\d*)?)", text, re.ASCII)
    if match is None or (":" in text and float(match[3]) >= 60) or (
            match[1] and int(match[2]) >= 60):
        raise argparse.ArgumentTypeError(f"{text}: expected seconds or h:mm:ss, such as 90 or "
                                         "0:01:30")
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def checked(name, value, check):
    """Return the value of a Python program's argument as a check for argparse does.

    Raises UserError where that would refuse it on the command line.
    """
    try:
        return check(str(value))
    except argparse.ArgumentTypeError as error:
        raise UserError(printable(f"{name}={error}")) from None


def this_command(**changes):
    """Return the command that started this script, for a shell, with other values of flags."""
    changed = {f"--{form}" for name in changes for form in (name, name.replace("_", "-"))}
    words = ["python"]
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        words.insert(0, f"KERAS_BACKEND={os.environ['KERAS_BACKEND']}")
    for before, word in zip(["", *sys.argv], sys.argv):
        if before not in changed and word.split("=")[0] not in changed:
            words.append(word)
    for name, value in changes.items():
        words += [f"--{name}", str(value)]
    return shlex.join(words)
