"""Trains as train_recognizer.py does, by its arguments, but networks of few filters.

    python -m tests.training.fewfilters --experiment 7
"""

from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import train_recognizer
from config.experiments import EXPERIMENTS
from pipeline.process.ending import run


@contextmanager
def few_filters():
    """Give the recipes that the tests train by a quarter of the filters, for as long as it lasts.

    The layers stay, and what the network sees; a training takes half of the time.
    """
    with patch.dict(EXPERIMENTS, {number: replace(EXPERIMENTS[number], filters=8)
                                  for number in (1, 4, 7, 10)}):
        yield


if __name__ == "__main__":
    with few_filters():
        run(train_recognizer.main)
