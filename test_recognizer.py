"""Evaluate a trained network.

    python test_recognizer.py
    python test_recognizer.py --model checkpoints/epoch_75.hdf5 --split val
    python test_recognizer.py --tta shifts --ferplus fer2013new.csv
    python test_recognizer.py --runtime onnx --precision int8 --tta flip

Writes output/evaluation_MODEL_DATASET.json and .png, the confusion matrix.
"""

import hashlib
import shlex

from config import emotion_config as config
from pipeline.commandline import PLOT_FORMATS, existing_file, new_folder, new_parser, path
from pipeline.errors import UserError
from pipeline.files.places import require_apart
from pipeline.process.ending import run
from pipeline.process.imports import import_keras
from pipeline.process.terminal import printable


def parse_args(argv=None):
    parser = new_parser(__doc__)
    source = parser.add_argument_group("input")
    source.add_argument("--model", type=path, default=config.MODEL_PATH, metavar="FILE",
                        help="checkpoint to evaluate (default: %(default)s)")
    source.add_argument("--split", choices=("val", "test"), default="test",
                        help="val: PublicTest, to choose by; test: PrivateTest, to report "
                             "(default: %(default)s)")
    source.add_argument("--dataset", type=path, default=config.HDF5_PATH, metavar="FOLDER",
                        help="folder of the databases (default: %(default)s)")
    measure = parser.add_argument_group("method")
    measure.add_argument("--runtime", choices=("keras", "onnx"), default="keras",
                         help="onnx: ONNX Runtime, which the detector runs the network on "
                              "(default: %(default)s)")
    measure.add_argument("--precision", choices=("float32", "int8"), default="float32",
                         help="numbers to compute with; int8 needs --runtime onnx, and is what the "
                              "detector uses, with --tta flip (default: %(default)s)")
    measure.add_argument("--tta", choices=("flip", "shifts"),
                         help="average the predictions over mirrored images, or over mirrored and "
                              "shifted ones")
    measure.add_argument("--ferplus", type=path, metavar="FILE",
                         help="votes of FER+ (fer2013new.csv), to evaluate by them as well")
    written = parser.add_argument_group("output")
    written.add_argument("--output", type=path, default=config.OUTPUT_PATH, metavar="FOLDER",
                         help="folder of the evaluation (default: %(default)s)")
    written.add_argument("--name", help="name of the files, after evaluation_ (default: model and "
                                        "data set, with _val, _onnx, _int8, _flip and _shifts "
                                        "where they apply)")
    written.add_argument("--plot", choices=PLOT_FORMATS, default="png",
                         help="format of the confusion matrix (default: %(default)s)")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    if args.precision == "int8" and args.runtime != "onnx":
        raise UserError("--precision int8 needs --runtime onnx")
    existing_file(args.model, "checkpoint", "see the checkpoints folder")
    database = existing_file(args.dataset / f"{args.split}.hdf5", "database",
                             "run build_dataset.py first")
    if args.ferplus:
        existing_file(args.ferplus, "FER+ file", "it comes from the FER+ project")
    name = f"evaluation_{args.name or name_of(args)}"
    written = [args.output / (name + suffix) for suffix in (".json", f".{args.plot}")]
    read = [args.model, database, args.dataset / "train.hdf5", args.ferplus]
    require_apart(filter(None, read), written)
    new_folder(args.output)
    import_keras()

    from pipeline.evaluation import report

    result = predict_and_evaluate(args, database, written[0])
    report.write(result, *written)
    report.show(result)
    print("written:", *map(printable, written))
    words = ["emotion_detector.py", "--model", args.model]
    if args.split == "val":
        words = ["test_recognizer.py", "--model", args.model, "--dataset", args.dataset]
    print("next: python", shlex.join(map(printable, words)))


def name_of(args):
    """Return the usual name of an evaluation: its model, data set and options."""
    model, dataset = args.model.resolve(), args.dataset.resolve()
    names = [model.stem, (dataset.parent if dataset.name == "hdf5" else dataset).name]
    if model.parent != config.CHECKPOINTS_PATH:
        names.insert(0, model.parent.name)
    usual = ("test", "keras", "float32", None)
    return "_".join(names + [part for part in (args.split, args.runtime, args.precision, args.tta)
                             if part not in usual])


def predict_and_evaluate(args, database, path):
    """Return the measures of the model on every image of the split.

    path: of the JSON that will be written; it may not be of another evaluation.
    """
    import numpy as np

    from pipeline.evaluation import report
    from pipeline.evaluation.measures import accuracy_on, evaluate
    from pipeline.evaluation.testtimeaugmentation import predict, require_numbers
    from pipeline.io import checkpoint
    from pipeline.io.ferplus import votes_of
    from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator, also_in
    from pipeline.nn.runtimenetwork import RuntimeNetwork

    if args.runtime == "keras":
        model, record = checkpoint.load(args.model)
    else:
        network, record, _ = checkpoint.read_onnx(args.model, args.precision)
        model = RuntimeNetwork(network)
    with HDF5DatasetGenerator(database, config.BATCH_SIZE) as dataset:
        identity = {"split": args.split, "dataset_sha256": dataset.digest(),
                    "model_sha256": hashlib.sha256(args.model.read_bytes()).hexdigest()}
        report.require_own(path, identity)
        names = record["class_names"]
        number = np.array(checkpoint.class_indices(record, args.model, dataset.class_names,
                                                   database))
        dataset.require_images_of(*record["graph"][0]["settings"]["shape"][:2])
        labels = number[dataset.labels]
        votes = dataset.votes
        if args.ferplus and dataset.ferplus_share is not None:
            raise UserError(f"{database}: has FER+'s votes in it, found --ferplus; leave it out")
        if args.ferplus:
            votes = votes_of(args.ferplus, dataset.class_names, dataset.labels,
                             [config.USAGES[args.split]] * dataset.num_images)
        probabilities = predict(model, dataset, args.tta)
        require_numbers(probabilities, args.model)
    predicted = probabilities.argmax(axis=1)
    result = {"model": str(args.model), "dataset": str(args.dataset), **identity, "tta": args.tta,
              "runtime": args.runtime, "precision": args.precision,
              "experiment": record["experiment"], "epoch": record["epoch"],
              **evaluate(labels, probabilities, names)}
    if (args.dataset / "train.hdf5").exists():
        unseen = ~also_in(database, args.dataset / "train.hdf5")
        result["unseen"] = accuracy_on(unseen, labels, predicted)
    if votes is not None:
        voted, agreement = number[votes.argmax(axis=1)], votes.max(axis=1)
        result["votes"] = accuracy_on(agreement > 0, voted, predicted)
        agreed = agreement > 0.5
        if agreed.any():
            result["majority"] = evaluate(voted[agreed], probabilities[agreed], names)
    return result


if __name__ == "__main__":
    run(main)
