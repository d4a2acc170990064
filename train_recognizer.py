"""Train a network by a recipe.

    python train_recognizer.py
    python train_recognizer.py --model checkpoints/6/epoch_40.hdf5 --start_epoch 40
    python train_recognizer.py --experiment 1
    python train_recognizer.py --dataset datasets/mine --experiment fine-tune \\
        --pretrained checkpoints/model.hdf5
    python train_recognizer.py --list

Each training has its folders: checkpoints/6/ gets epoch_N.hdf5 and best.hdf5, output/6/ the
training curve; with another data set than FER2013's its name comes first, as in mine_fine-tune.
"""

import argparse
import json
import shlex
from contextlib import nullcontext
from dataclasses import replace

from config import emotion_config as config
from config.experiments import DEFAULT_EXPERIMENT, EXPERIMENTS, descriptions
from pipeline.commandline import PLOT_FORMATS, existing_file, new_folder, new_parser, path, positive
from pipeline.errors import UserError
from pipeline.process.ending import run
from pipeline.process.imports import import_keras
from pipeline.process.terminal import printable
from pipeline.training.trainingplan import Settings, require_own, training_plan

HDF5 = config.HDF5_PATH.resolve()


def parse_args(argv=None):
    parser = new_parser(__doc__)
    recipe = parser.add_argument_group("what is trained")
    recipe.add_argument("--list", action="store_true", help="print the recipes, with the accuracy "
                        "on the validation split of those that were run")
    recipe.add_argument("--experiment", type=experiment, metavar="N",
                        help="recipe in config/experiments.py, by its number or name (default: "
                             f"{DEFAULT_EXPERIMENT})")
    recipe.add_argument("--epochs", type=positive, metavar="N",
                        help="last epoch (default: the recipe's)")
    recipe.add_argument("--precision", choices=("float32", "mixed_bfloat16", "mixed_float16"),
                        help="numbers to compute with; mixed_bfloat16 is faster on some processors "
                             "(default: float32)")
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
    files.add_argument("--checkpoints", type=path, metavar="FOLDER", help="folder of the "
                       "checkpoints (default: that of --model, else checkpoints/EXPERIMENT)")
    files.add_argument("--output", type=path, metavar="FOLDER",
                       help="folder of the training curve (default: output/EXPERIMENT)")
    files.add_argument("--plot", choices=PLOT_FORMATS, default="png",
                       help="format of the curve's picture (default: %(default)s)")
    files.add_argument("--overwrite", action="store_true", help="remove another training's "
                       "checkpoints and curve from these folders first")
    return parser.parse_args(argv)


def experiment(text):
    """Return the number or the name of a recipe, for argparse."""
    name = int(text) if text.isdecimal() else text
    if name not in EXPERIMENTS:
        raise argparse.ArgumentTypeError(f"{text}: no such recipe; there are\n"
                                         + "\n".join(listed()))
    return name


def listed():
    """Return a line about each recipe."""
    about, results = descriptions(), {}
    for evaluation in config.BASE_PATH.glob("results/*/evaluation_val.json"):
        accuracy = json.loads(evaluation.read_text())["accuracy"]
        results[evaluation.parent.name] = f"{accuracy:.2%}"
    return [f"{name!s:>9}  {recipe.epochs:>3} epochs  {results.get(str(name), ''):>6}  "
            f"{about[name]}" for name, recipe in EXPERIMENTS.items()]


def settings_of(args, experiment):
    """Return the settings of a training; its folders are its own, unless args name others."""
    dataset = args.dataset.resolve()
    name = str(experiment) if dataset == HDF5 else f"{dataset.name}_{experiment}"
    checkpoints = args.model.parent if args.model else config.CHECKPOINTS_PATH / name
    return Settings(
        args.model, args.dataset, args.checkpoints or checkpoints,
        args.output or config.OUTPUT_PATH / name, f"vggnet_emotion_{experiment}", args.plot,
        input_shape=(config.IMAGE_SIZE, config.IMAGE_SIZE, config.IMAGE_DEPTH),
        batch_size=EXPERIMENTS[experiment].batch_size or config.BATCH_SIZE,
        checkpoint_every=config.CHECKPOINT_EVERY, overwrite=args.overwrite)


def print_end(accuracies, best, settings):
    """Print the best epoch, the files, and the command that comes next."""
    model = settings.checkpoints / "best.hdf5"
    words = ["python", "test_recognizer.py", "--model", model, "--split", "val"]
    if settings.dataset.resolve() != HDF5:
        words += ["--dataset", settings.dataset]
    print(f"best: epoch {best} of {len(accuracies)}, {accuracies[best - 1]:.2%} on the validation "
          f"split, in {printable(model)}\n"
          f"curve: {printable(settings.output / settings.curve)}.json and .{settings.plot}\n"
          f"next: {printable(shlex.join(map(str, words)))}")


def main(argv=None):
    args = parse_args(argv)
    if args.list:
        print("\n".join(listed()))
        return
    if args.devices and args.distributed:
        raise UserError("--distributed takes every device of its processes, found --devices "
                        f"{args.devices} as well; leave one of them out")
    defaults = {"experiment": DEFAULT_EXPERIMENT, "precision": "float32", "seed": config.SEED}
    record = training_plan(EXPERIMENTS, defaults, args)
    for split in ("train", "val"):
        existing_file(args.dataset / f"{split}.hdf5", "database", "run build_dataset.py first")
    settings = settings_of(args, record["experiment"])
    require_own(settings)
    new_folder(settings.checkpoints)
    new_folder(settings.output)
    import_keras()
    from pipeline.training.devices import joined_processes, split_batches
    from pipeline.training.training import train

    with joined_processes() if args.distributed else nullcontext() as process:
        several = args.distributed or (args.devices or 1) > 1
        best = train(EXPERIMENTS[record["experiment"]], record, replace(settings, process=process),
                     split_batches(args.devices) if several else None)
        if not process:
            print_end(record["history"]["val_accuracy"], best, settings)


if __name__ == "__main__":
    run(main)
