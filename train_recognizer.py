"""Train EmotionVGGNet.

    python train_recognizer.py --checkpoints checkpoints
    python train_recognizer.py --checkpoints checkpoints --model checkpoints/epoch_40.hdf5 \\
        --start_epoch 40
    python train_recognizer.py --checkpoints checkpoints/first --experiment 1

Writes epoch_N.hdf5 and best.hdf5 to the checkpoints folder and the training curve to output/.
"""

import argparse
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

from config import emotion_config as config
from config.experiments import DEFAULT_EXPERIMENT, EXPERIMENTS
from pipeline.commandline import existing_file, import_keras, new_folder, run
from pipeline.errors import UserError

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoints", type=Path, default=config.CHECKPOINTS_PATH,
                        help="folder of the checkpoints (default: %(default)s)")
    parser.add_argument("--model", type=Path, help="checkpoint to resume from")
    parser.add_argument("--start_epoch", "--start-epoch", type=int, metavar="N",
                        help="epochs that the checkpoint was trained for, as a check")
    parser.add_argument("--experiment", type=int, choices=sorted(EXPERIMENTS),
                        help=f"recipe in config/experiments.py (default: {DEFAULT_EXPERIMENT})")
    parser.add_argument("--epochs", type=int, help="train to this epoch, not to the recipe's last")
    parser.add_argument("--precision", choices=PRECISIONS, help="default: float32")
    parser.add_argument("--dataset", type=Path, default=config.HDF5_PATH,
                        help="folder of train.hdf5 and val.hdf5 (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=config.OUTPUT_PATH,
                        help="folder of the training curve (default: %(default)s)")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    record = starting_record(args)
    for split in ("train", "val"):
        existing_file(args.dataset / f"{split}.hdf5", "database", "run build_dataset.py first")
    for folder in (args.checkpoints, args.output):
        new_folder(folder)
    import_keras()
    train(args, record)


def starting_record(args):
    """Return what is known of the run: from the checkpoint if it resumes, else from args."""
    fresh = {
        "experiment": args.experiment or DEFAULT_EXPERIMENT,
        "precision": args.precision or "float32",
        "seed": config.SEED,
        "epoch": 0,
        "history": {},
    }
    if args.model is None:
        if args.start_epoch:
            raise UserError("--start_epoch needs --model, the checkpoint to resume from")
        return fresh
    from pipeline.io.checkpoint import read_record

    existing_file(args.model, "checkpoint", "see the checkpoints folder")
    record = read_record(args.model)
    given = {"experiment": args.experiment, "precision": args.precision,
             "epoch": args.start_epoch}
    for name, value in given.items():
        if value is not None and value != record[name]:
            flag = "start_epoch" if name == "epoch" else name
            raise UserError(f"{args.model} has {name} {record[name]}, found --{flag} {value}; "
                            f"give --{flag} {record[name]} or leave it out")
    return record


def train(args, record):
    """Train from the record's epoch to the last."""
    import keras

    from pipeline.callbacks.epochcheckpoint import EpochCheckpoint
    from pipeline.callbacks.epochseed import EpochSeed
    from pipeline.callbacks.trainingmonitor import TrainingMonitor
    from pipeline.io import checkpoint
    from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
    from pipeline.preprocessing.affineaugmentor import AffineAugmentor
    from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

    experiment = EXPERIMENTS[record["experiment"]]
    epochs = args.epochs or experiment.epochs
    if record["epoch"] >= epochs:
        raise UserError(f"{args.model} is trained for {record['epoch']} epochs already, found "
                        f"{epochs} as the last; give a larger --epochs")
    keras.utils.set_random_seed(record["seed"])
    keras.config.set_dtype_policy(record["precision"])
    feed = {"batch_size": config.BATCH_SIZE, "preprocessor": ImageToArrayPreprocessor(),
            "memory_limit": config.MEMORY_LIMIT}
    augmentor = AffineAugmentor(
        horizontal_flip=experiment.horizontal_flip,
        rotation_range=experiment.rotation_range,
        zoom_range=experiment.zoom_range,
    )
    with (
        HDF5DatasetGenerator(args.dataset / "train.hdf5", shuffle=True, seed=record["seed"],
                             augmentor=augmentor, **feed) as training,
        HDF5DatasetGenerator(args.dataset / "val.hdf5", **feed) as validation,
    ):
        model = build(experiment, classes=len(training.class_names))
        if args.model:
            require_classes(args.model, record, training)
            checkpoint.restore(model, args.model)
        record |= {"class_names": training.class_names, "backend": keras.backend.backend(),
                   "batch_size": config.BATCH_SIZE, "recipe": asdict(experiment)}
        name = f"vggnet_emotion_{record['experiment']}"
        description = describe(record)
        monitor = TrainingMonitor(args.output / name, description, record["history"])
        checkpoints = EpochCheckpoint(args.checkpoints, record, every=config.CHECKPOINT_EVERY)
        schedule = keras.callbacks.LearningRateScheduler(
            lambda epoch, _: experiment.learning_rate(epoch + 1))
        try:
            model.fit(
                training,
                validation_data=validation,
                initial_epoch=record["epoch"],
                epochs=epochs,
                shuffle=False,  # the order of the batches is the dataset's own affair
                callbacks=[schedule, EpochSeed(training, record["seed"]), monitor, checkpoints],
                verbose=1 if sys.stdout.isatty() else 2,
            )
        except KeyboardInterrupt as interrupt:
            raise type(interrupt)(how_to_resume(args, checkpoints.last_saved)) from None


def build(experiment, classes):
    """Return the compiled network of a recipe."""
    import keras

    from pipeline.nn.conv.emotionvggnet import EmotionVGGNet

    optimizers = {
        "sgd": lambda rate: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        "adam": keras.optimizers.Adam,
    }
    model = EmotionVGGNet.build(
        width=config.IMAGE_SIZE,
        height=config.IMAGE_SIZE,
        depth=config.IMAGE_DEPTH,
        classes=classes,
        blocks=experiment.blocks,
        activation=experiment.activation,
        kernel_initializer=experiment.kernel_initializer,
        l2=experiment.l2,
    )
    model.compile(
        optimizer=optimizers[experiment.optimizer](experiment.learning_rate(1)),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=keras.backend.backend() == "jax",  # XLA halves TensorFlow's speed on a CPU
    )
    return model


def require_classes(path, record, training):
    if tuple(record["class_names"]) != training.class_names:
        raise UserError(f"{path} tells apart {', '.join(record['class_names'])}; the dataset has "
                        f"{', '.join(training.class_names)}; build it with --classes "
                        f"{len(record['class_names'])}")


def describe(record):
    """Return what the curve's JSON says of the run."""
    left_out = ("history", "epoch", "val_accuracy")
    return {
        "title": f"EmotionVGGNet on FER2013, experiment {record['experiment']}",
        "command": shlex.join(["python", *sys.argv]),
        **{name: value for name, value in record.items() if name not in left_out},
    }


def how_to_resume(args, last_saved):
    """Return the line that Ctrl-C ends with."""
    words = ["python", *sys.argv]
    resume_from = last_saved or args.model
    if last_saved:
        words = without_flags(words, "--model", "--start_epoch", "--start-epoch")
        epoch = last_saved.stem.removeprefix("epoch_")
        words += ["--model", str(last_saved), "--start_epoch", epoch]
    what = "resume" if resume_from else "no checkpoint was written yet; start again"
    return f"stopped; {what} with: {shlex.join(words)}"


def without_flags(words, *flags):
    """Return a command's words without these flags and their values."""
    kept, drop = [], False
    for word in words:
        if not drop and word.split("=")[0] not in flags:
            kept.append(word)
        drop = word in flags
    return kept


if __name__ == "__main__":
    run(main)
