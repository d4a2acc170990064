"""Connections by which the processes of a training notice at once that one of them has ended."""

import os
import shutil
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

import numpy as np

from pipeline.ending import tell
from pipeline.errors import UserError

DONE = b"done"
CONNECT_WITHIN = 60  # seconds, once all processes are there
NOTICED_WITHIN = 5  # seconds that an error waits for the end of another process to explain it


class Lifelines:
    """A connection from every process to process 0, which is closed however a process ends.

    JAX itself notices an end only where processes exchange something, or aborts. last_good:
    function without arguments that returns the last checkpoint's path, or None. scratch: a
    folder to remove where a process ends at once.
    """

    def __init__(self, scratch):
        self.last_good = lambda: None
        self._scratch = scratch
        self._words = Path(scratch) / "words_of_libraries.txt"
        self._number = None
        self._connections = {}  # by the number of the process at the other end
        self._ending = threading.Lock()

    def connect(self):
        """Connect the processes, which JAX has joined."""
        import jax
        from jax._src.distributed import global_state  # nothing public has the address
        from jax.experimental.multihost_utils import broadcast_one_to_all

        self._number = jax.process_index()
        host = global_state.coordinator_address.rpartition(":")[0].strip("[]")
        if self._number:
            self._set_libraries_words_aside()
            port = int(broadcast_one_to_all(np.int32(0)))
            self._connections[0] = socket.create_connection((host, port), CONNECT_WITHIN)
            self._connections[0].sendall(self._number.to_bytes(4))
        else:
            both = socket.has_dualstack_ipv6()
            with socket.create_server(
                ("", 0), family=socket.AF_INET6 if both else socket.AF_INET, dualstack_ipv6=both,
                backlog=jax.process_count(),
            ) as server:
                server.settimeout(CONNECT_WITHIN)
                broadcast_one_to_all(np.int32(server.getsockname()[1]))
                while len(self._connections) < jax.process_count() - 1:
                    connection, _ = server.accept()
                    self._connections[int.from_bytes(connection.recv(4))] = connection
        for number, connection in self._connections.items():
            connection.settimeout(None)
            threading.Thread(target=self._watch, args=(number, connection), daemon=True).start()

    def done(self):
        """Let the others know that this process ends because all is done."""
        self._say(DONE)

    def end_by(self, error):
        """End this process at once by an error, of which the others hear."""
        explained = isinstance(error, (UserError, KeyboardInterrupt))
        if not explained:
            time.sleep(NOTICED_WITHIN)
        with self._ending:
            if explained:
                status = tell(error)
                stopped = isinstance(error, KeyboardInterrupt)
                reason = "was stopped" if stopped else f"ended: {error}"
                self._say(f"process {self._number} {reason}".encode(errors="replace"))
            else:
                if self._words.exists():
                    print(self._words.read_text(errors="replace"), file=sys.stderr)
                traceback.print_exception(error)
                status = 1
            self._leave(status)

    def _watch(self, number, connection):
        said = b""
        with suppress(OSError):
            while piece := connection.recv(4096):
                said += piece
        if said == DONE:
            return
        reason = said.decode() or f"process {number} has ended"
        with self._ending:
            tell(UserError(f"{reason}; the last good checkpoint is {self.last_good() or 'none'}"))
            self._say(said or reason.encode())
            self._leave(2)

    def _say(self, words):
        for connection in self._connections.values():
            with suppress(OSError):
                connection.sendall(words)

    def _set_libraries_words_aside(self):
        """Keep the error output for Python: where process 0 dies, JAX has words of its own."""
        sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
        with open(self._words, "wb") as file:
            os.dup2(file.fileno(), 2)

    def _leave(self, status):
        shutil.rmtree(self._scratch, ignore_errors=True)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)
