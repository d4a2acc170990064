"""A file that FFmpeg writes, and that says what went wrong."""


class WatchedFile:
    """A binary file, new at `path`, for FFmpeg, which is silent about a disk that is full.

    failure: the first OSError, after which nothing more is written; None if all is well.
    """

    def __init__(self, path):
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115 - close() is for who writes
        self.failure = None
        self.name = str(path)

    def write(self, data):
        rest = memoryview(data)
        try:
            while rest and self.failure is None:
                rest = rest[self._file.write(rest):]
        except OSError as error:
            self.failure = error
        return len(data)

    def seekable(self):
        return self._file.seekable()

    def seek(self, offset, whence=0):
        return self._file.seek(offset, whence)

    def tell(self):
        return self._file.tell()

    def close(self):
        self._file.close()
