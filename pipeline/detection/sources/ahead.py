"""Work that goes on while its results are used."""

import queue
import threading


def ahead(items, size, stop=None):
    """Yield from an iterable that a thread runs through, up to `size` items ahead.

    It ends early, also while it waits, once stop.requested. What the iterable raises is raised
    here. Close the generator to stop the thread, which ends after the item that it is at.
    """
    results = queue.Queue(maxsize=size)
    stopping = threading.Event()

    def put(result):
        while not stopping.is_set():
            try:
                return results.put(result, timeout=0.1)
            except queue.Full:
                continue

    def work():
        try:
            for item in items:
                if stopping.is_set():
                    return
                put((item, None))
            put((None, StopIteration()))
        except BaseException as error:  # it is the consumer's to handle
            put((None, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while stop is None or not stop.requested:
            try:
                item, error = results.get(timeout=0.1)
            except queue.Empty:
                continue
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item
    finally:
        stopping.set()
        # A thread that works on while Python ends can abort the process. It may have to wait
        # for an item of a camera that hangs, so it is not waited for longer than this.
        thread.join(timeout=2)
