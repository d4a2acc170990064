import os
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from pipeline.commandline import (
    existing_file,
    name,
    path,
    positive,
    seconds,
    share,
    this_command,
)
from pipeline.errors import UserError


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [(positive, "1", 1), (positive, "300", 300),
     (share, "1", 1), (share, "0.5", 0.5), (share, "0", 0), (seconds, "0.14", 0.14)],
)
def test_numbers_in_range_are_taken(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize("text", ["0", "-3", "1.5", "x", ""])
def test_what_is_no_count_is_named_with_what_was_expected(text):
    with pytest.raises(ArgumentTypeError, match=f"^{text}: expected a whole number above 0$"):
        positive(text)


@pytest.mark.parametrize("text", ["1.1", "-0.1", "nan", "x", ""])
def test_what_is_no_share_is_named_with_what_was_expected(text):
    with pytest.raises(ArgumentTypeError, match=f"^{text}: expected a number from 0 to 1$"):
        share(text)


def test_what_is_no_file_is_not_called_empty(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for no_file in (pipe, os.devnull):
        with pytest.raises(UserError, match=f"^{no_file}: a pipe or a device, expected a model"):
            existing_file(no_file, "model", "train one")


def test_an_empty_name_is_no_name():
    assert name("x") == "x"
    with pytest.raises(ArgumentTypeError, match="found nothing, expected a name"):
        name("")


def test_an_empty_path_is_not_this_folder():
    assert path("x") == Path("x")
    with pytest.raises(ArgumentTypeError, match="found nothing, expected a name"):
        path("")


@pytest.mark.parametrize(("backend", "start"), [
    (None, "python x.py"), ("tensorflow", "python x.py"), ("jax", "KERAS_BACKEND=jax python x.py")])
def test_a_command_to_go_on_with_keeps_the_backend(monkeypatch, backend, start):
    monkeypatch.setattr(sys, "argv", ["x.py", "--model", "a b", "--epochs=3"])
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if backend:
        monkeypatch.setenv("KERAS_BACKEND", backend)
    assert this_command(model="c", start_epoch=2) == f"{start} --epochs=3 --model c --start_epoch 2"
