import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
from pipeline.training.network import compile_for_training
from tests.conftest import record_of
from tests.torture.hostile import KINDS, NETWORK, good_database, good_table

CASES = 25


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    model = EmotionVGGNet.build(**NETWORK)
    compile_for_training(model, "adam", 0.01)
    model.optimizer.build(model.trainable_variables)
    path = folder / "model.hdf5"
    checkpoint.save(model, path, record_of(NETWORK))
    return {"model": path.read_bytes(), "database": good_database(folder / "database"),
            "CSV": good_table(), "cascade": b""}


@pytest.mark.parametrize("kind", KINDS)
def test_files_that_mean_harm_are_read_or_refused(good, tmp_path, kind):
    suffix, build, read, _ = KINDS[kind]
    path, refused = tmp_path / f"case{suffix}", 0
    for number in range(CASES):
        build(path, np.random.default_rng((1, number)), good[kind])
        try:
            read(path)
        except UserError as error:
            assert str(path) in str(error) and "\n" not in str(error)
            refused += 1
    assert refused > CASES / 4
