"""Bounds the processor cores that a process uses."""

import os
import random

from pipeline.terminal import notice


def use_cores(number):
    """Let this process and its threads to come run on no more than `number` cores.

    Of several processes under GNU parallel each takes others, by its slot there; else they are
    drawn. Systems other than Linux have no such bound for Python to set, which a line says.
    """
    if not hasattr(os, "sched_setaffinity"):
        notice("--threads: this system has no bound for it; going on without")
        return
    cores = sorted(os.sched_getaffinity(0))
    slot = int(os.environ.get("PARALLEL_JOBSLOT", 0)) or random.randrange(len(cores)) + 1
    first = (slot - 1) * number
    os.sched_setaffinity(0, {cores[(first + n) % len(cores)] for n in range(number)})
