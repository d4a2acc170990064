import pytest

from config.experiments import EXPERIMENTS
from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.training.trainingplan import MEASURED, Wanted, training_plan


def plan(tmp_path, monkeypatch, **record):
    """Return the plan of a training that resumes from a checkpoint with this record."""
    path = tmp_path / "epoch_1.hdf5"
    path.write_text("read below")
    monkeypatch.setattr(checkpoint, "read_record", lambda _: {"experiment": 1} | record)
    return training_plan(EXPERIMENTS, {}, Wanted(model=path))


def test_a_training_resumes_where_the_history_is_whole(tmp_path, monkeypatch):
    history = {name: [0.5] for name in MEASURED}
    assert plan(tmp_path, monkeypatch, epoch=1, history=history)["epochs"] == 60
    assert plan(tmp_path, monkeypatch, epoch=0, history={})["epoch"] == 0


@pytest.mark.parametrize("name", MEASURED)
def test_a_history_without_what_each_epoch_measures_is_refused(tmp_path, monkeypatch, name):
    history = {other: [0.5] for other in MEASURED if other != name}
    with pytest.raises(UserError, match=f"epoch_1.hdf5: its history has no {name}, "):
        plan(tmp_path, monkeypatch, epoch=1, history=history)
