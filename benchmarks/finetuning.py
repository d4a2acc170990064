"""Fine-tuning against training from scratch on small sets, and what its recipe was chosen by.

    python -m benchmarks.finetuning results/fine-tuning/runs.json

The sets are drawn from PublicTest without the images that also stand in the training split, so
network 8 has learned from none of them; their three classes are not the network's. Those of 200
and 500 pictures are the first of the 2,000. The rest validates and tests. Runs that the file has
already are left out, so a benchmark that was stopped goes on. Prints the tables of
docs/datasets.md: by validation the recipe is chosen, by the rest the two ways are compared.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

import train_recognizer
from config import emotion_config as config
from config.experiments import EXPERIMENTS
from pipeline.process.ending import run
from pipeline.process.imports import import_keras

SIZES = (200, 500, 2000)
VALIDATED = 400
CLASSES = ("positive", "negative", "neutral")
CLASS_OF = {"angry": 1, "fear": 1, "happy": 0, "sad": 1, "surprise": 0, "neutral": 2}
PRECISION = "mixed_bfloat16"

FINE_TUNING = EXPERIMENTS["fine-tune"]
# The same network, images and rate of change a picture as experiment 8, which had batches of 128.
FROM_SCRATCH = replace(FINE_TUNING, pretrained=False, frozen_blocks=0,
                       learning_rates=((1, 1.25e-2),))


def runs():
    """Yield the number of pictures and the recipe of each run, first those that choose it."""
    for rate, frozen_blocks, epochs in ((1e-3, 0, 5), (5e-3, 0, 5), (2e-2, 0, 5), (1e-3, 2, 5),
                                        (1e-3, 4, 5)):
        yield SIZES[-1], replace(FINE_TUNING, learning_rates=((1, rate),), epochs=epochs,
                                 frozen_blocks=frozen_blocks)
    for size in SIZES:
        yield size, FINE_TUNING
    for size, epochs in zip(SIZES, (150, 100, 50)):
        yield size, replace(FROM_SCRATCH, epochs=epochs)


def name_of(size, recipe):
    return (f"{size} pictures, {'fine-tuned' if recipe.pretrained else 'from scratch'}, rate "
            f"{recipe.learning_rate(1):g}, {recipe.frozen_blocks} blocks frozen, {recipe.epochs} "
            "epochs")


def write_sets(folder):
    """Write the databases of each size to FOLDER/SIZE."""
    from pipeline.io.facesamples import FaceSample
    from pipeline.io.hdf5datasetgenerator import also_in, read_database
    from pipeline.io.hdf5datasetwriter import write_databases

    database = config.HDF5_PATH / "val.hdf5"
    arrays, attributes = read_database(database)
    images, labels, names = arrays["images"], arrays["labels"], attributes["class_names"]
    new = np.flatnonzero(~also_in(database, config.HDF5_PATH / "train.hdf5"))
    _, first = np.unique(images[new].reshape(len(new), -1), axis=0, return_index=True)
    order = np.random.default_rng(config.SEED).permutation(new[np.sort(first)])
    numbers = [CLASS_OF[names[label]] for label in labels[order]]
    for size in SIZES:
        splits = ["train"] * size + [None] * (SIZES[-1] - size) + ["val"] * VALIDATED
        splits += ["test"] * (len(order) - len(splits))
        (folder / str(size)).mkdir()
        samples = [FaceSample(images[index], CLASSES[number], split)
                   for index, number, split in zip(order, numbers, splits)]
        write_databases(folder / str(size), samples, numbers, splits, {
            "classes": len(CLASSES), "class_names": CLASSES, "source": "PublicTest",
            "source_sha256": ""})


def train_and_measure(recipe, dataset, folder):
    """Return what a run's validation said, epoch by epoch, and its best network's measures."""
    EXPERIMENTS["benchmark"] = recipe
    arguments = ["--experiment", "benchmark", "--precision", PRECISION, "--dataset", str(dataset),
                 "--checkpoints", str(folder), "--output", str(folder)]
    if recipe.pretrained:
        arguments += ["--pretrained", str(config.MODEL_PATH)]
    train_recognizer.main(arguments)
    history = json.loads((folder / "vggnet_emotion_benchmark.json").read_text())
    return {"val_accuracy": history["val_accuracy"], "val_loss": history["val_loss"],
            "seconds": round(sum(history["seconds"])),
            "test": measured(folder / "best.hdf5", dataset / "test.hdf5")}


def measured(model, database):
    from pipeline.evaluation.measures import evaluate
    from pipeline.evaluation.testtimeaugmentation import predict
    from pipeline.io import checkpoint
    from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator

    with HDF5DatasetGenerator(database, config.BATCH_SIZE) as dataset:
        probabilities = predict(checkpoint.load(model)[0], dataset)
        return evaluate(dataset.labels.astype(int), probabilities, CLASSES)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help=".json file, which may have some of the runs")
    path = parser.parse_args(argv).results
    results = json.loads(path.read_text()) if path.exists() else {}
    import_keras()
    with tempfile.TemporaryDirectory() as folder:
        write_sets(Path(folder))
        for size, recipe in runs():
            name = name_of(size, recipe)
            if name in results:
                continue
            with tempfile.TemporaryDirectory() as run_folder:
                results[name] = train_and_measure(recipe, Path(folder, str(size)),
                                                  Path(run_folder))
            path.write_text(json.dumps(results, indent=1) + "\n")
    for name, result in results.items():
        size, way, rate, frozen, epochs = name.split(", ")
        print(f"| {way} | {int(size.split()[0]):,} | {rate.split()[1]} | {frozen.split()[0]} | "
              f"{epochs.split()[0]} | {max(result['val_accuracy']):.1%} | "
              f"{min(result['val_loss']):.3f} | "
              f"{result['test']['accuracy']:.1%} |")


if __name__ == "__main__":
    run(main)
