"""Evaluate a trained network.

    python test_recognizer.py
    python test_recognizer.py --model checkpoints/epoch_75.hdf5 --split val

Writes output/evaluation_NAME.json and .png, the confusion matrix.
"""

import argparse
import json
from pathlib import Path

from config import emotion_config as config
from pipeline.commandline import existing_file, import_keras, new_folder, run


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=config.MODEL_PATH,
                        help="checkpoint to evaluate (default: checkpoints/model.hdf5)")
    parser.add_argument("--split", choices=("val", "test"), default="test",
                        help="val: PublicTest, to choose by; test: PrivateTest, to report "
                             "(default: %(default)s)")
    parser.add_argument("--dataset", type=Path, default=config.HDF5_PATH,
                        help="folder of the databases (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=config.OUTPUT_PATH,
                        help="folder of the evaluation (default: %(default)s)")
    parser.add_argument("--name", help="NAME of the evaluation's files (default: of the model's "
                                       "file, with _val for that split)")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    existing_file(args.model, "checkpoint", "see the checkpoints folder")
    database = existing_file(args.dataset / f"{args.split}.hdf5", "database",
                             "run build_dataset.py first")
    new_folder(args.output)
    import_keras()
    result, class_names = predict_and_evaluate(args.model, database)
    result = {"model": args.model.name, "split": args.split, **result}
    name = args.name or args.model.stem + ("_val" if args.split == "val" else "")
    write(result, class_names, args.output / f"evaluation_{name}")
    print_result(result)


def predict_and_evaluate(model_path, database):
    """Return the measures of a model on every image of a database once, and the class names."""
    from pipeline.evaluation import evaluate
    from pipeline.io import checkpoint
    from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
    from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

    model, record = checkpoint.load(model_path)
    with HDF5DatasetGenerator(
        database,
        config.BATCH_SIZE,
        preprocessor=ImageToArrayPreprocessor(),
        memory_limit=config.MEMORY_LIMIT,
    ) as dataset:
        checkpoint.require_classes(record, model_path, dataset.class_names, database)
        result = evaluate(dataset.labels, model.predict(dataset, verbose=0), dataset.class_names)
    trained = {"experiment": record["experiment"], "epoch": record["epoch"]}
    return trained | result, dataset.class_names


def write(result, class_names, path):
    """Write the JSON and the picture, `path` with their suffixes."""
    from pipeline.io.wholefile import whole_file
    from pipeline.plots import plot_confusion_matrix

    with whole_file(path.with_name(path.name + ".json")) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n")
    title = f"{result['model']} on {result['split']}: {result['accuracy']:.2%}"
    with whole_file(path.with_name(path.name + ".png")) as partial:
        plot_confusion_matrix(result["confusion_matrix"], class_names, title, partial)
    print(f"written: {path}.json and .png")


def print_result(result):
    from rich.console import Console
    from rich.table import Table

    low, high = result["accuracy_interval"]
    table = Table("class", "precision", "recall", "F1", "images",
                  title=f"{result['model']} on the {result['split']} split")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, row in result["per_class"].items():
        table.add_row(name, f"{row['precision']:.1%}", f"{row['recall']:.1%}", f"{row['f1']:.1%}",
                      f"{row['images']:,}")
    Console().print(table)
    print(f"accuracy {result['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%}), "
          f"loss {result['loss']:.4f}, macro F1 {result['macro_f1']:.2%}, "
          f"{result['images']:,} images")


if __name__ == "__main__":
    run(main)
