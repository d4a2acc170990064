"""Make faces.mp4 and faces.jpg, the samples that ship, from two public-domain portraits.

    pip install scikit-image
    python samples/make_sample.py

Rear Admiral Grace Hopper (U.S. Navy) comes with matplotlib, the astronaut Eileen Collins (NASA)
with scikit-image, which nothing else of this project needs.
"""

from pathlib import Path

import cv2
import numpy as np
from matplotlib import cbook

SAMPLES = Path(__file__).resolve().parent
WIDTH, HEIGHT, RATE, FRAMES = 432, 240, 20, 120
BACKGROUND = (52, 44, 40)  # BGR


def portraits():
    """Return the two portraits, (height, width, 3) uint8 BGR, cut to what is around the face."""
    from skimage import data

    hopper = cv2.imread(str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)))
    astronaut = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    return hopper[10:490, 20:500], astronaut[0:360, 40:400]


def place(canvas, portrait, centre, side):
    """Draw a portrait as a square of the given side about a centre, all in pixels."""
    scale = side / portrait.shape[0]
    matrix = np.float64([[scale, 0, centre[0] - side / 2], [0, scale, centre[1] - side / 2]])
    cv2.warpAffine(portrait, matrix, (WIDTH, HEIGHT), dst=canvas, flags=cv2.INTER_AREA,
                   borderMode=cv2.BORDER_TRANSPARENT)


def frame(number, hopper, astronaut):
    """Return one frame: Hopper alone, then the astronaut comes in from the right."""
    seconds = number / RATE
    entered = np.clip((seconds - 2.0) / 1.5, 0, 1)
    entered = entered**2 * (3 - 2 * entered)
    canvas = np.full((HEIGHT, WIDTH, 3), BACKGROUND, dtype=np.uint8)
    sway = 4 * np.sin(2 * np.pi * seconds / 4)
    place(canvas, hopper, (216 - 106 * entered + sway, 120), 200 + 2 * sway)
    place(canvas, astronaut, (550 - 228 * entered - sway, 120), 200 - 2 * sway)
    return canvas


def main():
    hopper, astronaut = portraits()
    fourcc = cv2.VideoWriter_fourcc(*"mp4v")
    video = cv2.VideoWriter(str(SAMPLES / "faces.mp4"), fourcc, RATE, (WIDTH, HEIGHT))
    for number in range(FRAMES):
        video.write(frame(number, hopper, astronaut))
    video.release()
    cv2.imwrite(str(SAMPLES / "faces.jpg"), frame(FRAMES - 1, hopper, astronaut))


if __name__ == "__main__":
    main()
