"""What a run leaves out."""

from collections import Counter

from pipeline.terminal import notice


class Skips:
    """Names on stderr what is left out or breaks off, and counts it by its reason.

    counts: {reason: number}, for the summary. others: {suffix: number} of the files in a folder
    that nobody asked for. left_out: of several videos, those with results.
    """

    def __init__(self):
        self.counts = Counter()
        self.others = Counter()
        self.left_out = 0

    def add(self, reason, line, number=1):
        """Say a line, and count `number` under its reason."""
        notice(line)
        self.counts[reason] += number
