"""How the scripts check the paths that they are given, and how they end."""

import signal
import sys
from pathlib import Path

from pipeline.errors import UserError


def run(main):
    """Call main(), and exit with its status: 2 after a UserError, 130 or 143 after a signal."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        sys.exit(main())
    except UserError as error:
        fail(error, status=2)
    except Terminated:
        fail("terminated", status=143)
    except KeyboardInterrupt as interrupt:
        fail(interrupt if str(interrupt) else "interrupted", status=130)


class Terminated(KeyboardInterrupt):
    """SIGTERM came; handled as Ctrl-C is, but for the exit status."""


def _terminate(number, frame):
    raise Terminated


def fail(message, status):
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    sys.exit(status)


def existing_file(path, what, remedy):
    """Return path if it is a readable file with something in it; raise UserError if not."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path}: no such {what}; {remedy}")
    if path.is_dir():
        raise UserError(f"{path} is a folder, expected a {what}; {remedy}")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty, expected a {what}; {remedy}")
    return path
