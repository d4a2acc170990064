"""How a script ends: well, by an error of the user's, or by a signal.

The exit status is 0 if all is well, 1 if something was skipped or broke off, 2 if nothing could be
done, and 128 and the signal's number after one: 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP.
"""

import io
import os
import signal
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import UserError
from pipeline.terminal import notice

# SIGHUP comes when the terminal is closed; Windows has none.
TERMINATING = [number for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)) if number]

# Threads that may hang in a library to the end.
_left_behind = []

# A signal that comes again while outputs are completed is no reason to spoil them; one that
# comes so often is meant.
MOST_SIGNALS = 3


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP came; handled as Ctrl-C is, but for the exit status."""

    def __init__(self, message="", number=signal.SIGTERM):
        super().__init__(message)
        self.number = number


def run(main):
    """Call main() and exit with its status, or with that of what it raises."""
    open_closed_streams()
    for number in TERMINATING:
        handle(number, _terminate)
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # who reads the output wants no more of it
        _leave_stdout()
        status = 1
    except OSError as error:
        _leave_stdout()
        if error.errno is None:
            raise
        status = tell(error)
    except (UserError, KeyboardInterrupt) as error:
        status = tell(error)
    if status and status > 128:  # one more signal would only spoil the end
        for number in (signal.SIGINT, *TERMINATING):
            signal.signal(number, signal.SIG_IGN)
    if any(thread.is_alive() for thread in _left_behind):
        _exit_at_once(status)
    sys.exit(status)


def leave_behind(thread):
    """Let the process end at once if a thread still hangs in a library then.

    The interpreter would tidy up under it, and take away what the library uses.
    """
    _left_behind.append(thread)


def tell(error):
    """Print the line that a script ends with after an error, and return its exit status."""
    if isinstance(error, UserError):
        message, status = str(error), 2
    elif isinstance(error, Terminated):
        message, status = str(error) or "terminated", 128 + error.number
    elif isinstance(error, KeyboardInterrupt):
        message, status = str(error) or "interrupted", 130
    else:  # what the system says, and nothing has said better
        message, status = f"{error.filename or 'cannot go on'}: {error.strerror}", 2
    notice(f"{Path(sys.argv[0]).name}: {message}")
    return status


def open_closed_streams():
    """Let what a caller has closed lead nowhere, and what a stream cannot show be escaped.

    Else the next file to be opened would take the place of a closed stream.
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
    """Set a signal's handler, and return the one before it; under nohup SIGHUP stays ignored."""
    earlier = signal.getsignal(number)
    if number not in TERMINATING or earlier != signal.SIG_IGN:
        signal.signal(number, handler)
    return earlier


class StopRequest:
    """Whether a signal asked for an end, and which.

    patient: whether there is something to complete first. Until it is set, a signal ends the
    process at once, also in the middle of an import.
    """

    signal = None
    patient = False
    count = 0
    _ended = False

    @property
    def requested(self):
        return self._ended or self.signal is not None

    def end(self):
        """Ask for an end that is no interruption: someone closed a window."""
        self._ended = True

    def end_if_requested(self, message="stopped"):
        """Raise what the signal would have, if there was one."""
        if self.signal in TERMINATING:
            raise Terminated(message, self.signal)
        if self.signal is not None:
            raise KeyboardInterrupt(message)


@contextmanager
def stop_requests(message):
    """Yield a StopRequest that SIGINT, SIGTERM and SIGHUP set; the third one interrupts.

    After a block that ends well it raises what the first signal would have, with the message.
    """
    stop = StopRequest()

    def request(number, frame):
        if not stop.patient:
            os.write(2, f"{Path(sys.argv[0]).name}: stopped\n".encode())
            os._exit(128 + number)
        stop.signal = stop.signal or number
        stop.count += 1
        if stop.count >= MOST_SIGNALS:
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


def _leave_stdout():
    """Let the rest of the output lead nowhere, so that the interpreter's end does not try again."""
    with open(os.devnull, "w") as nowhere, suppress(OSError, ValueError):
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
