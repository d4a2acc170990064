"""The limits that are set before a library is imported."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT, environment

needs_linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
LIMIT = """
import os, sys
from pipeline.quietimports import available_cores, limit_threads
limit_threads(int(sys.argv[1]))
import cv2
print(available_cores(), cv2.getNumThreads(), *os.sched_getaffinity(0))
"""


def limited(number, **variables):
    """Return (threads of the network, threads of OpenCV, cores) of a limited process."""
    output = subprocess.run([sys.executable, "-c", LIMIT, str(number)], cwd=ROOT, text=True,
                            check=True, capture_output=True, env=environment(**variables)).stdout
    network, opencv, *cores = map(int, output.split())
    return network, opencv, set(cores)


@needs_linux
@pytest.mark.parametrize("slot", ["", "0", "x"])
def test_a_limit_of_threads_pins_no_process(slot):
    allowed = os.sched_getaffinity(0)
    assert limited(1, PARALLEL_JOBSLOT=slot) == (1, 1, allowed)
    assert limited(10**9, PARALLEL_JOBSLOT=slot) == (len(allowed), len(allowed), allowed)


@needs_linux
@pytest.mark.skipif(os.cpu_count() < 2, reason="needs two cores")
def test_jobs_of_gnu_parallel_get_cores_of_their_own():
    first, second = (limited(1, PARALLEL_JOBSLOT=slot) for slot in ("1", "2"))
    assert first[:2] == second[:2] == (1, 1)
    assert len(first[2]) == len(second[2]) == 1 and first[2] != second[2]
    assert limited(1, PARALLEL_JOBSLOT="1") == first
