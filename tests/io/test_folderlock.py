import os
import subprocess
import sys

import pytest

from pipeline.errors import UserError
from pipeline.io.folderlock import locked_folder
from tests.conftest import ROOT

HOLD = """
import pathlib, sys
from pipeline.io.folderlock import locked_folder
with locked_folder(pathlib.Path(sys.argv[1]), "work"):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], cwd=ROOT, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_held_folder_is_refused_with_the_holders_number(tmp_path, holder):
    with (
        pytest.raises(UserError, match=f"process {holder.pid} writes there already"),
        locked_folder(tmp_path, "work"),
    ):
        pytest.fail("the block must not run")
    with locked_folder(tmp_path, "other work"):
        pass


def test_a_killed_process_lets_go(tmp_path, holder):
    holder.kill()
    holder.wait()
    with locked_folder(tmp_path, "work"):
        assert (tmp_path / ".work.lock").read_text() == str(os.getpid())
    assert not list(tmp_path.iterdir())
