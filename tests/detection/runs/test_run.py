from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.detection.runs.plan import Job
from pipeline.detection.runs.run import line_of, run_job, run_jobs
from pipeline.detection.sources.framesource import Reading
from pipeline.files.folder import Skips
from pipeline.process.ending import StopRequest
from tests.conftest import MODEL, SAMPLE_VIDEO


def analyzer(analyze=lambda frames, stop, live: ((frame, []) for frame in frames)):
    """Return an analyzer that finds no face."""
    return SimpleNamespace(
        class_names=["happy", "sad"], analyze=analyze,
        classifier=SimpleNamespace(path=MODEL, precision="int8", looks=("face",)),
        detector=SimpleNamespace(name="nobody", paths=[]),
        settings={"smoothing": 0, "least_confidence": 0})


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


EARLIER = '{\n "table": "an earlier one"'


@pytest.mark.parametrize("there", [{}, {"a.csv"}, {"a.csv", "a.json"}, {
    "a.csv", "a.json", ".a.csv.unfinished", ".a.json.unfinished"}])
def test_a_stop_before_the_first_frame_leaves_what_is_there_as_it_is(tmp_path, there):
    for name in there:
        (tmp_path / name).write_text(EARLIER)

    def stopped(frames, stop, live):
        stop.requested = True
        yield from ()

    run_job(Job(str(SAMPLE_VIDEO), csv=tmp_path / "a.csv"), analyzer(stopped), StopRequest(),
            reading=Reading())
    assert files_in(tmp_path) == sorted(there)
    assert all((tmp_path / name).read_text() == EARLIER for name in there)


def test_what_another_run_has_completed_meanwhile_is_left_out(tmp_path, capsys):
    jobs = [Job(str(SAMPLE_VIDEO), csv=tmp_path / name) for name in ("a.csv", "b.csv", "c.csv")]
    jobs.append(Job(str(SAMPLE_VIDEO), csv=tmp_path / "d.csv"))
    for name in ("a.csv", "a.json", "b.csv", "b.json", ".b.csv.unfinished", "d.csv"):
        (tmp_path / name).write_text(EARLIER)
    assert run_jobs(jobs, analyzer(), StopRequest(), Skips(), skip_existing=True,
                    reading=Reading(), max_frames=2) == 0
    assert "3 of 3 videos analysed, 0 failed, 1 left out" in capsys.readouterr().out
    assert (tmp_path / "a.csv").read_text() == EARLIER
    assert files_in(tmp_path) == [f"{name}.{suffix}" for name in "abcd"
                                  for suffix in ("csv", "json")]
    for name in ("b.csv", "d.csv"):  # d had no sidecar, so it was not complete
        assert (tmp_path / name).read_text().startswith("frame,seconds")


def test_the_line_of_a_live_source_says_what_is_seen():
    def face(number, emotion, probability):
        return SimpleNamespace(number=number, emotion=emotion,
                               probabilities=np.array([1 - probability, probability]))

    frame = SimpleNamespace(seconds=3723.45)
    assert line_of(frame, []) == "1:02:03.4  no face"
    assert line_of(frame, [face(3, "happy", 0.87)]) == "1:02:03.4  1 face: 3 happy 87%"
    assert line_of(frame, [face(n, "sad", 0.6) for n in range(1, 10)]).endswith(
        "9 faces: 1 sad 60%, 2 sad 60%, 3 sad 60%, 4 sad 60%, 5 sad 60%, 6 sad 60%, 3 more")
