"""Makes items in a thread, ahead of their use."""

import queue
import threading
import time
from contextlib import suppress

from pipeline.process.ending import may_hang

PATIENCE = 0.1  # seconds between two checks for a stop
LONGEST_JOIN = 2  # seconds to wait for a thread's end, which may hang in a library
LONGEST_WAIT = 0.2  # seconds for which a frame of a live source may wait
END = object()


def ahead(items, size, stop=None, merge=None):
    """Yield the items of an iterable that a thread runs through, up to `size` items ahead.

    The generator ends early once stop.requested, even if the iterable hangs, and raises what the
    iterable raises. merge: for a live source, which cannot wait, as LiveQueue takes it.
    """
    waiting = queue.Queue(size) if merge is None else LiveQueue(size, merge)
    closed, failures = threading.Event(), []

    def put(item):
        while not closed.is_set():
            with suppress(queue.Full):
                return waiting.put(item, timeout=PATIENCE)

    def work():
        try:
            for item in items:
                put(item)
                if closed.is_set():
                    return
        except BaseException as error:  # it is raised again in the thread that uses the items
            failures.append(error)
        put(END)

    thread = threading.Thread(target=work, daemon=True)
    may_hang.add(thread)
    thread.start()
    try:
        while stop is None or not stop.requested:
            with suppress(queue.Empty):
                item = waiting.get(timeout=PATIENCE)
                if item is not END:
                    yield item
                elif failures:
                    raise failures[0]
                else:
                    return
    finally:
        closed.set()
        thread.join(timeout=PATIENCE if stop is not None and stop.requested else LONGEST_JOIN)


class LiveQueue(queue.Queue):
    """A queue that drops its oldest item if `size` wait.

    If an item has waited for LONGEST_WAIT, all but the newest are dropped. merge(dropped, next)
    hands on what the next item needs.
    """

    def __init__(self, size, merge):
        super().__init__()
        self._size, self._merge = size, merge

    def _put(self, item):
        if len(self.queue) == self._size and item is not END:
            self._drop_oldest()
        self.queue.append((time.monotonic(), item))

    def _get(self):
        if time.monotonic() - self.queue[0][0] > LONGEST_WAIT:
            while len(self.queue) > 1 and self.queue[1][1] is not END:
                self._drop_oldest()
        return self.queue.popleft()[1]

    def _drop_oldest(self):
        _, dropped = self.queue.popleft()
        self._merge(dropped, self.queue[0][1])
