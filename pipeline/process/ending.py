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
from pipeline.process.terminal import notice

# SIGHUP comes when the terminal is closed; Windows has none.
TERMINATING = [number for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)) if number]

# Threads that may hang in a library. If one still does at the end, Python's cleanup would free what
# the library uses, so the process ends without it.
may_hang = WeakSet()

received = []  # the signals that terminate() has raised


class Terminated(KeyboardInterrupt):
    """A signal that ends the script as Ctrl-C does, with an exit status of its own."""

    def __init__(self, message="terminated", number=signal.SIGTERM):
        super().__init__(message)
        self.number = number


def run(main, requirements="requirements.txt"):
    """Call main() and exit with its status; requirements: the list of the packages it needs."""
    open_closed_streams()
    received.clear()
    for number in TERMINATING:
        handle(number, terminate)
    try:
        status = main()
        sys.stdout.flush()
    except (UserError, KeyboardInterrupt, OSError, ModuleNotFoundError) as error:
        if isinstance(error, OSError):  # perhaps of stdout, which Python flushes once more
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 1)
        status = 1 if isinstance(error, BrokenPipeError) else tell(error, requirements)
    if status and status > 128:  # a further signal would only disturb the end
        for number in (signal.SIGINT, *TERMINATING):
            signal.signal(number, signal.SIG_IGN)
    if any(thread.is_alive() for thread in may_hang):
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(status or 0)
    sys.exit(status)


def tell(error, requirements="requirements.txt"):
    """Print the one line of an error, and return the exit status; raise a fault of our own."""
    status = 2
    if isinstance(error, UserError):
        message = str(error)
    elif isinstance(error, KeyboardInterrupt):
        message = str(error) or "interrupted"
        status = 128 + getattr(error, "number", signal.SIGINT)
    elif isinstance(error, ModuleNotFoundError) and (
            (error.name or "").partition(".")[0] not in ("", "config", "pipeline")):
        lists = {"aiohttp": "requirements-serve.txt", "jax": "requirements-jax.txt"}.get(
            error.name, requirements)
        message = (f"{error.name} is not installed, which this needs; pip install -r {lists}, with "
                   f"Python 3.11 to 3.13 (this is {sys.version.split()[0]})")
    elif isinstance(error, OSError) and error.errno is not None:
        message = f"{error.filename or 'cannot go on'}: {error.strerror}"
    else:
        raise error
    if os.environ.get("EMOTION_DEBUG", "0") != "0":
        traceback.print_exception(error)
    notice(f"{Path(sys.argv[0]).name}: {message}")
    return status


def open_closed_streams():
    """Open closed standard streams, whose numbers the next files would take, on the null device."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):  # what they cannot encode is escaped
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def handle(number, handler):
    """Set a signal's handler and return the earlier one; under nohup SIGHUP stays ignored."""
    earlier = signal.getsignal(number)
    if number not in TERMINATING or earlier != signal.SIG_IGN:
        signal.signal(number, handler)
    return earlier


def terminate(number, frame):
    received.append(number)
    raise Terminated(number=number)


def terminate_again():
    """Raise Terminated if there was a signal.

    Python drops an exception that is raised in a destructor or a weak reference's callback; imports
    have many of these.
    """
    if received:
        raise Terminated(number=received[0])


class StopRequest:
    """Whether a run is to stop, and after which signal; None if a window was closed."""

    requested, signal = False, None
    patient = False  # there are outputs to complete; before, a signal ends the process at once

    def end_if_requested(self, message="stopped"):
        """Raise Terminated with a message if there was a signal."""
        if self.signal:
            raise Terminated(message, self.signal)


@contextmanager
def stop_requests(message):
    """Yield a StopRequest that SIGINT, SIGTERM and SIGHUP set; the third signal aborts.

    Raises Terminated with the message if the block ends well after a signal.
    """
    stop = StopRequest()

    def request(number, frame):
        if not stop.patient:
            os.write(2, f"{Path(sys.argv[0]).name}: stopped\n".encode())
            os._exit(128 + number)
        if stop.signal:
            restore()
        stop.requested, stop.signal = True, stop.signal or number

    def restore():
        for number, handler in earlier.items():
            signal.signal(number, handler)

    earlier = {number: handle(number, request) for number in (signal.SIGINT, *TERMINATING)}
    try:
        yield stop
    finally:
        restore()
    stop.end_if_requested(message)
