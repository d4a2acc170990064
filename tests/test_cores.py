import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

needs_linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")


def cores_of(number, **environment):
    """Return the cores of a process that has called use_cores, and of a thread of it."""
    code = ("import os, sys, threading\n"
            "from pipeline.cores import use_cores\n"
            "use_cores(int(sys.argv[1]))\n"
            "print(*os.sched_getaffinity(0))\n"
            "thread = threading.Thread(target=lambda: print(*os.sched_getaffinity(0)))\n"
            "thread.start()\n"
            "thread.join()\n")
    output = subprocess.run([sys.executable, "-c", code, str(number)], cwd=ROOT, text=True,
                            check=True, capture_output=True, env=os.environ | environment).stdout
    own, threads = output.splitlines()
    assert own == threads
    return {int(core) for core in own.split()}


@needs_linux
def test_a_process_gets_as_many_cores_as_it_may_use():
    allowed = os.sched_getaffinity(0)
    assert len(cores_of(1)) == 1
    assert cores_of(1) <= allowed
    assert cores_of(10**9) == allowed
    assert len(cores_of(1, PARALLEL_JOBSLOT="x")) == 1


@needs_linux
@pytest.mark.skipif(os.cpu_count() < 2, reason="needs two cores")
def test_processes_side_by_side_get_others():
    slots = [cores_of(1, PARALLEL_JOBSLOT=str(slot)) for slot in (1, 2)]
    assert slots[0] != slots[1]
    assert cores_of(1, PARALLEL_JOBSLOT="1") == slots[0]
