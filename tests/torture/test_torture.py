"""A share of the long proofs: python -m tests.torture.fuzz and .kill_training have the whole."""

import pytest

from tests.torture import kill_training
from tests.torture.fuzz import CASES, run

pytestmark = pytest.mark.torture


@pytest.mark.parametrize("check", CASES, ids=lambda check: check.__name__)
def test_many_generated_files_are_read_or_refused(check):
    run(check, cases=500)


def test_a_training_that_is_killed_again_and_again_ends_with_the_same_weights():
    kill_training.main(kills=5)
