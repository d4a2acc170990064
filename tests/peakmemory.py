"""The memory that reading a file takes at its peak."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

CODE = """
import os, sys
{imports}

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if "VmHWM" in line)

for path in sys.argv[1:]:
    if os.fork() == 0:
        before = peak()
        {reading}
        print(peak() - before, flush=True)
        os._exit(0)
    os.wait()
"""

measurable = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="VmHWM is Linux's")


def peaks(imports, reading, paths):
    """Return the bytes that a line of Python, which reads a `path`, takes with each of paths.

    Each is measured in a process of its own.
    """
    code = CODE.format(imports=imports, reading=reading)
    process = subprocess.run([sys.executable, "-c", code, *paths], cwd=ROOT, capture_output=True,
                             text=True, check=True)
    found = [int(taken) for taken in process.stdout.split()]
    assert len(found) == len(paths)
    return found
