import pytest

from tests.torture.fuzz import CASES, run


@pytest.mark.parametrize("check", CASES, ids=lambda check: check.__name__)
def test_generated_files_are_read_or_refused(check):
    run(check, cases=60)
