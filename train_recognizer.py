"""Train EmotionVGGNet.

    python train_recognizer.py --checkpoints checkpoints
    python train_recognizer.py --checkpoints checkpoints --model checkpoints/epoch_40.hdf5 \\
        --start_epoch 40
    python train_recognizer.py --checkpoints checkpoints/first --experiment 1

Writes epoch_N.hdf5 and best.hdf5 to the checkpoints folder and the training curve to output/.
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from config import emotion_config as config
from config.experiments import DEFAULT_EXPERIMENT, EXPERIMENTS
from pipeline.commandline import (
    existing_file,
    import_keras,
    new_folder,
    positive,
    run,
    this_command,
)
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
    parser.add_argument("--epochs", type=positive, help="last epoch (default: the recipe's)")
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
    from pipeline.callbacks.finiteloss import FiniteLoss
    from pipeline.callbacks.trainingmonitor import TrainingMonitor
    from pipeline.io import checkpoint
    from pipeline.io.folderlock import locked_folder
    from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
    from pipeline.nn.compilation import compile_for_training
    from pipeline.nn.conv.emotionvggnet import EmotionVGGNet
    from pipeline.preprocessing.affineaugmentor import AffineAugmentor
    from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

    experiment = EXPERIMENTS[record["experiment"]]
    epochs = args.epochs or experiment.epochs
    if record["epoch"] >= epochs:
        raise UserError(f"{args.model} is trained for {record['epoch']} epochs already, found "
                        f"{epochs} as the last; give a larger --epochs")
    seed = record["seed"]
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(record["precision"])
    name = f"vggnet_emotion_{record['experiment']}"
    feed = {"batch_size": config.BATCH_SIZE, "preprocessor": ImageToArrayPreprocessor(),
            "memory_limit": config.MEMORY_LIMIT}
    with (
        locked_folder(args.checkpoints, "training"),
        locked_folder(args.output, name),
        HDF5DatasetGenerator(args.dataset / "train.hdf5", shuffle=True, seed=seed,
                             augmentor=AffineAugmentor(**experiment.augmentation),
                             **feed) as training,
        HDF5DatasetGenerator(args.dataset / "val.hdf5", **feed) as validation,
    ):
        network = {"width": config.IMAGE_SIZE, "height": config.IMAGE_SIZE,
                   "depth": config.IMAGE_DEPTH, "classes": len(training.class_names),
                   **experiment.network}
        model = EmotionVGGNet.build(**network)
        compile_for_training(model, experiment.optimizer, experiment.learning_rate(1))
        if args.model:
            checkpoint.require_classes(record, args.model, training.class_names, training.path)
            checkpoint.restore(model, args.model)
        record |= {"network": network, "class_names": training.class_names,
                   "backend": keras.backend.backend(), "batch_size": config.BATCH_SIZE,
                   "recipe": asdict(experiment)}
        saver = EpochCheckpoint(args.checkpoints, record, every=config.CHECKPOINT_EVERY)
        callbacks = [
            keras.callbacks.LearningRateScheduler(
                lambda epoch, _: experiment.learning_rate(epoch + 1)),
            EpochSeed(training, seed),
            FiniteLoss(lambda: saver.last_saved or args.model),
            TrainingMonitor(args.output / name, description_of(record), record["history"]),
            saver,
        ]
        try:
            model.fit(
                training,
                validation_data=validation,
                initial_epoch=record["epoch"],
                epochs=epochs,
                shuffle=False,  # the order of the batches is the dataset's own affair
                callbacks=callbacks,
                verbose=1 if sys.stdout.isatty() else 2,
            )
        except KeyboardInterrupt as interrupt:
            raise type(interrupt)(how_to_go_on(args.model, saver.last_saved)) from None


def description_of(record):
    """Return what the curve's JSON says of the run."""
    left_out = ("history", "epoch", "val_accuracy", "network")
    return {
        "title": f"EmotionVGGNet on FER2013, experiment {record['experiment']}",
        "command": this_command(),
        **{name: value for name, value in record.items() if name not in left_out},
    }


def how_to_go_on(resumed_from, last_saved):
    """Return the line that Ctrl-C ends with."""
    if last_saved:
        epoch = last_saved.stem.removeprefix("epoch_")
        return f"stopped; resume with: {this_command(model=last_saved, start_epoch=epoch)}"
    if resumed_from:
        return f"stopped; resume with: {this_command()}"
    return f"stopped before the first checkpoint; start again with: {this_command()}"


if __name__ == "__main__":
    run(main)
