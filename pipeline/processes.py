"""Work that several processes share."""

import multiprocessing
import signal
from collections import deque
from itertools import cycle

from pipeline.errors import UserError
from pipeline.quietimports import available_cores

# Items that a process gets at a time, and parcels that are on their way to each.
TOGETHER = 32
AHEAD = 2


def mapped(function, items):
    """Yield function(item) of each of a list of items in order, by a process for each CPU.

    function, items and results are sent between processes, as pickles. Few results wait at a
    time. What the function raises is raised here. The processes end when this one does. Raises
    UserError if one of them ends before.
    """
    parcels = [items[start:start + TOGETHER] for start in range(0, len(items), TOGETHER)]
    number = min(available_cores(), len(parcels))
    if number < 2:
        yield from map(function, items)
        return
    processes, pipes = zip(*(_started(function) for _ in range(number)))
    try:
        waiting = deque()
        for parcel, pipe in zip(parcels, cycle(pipes)):
            if len(waiting) == number * AHEAD:
                yield from _received(*waiting.popleft())
            pipe.send(parcel)
            waiting.append((parcel, pipe))
        while waiting:
            yield from _received(*waiting.popleft())
    finally:
        for pipe, process in zip(pipes, processes):
            pipe.close()
            process.join()


def _started(function):
    """Return a process that waits for parcels, and this side's end of its pipe."""
    # Started anew it has no copies of the other pipes, so it sees when this process ends.
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(function, there), daemon=True)
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for this process alone
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, handler)
    there.close()
    return process, here


def _received(parcel, pipe):
    try:
        results = pipe.recv()
    except (EOFError, OSError):
        raise UserError(f"a process ended while it worked on {parcel[0]} or one of the "
                        f"{len(parcel) - 1} after it; is there enough memory?") from None
    if isinstance(results, Exception):
        raise results
    return results


def _work(function, pipe):
    """Answer parcels of items with lists of results until the other side closes the pipe."""
    try:
        while True:
            parcel = pipe.recv()
            try:
                results = [function(item) for item in parcel]
            except Exception as error:
                results = error
            pipe.send(results)
    except (EOFError, OSError):
        pass
