"""Train a network by a recipe.

    python train_recognizer.py --checkpoints checkpoints
    python train_recognizer.py --checkpoints checkpoints --model checkpoints/epoch_40.hdf5 \\
        --start_epoch 40
    python train_recognizer.py --checkpoints checkpoints/first --experiment 1
    python train_recognizer.py --checkpoints checkpoints/mine --dataset datasets/mine \\
        --experiment fine-tune --pretrained checkpoints/model.hdf5

Writes epoch_N.hdf5 and best.hdf5 to the checkpoints folder and the training curve to output/.
"""

from contextlib import nullcontext
from dataclasses import fields

from config import emotion_config as config
from config.experiments import DEFAULT_EXPERIMENT, EXPERIMENTS
from pipeline.commandline import existing_file, new_folder, new_parser, path, positive
from pipeline.ending import run
from pipeline.errors import UserError
from pipeline.quietimports import import_keras
from pipeline.training.trainingplan import Wanted, training_plan

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


def parse_args(argv=None):
    parser = new_parser(__doc__)
    recipe = parser.add_argument_group("what is trained")
    recipe.add_argument("--experiment", type=experiment, choices=list(EXPERIMENTS), metavar="N",
                        help="recipe in config/experiments.py, by its number or name (default: "
                             f"{DEFAULT_EXPERIMENT})")
    recipe.add_argument("--epochs", type=positive, metavar="N",
                        help="last epoch (default: the recipe's)")
    recipe.add_argument("--precision", choices=PRECISIONS, help="numbers to compute with; "
                        "mixed_bfloat16 is faster on some processors (default: float32)")
    recipe.add_argument("--pretrained", type=path, metavar="FILE",
                        help="trained network to start from, where the recipe fine-tunes")
    recipe.add_argument("--teachers", type=path, nargs="+", metavar="FILE",
                        help="trained networks to learn from, where the recipe distils")
    recipe.add_argument("--balance", action="store_true", help="give images the more weight the "
                        "fewer there are of their class")
    resumed = parser.add_argument_group("what is resumed")
    resumed.add_argument("--model", type=path, metavar="FILE", help="checkpoint to resume from; "
                         "it decides experiment, seed and precision")
    resumed.add_argument("--start_epoch", "--start-epoch", type=int, metavar="N",
                         help="epochs that the checkpoint was trained for, as a check")
    devices = parser.add_argument_group("what it runs on, with Keras on JAX")
    devices.add_argument("--devices", type=positive, metavar="N",
                         help="devices of this machine to split each batch over (default: 1)")
    devices.add_argument("--distributed", action="store_true", help="join the processes that "
                         "Slurm, Open MPI or KERAS_DISTRIBUTION_* variables describe, with all "
                         "of their devices")
    files = parser.add_argument_group("what is read and written")
    files.add_argument("--dataset", type=path, default=config.HDF5_PATH, metavar="FOLDER",
                       help="folder of train.hdf5 and val.hdf5 (default: %(default)s)")
    files.add_argument("--checkpoints", type=path, default=config.CHECKPOINTS_PATH,
                       metavar="FOLDER", help="folder of the checkpoints (default: %(default)s)")
    files.add_argument("--output", type=path, default=config.OUTPUT_PATH, metavar="FOLDER",
                       help="folder of the training curve (default: %(default)s)")
    return parser.parse_args(argv)


def experiment(text):
    """Return the number or the name of a recipe, for argparse."""
    return int(text) if text.isdecimal() else text


def main(argv=None):
    args = parse_args(argv)
    if args.devices and args.distributed:
        raise UserError("--distributed takes every device of its processes, found --devices "
                        f"{args.devices} as well; leave one of them out")
    record = training_plan(
        EXPERIMENTS,
        {"experiment": DEFAULT_EXPERIMENT, "precision": "float32", "seed": config.SEED},
        Wanted(**{field.name: getattr(args, field.name) for field in fields(Wanted)}),
    )
    recipe = EXPERIMENTS[record["experiment"]]
    for split in ("train", "val"):
        existing_file(args.dataset / f"{split}.hdf5", "database", "run build_dataset.py first")
    for folder in (args.checkpoints, args.output):
        new_folder(folder)
    import_keras()
    from pipeline.training.devices import split_batches
    from pipeline.training.processes import Processes, joined_processes
    from pipeline.training.training import Folders, Settings, train

    with joined_processes() if args.distributed else nullcontext(Processes()) as processes:
        train(
            recipe,
            record,
            args.model,
            Folders(args.dataset, args.checkpoints, args.output),
            Settings(
                input_shape=(config.IMAGE_SIZE, config.IMAGE_SIZE, config.IMAGE_DEPTH),
                batch_size=recipe.batch_size or config.BATCH_SIZE,
                checkpoint_every=config.CHECKPOINT_EVERY,
                classes=config.DEFAULT_CLASSES,
            ),
            distribution=split_batches(None if args.distributed else args.devices or 1),
            processes=processes,
        )


if __name__ == "__main__":
    run(main)
