"""Makes items in a thread, ahead of their use."""

import threading
import time
from collections import deque

from pipeline.ending import may_hang

PATIENCE = 0.1  # seconds between two checks for a stop
LONGEST_JOIN = 2  # seconds to wait for a thread's end, which may hang in a library
LONGEST_WAIT = 0.2  # seconds for which a frame of a live source may wait
END = object()


def ahead(items, size, stop=None, merge=None):
    """Yield the items of an iterable that a thread runs through, up to `size` items ahead.

    The generator ends early once stop.requested, even if the iterable hangs. What the iterable
    raises is raised here. Closing the generator ends the thread after the item that it makes.

    merge: for a live source, which cannot wait: if `size` items wait, the oldest one is dropped,
    and if one has waited for longer than LONGEST_WAIT, all but the newest. merge(dropped, next)
    hands on what the next item needs of the one that is dropped.
    """
    queue = Queue(size, merge)
    thread = threading.Thread(target=queue.fill, args=(items,), daemon=True)
    may_hang.add(thread)
    thread.start()
    try:
        while stop is None or not stop.requested:
            for item in queue.take():
                if item is END:
                    return
                yield item
    finally:
        queue.closed = True
        thread.join(timeout=PATIENCE if stop is not None and stop.requested else LONGEST_JOIN)


class Queue:
    """Items on their way from one thread to another; size and merge as `ahead` takes them."""

    def __init__(self, size, merge):
        self._size = size
        self._merge = merge
        self._items = deque()  # (time of arrival, item)
        self._changed = threading.Condition()
        self._error = None
        self._ended = self.closed = False

    def fill(self, items):
        """Append items until there are no more or the queue is closed."""
        try:
            for item in items:
                if not self._put(item):
                    return
        except BaseException as error:  # it is raised again in the thread that uses the items
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _put(self, item):
        """Append an item; return whether more are wanted."""
        with self._changed:
            while not self.closed and self._merge is None and len(self._items) == self._size:
                self._changed.wait(PATIENCE)
            if self._merge and len(self._items) == self._size:
                self._drop_oldest()
            self._items.append((time.monotonic(), item))
            self._changed.notify_all()
        return not self.closed

    def take(self):
        """Return a list of the next item, or END; empty if none comes within PATIENCE."""
        with self._changed:
            if not self._items and not self._ended:
                self._changed.wait(PATIENCE)
            if not self._items:
                if self._error:
                    raise self._error
                return [END] if self._ended else []
            if self._merge and time.monotonic() - self._items[0][0] > LONGEST_WAIT:
                while len(self._items) > 1:
                    self._drop_oldest()
            self._changed.notify_all()
            return [self._items.popleft()[1]]

    def _drop_oldest(self):
        _, dropped = self._items.popleft()
        self._merge(dropped, self._items[0][1])
