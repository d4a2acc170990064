"""How a script ends: with success, with a user's error, or after a signal.

Exit status: 0 success, 1 something was skipped or broke off, 2 nothing could be done, 128 plus the
signal's number after a signal (130 Ctrl-C, 143 SIGTERM, 129 SIGHUP). With EMOTION_DEBUG=1 the
traceback stands before the line of an error.
"""

import io
import os
import signal
import sys
import traceback
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

from pipeline.errors import UserError
from pipeline.terminal import notice

PYTHON = (3, 11), (3, 13)  # the oldest and the newest version that all packages exist for

# SIGHUP comes when the terminal is closed; Windows has none.
TERMINATING = [number for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)) if number]

# Outputs are completed after the first signal; this one aborts.
LAST_SIGNAL = 3

# Threads that may hang in a library until the process ends.
_left_behind = WeakSet()


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP; handled like Ctrl-C, with another exit status."""

    def __init__(self, message="", number=signal.SIGTERM):
        super().__init__(message)
        self.number = number


def run(main, requirements="requirements.txt"):
    """Call main() and exit with the status that it returns, or with that of its exception.

    requirements: the file that lists the packages which main needs.
    """
    open_closed_streams()
    for number in TERMINATING:
        handle(number, _terminate)
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the output has closed it
        _discard_stdout()
        status = 1
    except OSError as error:
        _discard_stdout()
        if error.errno is None:
            raise
        status = tell(error)
    except (UserError, KeyboardInterrupt) as error:
        status = tell(error)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("", "config", "pipeline"):
            raise
        status = tell(error, requirements)
    if status and status > 128:  # a further signal would only disturb the end
        for number in (signal.SIGINT, *TERMINATING):
            signal.signal(number, signal.SIG_IGN)
    if any(thread.is_alive() for thread in _left_behind):
        _exit_at_once(status)
    sys.exit(status)


def leave_behind(thread):
    """End the process without Python's cleanup if this thread still hangs in a library then.

    The cleanup would free what the library uses.
    """
    _left_behind.add(thread)


def tell(error, requirements="requirements.txt"):
    """Print the one line of an error, and return the exit status."""
    if os.environ.get("EMOTION_DEBUG", "0") != "0":
        traceback.print_exception(error)
    if isinstance(error, UserError):
        message, status = str(error), 2
    elif isinstance(error, Terminated):
        message, status = str(error) or "terminated", 128 + error.number
    elif isinstance(error, KeyboardInterrupt):
        message, status = str(error) or "interrupted", 130
    elif isinstance(error, ModuleNotFoundError):
        message, status = _how_to_install(error.name, requirements), 2
    else:  # OSError
        message, status = f"{error.filename or 'cannot go on'}: {error.strerror}", 2
    notice(f"{Path(sys.argv[0]).name}: {message}")
    return status


def _how_to_install(name, requirements):
    if name == "jax":
        requirements = "requirements-jax.txt"
    line = f"{name} is not installed, which this needs; pip install -r {requirements}"
    if PYTHON[0] <= sys.version_info[:2] <= PYTHON[1]:
        return line
    versions = " to ".join(f"{major}.{minor}" for major, minor in PYTHON)
    return f"{line}, with Python {versions}; this is {sys.version_info[0]}.{sys.version_info[1]}"


def open_closed_streams():
    """Open closed standard streams on the null device, and escape what a stream cannot encode.

    Otherwise the next file to be opened would take the number of a closed stream.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def handle(number, handler):
    """Set a signal's handler and return the earlier one; under nohup SIGHUP stays ignored."""
    earlier = signal.getsignal(number)
    if number not in TERMINATING or earlier != signal.SIG_IGN:
        signal.signal(number, handler)
    return earlier


class StopRequest:
    """Whether a run is to stop, and after which signal.

    patient: whether there are outputs to complete. While it is False, a signal ends the process
    at once, even in the middle of an import.
    """

    signal = None
    patient = False
    count = 0
    _ended = False

    @property
    def requested(self):
        return self._ended or self.signal is not None

    def end(self):
        """Request a stop that counts as success: a window was closed."""
        self._ended = True

    def end_if_requested(self, message="stopped"):
        """Raise KeyboardInterrupt or Terminated, with a message, if there was a signal."""
        if self.signal in TERMINATING:
            raise Terminated(message, self.signal)
        if self.signal is not None:
            raise KeyboardInterrupt(message)


@contextmanager
def stop_requests(message):
    """Yield a StopRequest that SIGINT, SIGTERM and SIGHUP set; the third signal aborts.

    If the block ends well after a signal, raises KeyboardInterrupt or Terminated with the message.
    """
    stop = StopRequest()

    def request(number, frame):
        if not stop.patient:
            os.write(2, f"{Path(sys.argv[0]).name}: stopped\n".encode())
            os._exit(128 + number)
        stop.signal = stop.signal or number
        stop.count += 1
        if stop.count >= LAST_SIGNAL:
            stop.end_if_requested("interrupted")

    earlier = {number: handle(number, request) for number in (signal.SIGINT, *TERMINATING)}
    try:
        yield stop
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
    stop.end_if_requested(message)


def _terminate(number, frame):
    raise Terminated(number=number)


def _exit_at_once(status):
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status or 0)


def _discard_stdout():
    """Send the rest of the output to the null device, so that Python's exit can flush it."""
    with open(os.devnull, "w") as nowhere, suppress(OSError, ValueError):
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
