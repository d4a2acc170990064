"""The processor cores that a process may use, and a bound for them."""

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
    number = min(number, len(cores))
    slot = os.environ.get("PARALLEL_JOBSLOT", "")
    slot = int(slot) if slot.isdecimal() else 0
    slot = slot or random.randrange(len(cores)) + 1
    first = (slot - 1) * number
    os.sched_setaffinity(0, {cores[(first + n) % len(cores)] for n in range(number)})


def available_cores():
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
