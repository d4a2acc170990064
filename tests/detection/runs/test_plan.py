import os

import pytest

from pipeline.detection.runs.plan import plan_jobs
from pipeline.errors import UserError
from pipeline.io.skips import Skips


def test_an_output_that_standard_input_is_read_from_is_refused(tmp_path):
    video = tmp_path / "video.mp4"
    video.write_bytes(b"mine")
    kept = os.dup(0)
    with open(video, "rb") as file:
        os.dup2(file.fileno(), 0)
    try:
        with pytest.raises(UserError, match="the same as /dev/stdin, which is read"):
            plan_jobs(camera=0, videos=["-"], pictures=None, skips=Skips(), skip_existing=False,
                      also_read=[], annotated=str(video), csv=None, timeline=None)
    finally:
        os.dup2(kept, 0)
        os.close(kept)
