"""Train EmotionVGGNet.

    python train_recognizer.py --checkpoints checkpoints
    python train_recognizer.py --checkpoints checkpoints --model checkpoints/epoch_40.hdf5 \\
        --start_epoch 40
    python train_recognizer.py --checkpoints checkpoints/first --experiment 1

Writes epoch_N.hdf5 and best.hdf5 to the checkpoints folder and the training curve to output/.
"""

import argparse
from pathlib import Path

from config import emotion_config as config
from config.experiments import DEFAULT_EXPERIMENT, EXPERIMENTS
from pipeline.commandline import existing_file, import_keras, new_folder, positive, run
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
    parser.add_argument("--teachers", type=Path, nargs="+", metavar="FILE",
                        help="trained networks to learn from, where the recipe distils")
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
    experiment = EXPERIMENTS[record["experiment"]]
    record["epochs"] = last_epoch(args, record, experiment)
    record["teachers"] = teachers(args, record, experiment)
    import_keras()
    from pipeline.training import train

    train(
        experiment,
        record,
        model_path=args.model,
        dataset=args.dataset,
        checkpoints=args.checkpoints,
        output=args.output,
        input_shape=(config.IMAGE_SIZE, config.IMAGE_SIZE, config.IMAGE_DEPTH),
        batch_size=config.BATCH_SIZE,
        memory_limit=config.MEMORY_LIMIT,
        checkpoint_every=config.CHECKPOINT_EVERY,
    )


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


def teachers(args, record, experiment):
    """Return the paths of the networks to learn from: as given, else as the checkpoint has them."""
    paths = [str(path) for path in args.teachers or record.get("teachers", ())]
    if paths and not experiment.distillation:
        raise UserError(f"experiment {record['experiment']} learns from no other network, found "
                        "--teachers; leave it out")
    if experiment.distillation and not paths:
        raise UserError(f"experiment {record['experiment']} learns from other networks, found no "
                        "--teachers; give their checkpoints")
    for path in paths:
        existing_file(path, "teacher", "train it first")
    return paths


def last_epoch(args, record, experiment):
    """Return the last epoch of the run: as given, else as the checkpoint has it planned."""
    planned = record.get("epochs", experiment.epochs)
    epochs = args.epochs or planned
    if experiment.cosine and args.model and epochs != planned:
        raise UserError(f"{args.model} has its learning rate planned for {planned} epochs, found "
                        f"--epochs {epochs}; give --epochs {planned} or leave it out")
    if epochs <= experiment.warmup_epochs:
        raise UserError(f"experiment {record['experiment']} warms up for "
                        f"{experiment.warmup_epochs} epochs, found --epochs {epochs}; give more")
    if record["epoch"] >= epochs:
        raise UserError(f"{args.model} is trained for {record['epoch']} epochs already, found "
                        f"{epochs} as the last; give a larger --epochs")
    return epochs


if __name__ == "__main__":
    run(main)
