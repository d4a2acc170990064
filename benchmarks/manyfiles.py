"""Six clips of six seconds in one run of the detector, against six runs.

    python -m benchmarks.manyfiles [rounds, 3]

The two take turns; CPU seconds beside those of the clock tell what other work on the machine did.
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from config import emotion_config as config

SAMPLE = config.BASE_PATH / "samples" / "faces.mp4"
CLIPS = 6


def detect(videos, tables):
    subprocess.run([sys.executable, config.BASE_PATH / "emotion_detector.py", "--no-display",
                    "--video", *videos, "--csv", f"{tables}/"], check=True,
                   stdout=subprocess.DEVNULL)


def timed(work):
    """Return the seconds and the CPU seconds that work() and its processes took."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    work()
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    rounds = int(sys.argv[1]) if sys.argv[1:] else 3
    shares = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = [folder / f"{number}.mp4" for number in range(CLIPS)]
        for clip in clips:
            shutil.copy(SAMPLE, clip)
        for _ in range(rounds):
            apart = timed(lambda: [detect([clip], folder / "apart") for clip in clips])
            together = timed(lambda: detect(clips, folder / "together"))
            for clip in clips:
                tables = [folder / how / f"{clip.stem}.csv" for how in ("apart", "together")]
                assert tables[0].read_bytes() == tables[1].read_bytes(), clip
            shares.append([one / six for one, six in zip(together, apart)])
            print(f"six runs {apart[0]:.1f} s, CPU {apart[1]:.1f} s; "
                  f"one run {together[0]:.1f} s, CPU {together[1]:.1f} s", flush=True)
    seconds, cpu = (median(values) for values in zip(*shares))
    print(f"one run takes {seconds:.2f} of the time of six and {cpu:.2f} of their CPU time; "
          "the tables are equal")


if __name__ == "__main__":
    main()
