import os
from argparse import ArgumentTypeError

import pytest

from pipeline.commandline import existing_file, name, positive, share, share_below_1
from pipeline.errors import UserError


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [(positive, "1", 1), (positive, "300", 300),
     (share, "1", 1), (share, "0.5", 0.5), (share_below_1, "0", 0), (share_below_1, ".7", 0.7)],
)
def test_numbers_in_range_are_taken(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize("text", ["0", "-3", "1.5", "x", ""])
def test_what_is_no_count_is_named_with_what_was_expected(text):
    with pytest.raises(ArgumentTypeError, match=f"^{text}: expected a whole number above 0$"):
        positive(text)


@pytest.mark.parametrize("text", ["1", "-0.1", "nan", "x", ""])
def test_what_is_no_share_is_named_with_what_was_expected(text):
    with pytest.raises(ArgumentTypeError, match=f"^{text}: expected a number from 0 to below 1$"):
        share_below_1(text)


@pytest.mark.parametrize("text", ["1.1", "-0.1", "nan", "x", ""])
def test_what_is_no_share_up_to_1_is_named_with_what_was_expected(text):
    with pytest.raises(ArgumentTypeError, match=f"^{text}: expected a number from 0 to 1$"):
        share(text)


def test_what_is_no_file_is_not_called_empty(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, os.devnull):
        with pytest.raises(UserError, match=f"^{path}: a pipe or a device, expected a model"):
            existing_file(path, "model", "train one")


def test_an_empty_name_is_no_name():
    assert name("x") == "x"
    with pytest.raises(ArgumentTypeError, match="found nothing, expected a name"):
        name("")
