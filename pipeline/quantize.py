"""Measure the ranges of a network's activations, which int8 needs, and add them to its file.

    python -m pipeline.quantize --model checkpoints/model.hdf5 --dataset datasets/fer2013/hdf5

A training does it to best.hdf5 by itself. The file's record changes, its arrays stay.
"""

from pipeline.commandline import existing_file, new_parser, path
from pipeline.errors import UserError
from pipeline.process.ending import run
from pipeline.process.imports import import_keras
from pipeline.process.terminal import printable


def parse_args(argv=None):
    parser = new_parser(__doc__)
    where = parser.add_argument_group("where they are measured")
    where.add_argument("--model", type=path, required=True, metavar="FILE",
                       help="trained network, which gets the ranges")
    where.add_argument("--dataset", type=path, required=True, metavar="FOLDER",
                       help="folder of train.hdf5, images of which the network looks at")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    existing_file(args.model, "model file", "train one, or see checkpoints/model.hdf5")
    database = existing_file(args.dataset / "train.hdf5", "database", "run build_dataset.py first")
    import_keras()
    from pipeline.files.untrusted import reading
    from pipeline.io import checkpoint
    from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
    from pipeline.nn.onnxnetwork import NUM_IMAGES, measure_ranges

    record, weights = checkpoint.read(args.model)
    with HDF5DatasetGenerator(database, NUM_IMAGES) as dataset:
        dataset.require_images_of(*record["graph"][0]["settings"]["shape"][:2])
        images = dataset.sample(NUM_IMAGES)
    with reading(args.model, checkpoint.EXPECTED):
        ranges = measure_ranges(record["graph"], weights, images)
    if not ranges:
        raise UserError(f"{args.model}: its activations are too large for int8, or no numbers; "
                        "it stays as it was, for --precision float32")
    checkpoint.add_to_record(args.model, activation_ranges=ranges)
    print(f"added to {printable(args.model)}: the ranges of its activations on {len(images)} "
          f"images of {printable(database)}")


if __name__ == "__main__":
    run(main)
