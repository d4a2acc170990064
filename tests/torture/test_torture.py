"""A share of the long proofs; each by itself, python -m tests.torture.NAME, has the whole."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT, environment


@pytest.mark.torture
@pytest.mark.parametrize(("name", "times"), [
    ("fuzz", 300), ("hostile", 200), ("kill_training", 3), ("kill_build", 5),
    ("stop_detector", 3)])
def test_a_share_of_it_ends_well(name, times):
    process = subprocess.run([sys.executable, "-m", f"tests.torture.{name}", str(times)], cwd=ROOT,
                             capture_output=True, text=True, env=environment())
    assert process.returncode == 0, process.stdout + process.stderr
