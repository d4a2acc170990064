"""The limits that are set before a library is imported."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT, environment

LIMIT = """
import sys
from pipeline.process.imports import available_cores, limit_threads
limit_threads(int(sys.argv[1]))
import cv2
print(available_cores(), cv2.getNumThreads())
"""


def limited(number):
    """Return (threads of the network, threads of OpenCV) of a limited process."""
    output = subprocess.run([sys.executable, "-c", LIMIT, str(number)], cwd=ROOT, text=True,
                            check=True, capture_output=True, env=environment()).stdout
    return tuple(map(int, output.split()))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_a_limit_of_threads():
    cores = len(os.sched_getaffinity(0))
    assert limited(1) == (1, 1)
    assert limited(10**9) == (cores, cores)
