"""Makes items in a thread, ahead of their use."""

import threading
import time
from collections import deque

from pipeline.ending import leave_behind

PATIENCE = 0.1  # seconds between two checks for a stop
LONGEST_JOIN = 2  # seconds to wait for a thread's end, which may hang in a library
LONGEST_WAIT = 0.2  # seconds for which a frame of a live source may wait


def ahead(items, size, stop=None, merge=None):
    """Yield the items of an iterable that a thread runs through, up to `size` items ahead.

    The generator ends early once stop.requested, even if the iterable hangs. What the iterable
    raises is raised here. Closing the generator ends the thread after the item that it makes.

    merge: for a live source, which cannot wait: if `size` items wait, the oldest one is dropped,
    and if one has waited for longer than LONGEST_WAIT, all but the newest. merge(dropped, next)
    hands on what the next item needs of the one that is dropped.
    """
    queue = Queue(size, merge)

    def work():
        try:
            for item in items:
                if not queue.put(item):
                    return
            queue.end()
        except BaseException as error:  # it is raised again in the thread that uses the items
            queue.end(error)

    thread = threading.Thread(target=work, daemon=True)
    leave_behind(thread)
    thread.start()
    try:
        while not queue.finished and (stop is None or not stop.requested):
            yield from queue.take()
    finally:
        queue.close()
        thread.join(timeout=PATIENCE if stop is not None and stop.requested else LONGEST_JOIN)


class Queue:
    """Items on their way from one thread to another; size and merge as `ahead` takes them."""

    def __init__(self, size, merge):
        self._size = size
        self._merge = merge
        self._items = deque()  # (time of arrival, item)
        self._ended = self._closed = False
        self._error = None
        self._changed = threading.Condition()

    @property
    def finished(self):
        return self._ended and not self._items

    def put(self, item):
        """Append an item. Returns whether anybody still wants items."""
        with self._changed:
            if self._merge is None:
                self._changed.wait_for(lambda: len(self._items) < self._size or self._closed)
            elif len(self._items) == self._size:
                self._drop_oldest()
            self._items.append((time.monotonic(), item))
            self._changed.notify_all()
            return not self._closed

    def end(self, error=None):
        """Note that no more items come, and what the last `take` raises."""
        with self._changed:
            self._ended, self._error = error is None, error
            self._changed.notify_all()

    def take(self):
        """Return a list of the next item, empty if none comes within PATIENCE."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._ended or self._error, PATIENCE)
            if not self._items:
                if self._error:
                    raise self._error
                return []
            if self._merge and time.monotonic() - self._items[0][0] > LONGEST_WAIT:
                while len(self._items) > 1:
                    self._drop_oldest()
            self._changed.notify_all()
            return [self._items.popleft()[1]]

    def close(self):
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _drop_oldest(self):
        _, dropped = self._items.popleft()
        self._merge(dropped, self._items[0][1])
