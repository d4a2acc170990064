"""How a script ends: well, by an error of the user's, or by a signal."""

import signal
import sys
from contextlib import contextmanager
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


def _terminate(number, frame):
    raise Terminated


def _fail(message, status):
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    return status
