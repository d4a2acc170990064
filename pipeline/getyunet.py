"""Fetch YuNet, the network that finds faces, from OpenCV Zoo on GitHub.

    python -m pipeline.getyunet

Writes checkpoints/face_detection_yunet_2023mar.onnx, 232,589 bytes, which the detector then uses
in place of the cascade. The file is under the MIT licence (Shiqi Yu).
"""

import hashlib
import http.client
import urllib.request

from pipeline import ROOT
from pipeline.commandline import new_folder, new_parser, path
from pipeline.errors import UserError
from pipeline.files.wholefile import place_of, whole_file
from pipeline.process.ending import run
from pipeline.process.terminal import printable

NAME = "face_detection_yunet_2023mar.onnx"

# GitHub's address for the content of files in Git LFS, of which raw.githubusercontent.com has
# pointers alone; at a commit, so that the file stays the one whose checksum is known.
ADDRESS = ("https://media.githubusercontent.com/media/opencv/opencv_zoo/"
           f"47534e27c9851bb1128ccc0102f1145e27f23f98/models/face_detection_yunet/{NAME}")
PAGE = "https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet"
SIZE = 232_589
SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
SECONDS = 30  # without a byte


def parse_args(argv=None):
    parser = new_parser(__doc__)
    parser.add_argument_group("what is written").add_argument(
        "--output", type=path, default=ROOT / "checkpoints" / NAME, metavar="FILE",
        help="file to write (default: %(default)s)")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    new_folder(args.output.parent)
    place_of(args.output)
    content = fetched(ADDRESS)
    with whole_file(args.output) as partial:
        partial.write_bytes(content)
    print(f"written: {printable(args.output)}, under the MIT licence: {PAGE}")


def fetched(address):
    """Return the bytes of YuNet's file; raise UserError if something else, or nothing, comes."""
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as response:
            content = response.read(SIZE + 1)
        problem = f"found another file of {len(content):,} bytes, expected YuNet's {SIZE:,}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        content, problem = b"", f"cannot be fetched: {getattr(error, 'reason', None) or error}"
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise UserError(f"{address}: {problem}; try again, or download {NAME} from {PAGE}")
    return content


if __name__ == "__main__":
    run(main)
