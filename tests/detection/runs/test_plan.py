import os

import pytest

from pipeline.detection.runs.plan import plan_jobs
from pipeline.errors import UserError
from pipeline.files.folder import Skips
from tests.conftest import ROOT, SAMPLE_VIDEO, fails_with


def test_an_output_that_standard_input_is_read_from_is_refused(tmp_path):
    video = tmp_path / "video.mp4"
    video.write_bytes(b"mine")
    kept = os.dup(0)
    with open(video, "rb") as file:
        os.dup2(file.fileno(), 0)
    try:
        with pytest.raises(UserError, match="the same as /dev/stdin, which is read"):
            plan_jobs(camera=0, videos=["-"], pictures=None, skips=Skips(),
                      also_read=[], annotated=str(video), csv=None, timeline=None)
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def test_the_cascade_that_ships_is_not_written_over():
    line = fails_with("emotion_detector.py", "--video", SAMPLE_VIDEO, "--no-display", "--csv",
                      ROOT / "haarcascade_frontalface_default.xml")
    assert "haarcascade_frontalface_default.xml, which is read" in line


@pytest.mark.parametrize("address", ["rtsp://host/.", "rtsp://host/..", "rtsp://host/"])
def test_an_address_without_a_name_is_a_video(tmp_path, address):
    job, = plan_jobs(camera=0, videos=[address], pictures=None, skips=Skips(),
                     also_read=[], annotated=None, csv=f"{tmp_path}/",
                     timeline=None)
    assert job.csv.parent == tmp_path and job.csv.suffix == ".csv"
