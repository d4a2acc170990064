import numpy as np

from pipeline.evaluation import report
from pipeline.evaluation.measures import evaluate


def test_names_with_brackets_and_dollars_are_names(tmp_path, capsys):
    names = ("[bold]", "[/x]", "$a_{$", "accuracy")
    result = {"model": "[red]$_{$.hdf5", "dataset": "[x]", "split": "test",
              **evaluate(np.arange(4), np.eye(4, dtype=np.float32), names)}
    report.show(result)
    report.write(result, tmp_path / "x.y.json", tmp_path / "x.y.png")
    printed = capsys.readouterr().out
    assert all(name in printed for name in (*names, "[red]$_{$.hdf5"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.y.json", "x.y.png"]
