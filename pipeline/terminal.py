"""What is said in the terminal."""

import os
import sys
import threading
import unicodedata
from contextlib import contextmanager, suppress

# Controls, lone surrogates, line and paragraph separators.
ESCAPED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}

# Characters that turn the direction of the text around them.
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def printable(text):
    """Return text with what would act on a terminal, or is not UTF-8, shown as an escape."""
    text = os.fsencode(text).decode("utf-8", "backslashreplace") if is_undecoded(text) else text
    return "".join(
        character.encode("unicode_escape").decode() if acts_on_terminal(character) else character
        for character in str(text))


def is_undecoded(text):
    """Return whether a name has bytes that are not UTF-8, which Python keeps as surrogates."""
    return any("\udc80" <= character <= "\udcff" for character in str(text))


def acts_on_terminal(character):
    return (unicodedata.category(character) in ESCAPED_CATEGORIES
            or unicodedata.bidirectional(character) in TURNING)


def notice(line):
    """Print a line on stderr, if that is still there."""
    with _stderr, suppress(OSError):
        print(printable(line), file=sys.stderr, flush=True)


@contextmanager
def quiet_stderr():
    """Let nothing through to stderr: libraries write to it past Python and their own settings.

    Notices of other threads wait.
    """
    with _stderr:
        sys.stderr.flush()
        kept = os.dup(2)
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


_stderr = threading.RLock()
