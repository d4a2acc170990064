"""What a training is to do and where: by its arguments, and by a checkpoint if it resumes one."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.commandline import existing_file
from pipeline.errors import UserError
from pipeline.files.places import require_apart
from pipeline.process.terminal import notice


@dataclass(frozen=True)
class Settings:
    """What a training reads and writes, and how."""

    model: Path | None  # checkpoint that it resumes from
    dataset: Path  # folder of train.hdf5 and val.hdf5
    checkpoints: Path  # folder of the model files
    output: Path  # folder of the curve
    curve: str  # name of the curve's files, without suffix
    plot: str  # format of its picture
    input_shape: tuple[int, int, int]  # height, width, channels
    batch_size: int
    checkpoint_every: int  # epochs
    overwrite: bool  # whether another training's files in the folders are removed
    process: int | None = None  # its number among several, of which 0 writes the files


def training_plan(recipes, defaults, wanted):
    """Return the record that a training starts from, as checkpoint.save stores it.

    recipes: {number: Experiment}. defaults: the experiment, the precision and the seed of a fresh
    training. wanted: the arguments of train_recognizer.py. The checkpoint decides what a resumed
    training is; the arguments may only agree with it, except for the paths of teachers, which may
    have moved. Raises UserError if the arguments contradict the checkpoint or the recipe.
    """
    if wanted.model:
        record = _of_checkpoint(wanted, recipes)
    elif wanted.start_epoch:
        raise UserError("--start_epoch needs --model, the checkpoint to resume from")
    else:
        record = {**defaults, "epoch": 0, "history": {}, "balance": wanted.balance}
        record |= {name: value for name in ("experiment", "precision")
                   if (value := getattr(wanted, name)) is not None}
    recipe = recipes[record["experiment"]]
    record["epochs"] = _last_epoch(wanted, record, recipe)
    record["teachers"] = _teachers(wanted.teachers, record, recipe)
    return record | _pretrained(wanted, record, recipe)


def _of_checkpoint(wanted, recipes):
    from pipeline.io.checkpoint import read_record

    model = wanted.model
    record = read_record(existing_file(model, "checkpoint", "see the checkpoints folder"))
    for name in ("start_epoch", "precision", "balance", "pretrained"):
        found, value = record.get(name.removeprefix("start_")), getattr(wanted, name)
        if value not in (None, False) and str(value) != str(found):
            raise UserError(f"{model} has {name} {found}, found --{name} {value}; leave it out")
    record["experiment"] = _experiment_of(wanted, record, recipes)
    return record


def _experiment_of(wanted, record, recipes):
    """Return the experiment of a checkpoint, whose recipe must be what it was.

    The recipe may have got another number, which `wanted` then gives.
    """
    number = record["experiment"] if wanted.experiment is None else wanted.experiment
    stored = record.get("recipe", {})
    same = [other for other, recipe in recipes.items() if not _difference(recipe, stored)]
    if number in same:
        return number
    found = f"is of experiment {number}, which config/experiments.py does not have"
    if number in recipes:
        name, value = _difference(recipes[number], stored)
        found = (f"was trained with {name} {stored[name]!r}, and experiment {number} has {value!r} "
                 "now")
    remedy = f"give --experiment {same[0]}" if same else "give the recipe that value back"
    raise UserError(f"{wanted.model} {found}; {remedy}, or start a fresh training from its weights "
                    "with --pretrained")


def _difference(recipe, stored):
    """Return (name, value) of a recipe's first field that is not as stored, or None."""
    plain = json.loads(json.dumps(asdict(recipe)))
    return next(((name, value) for name, value in plain.items()
                 if name in stored and stored[name] != value), None)


def _last_epoch(wanted, record, recipe):
    """Return the last epoch of the run: as given, else as the checkpoint has it planned."""
    planned = record.get("epochs", recipe.epochs)
    epochs = wanted.epochs or planned
    if recipe.cosine and wanted.model and epochs != planned:
        raise UserError(f"{wanted.model} has its learning rate planned for {planned} epochs, found "
                        f"--epochs {epochs}; give --epochs {planned} or leave it out")
    if epochs <= recipe.warmup_epochs:
        raise UserError(f"experiment {record['experiment']} warms up for {recipe.warmup_epochs} "
                        f"epochs, found --epochs {epochs}; give more")
    if record["epoch"] >= epochs:
        raise UserError(f"{wanted.model} is trained for {record['epoch']} epochs already, found "
                        f"{epochs} as the last; give a larger --epochs")
    return epochs


def _pretrained(wanted, record, recipe):
    """Return the record's fields about the network that a training starts from, if it does."""
    from pipeline.io.checkpoint import read_record

    path = wanted.pretrained
    if path and not recipe.pretrained:
        raise UserError(f"experiment {record['experiment']} starts from nothing, found "
                        "--pretrained; give --experiment fine-tune or leave it out")
    if wanted.model or not recipe.pretrained:
        return {}
    if not path:
        raise UserError(f"experiment {record['experiment']} starts from a trained network, found "
                        "no --pretrained; give its checkpoint")
    network = read_record(existing_file(path, "checkpoint", "see the checkpoints folder"))
    return {"pretrained": str(path), "graph": network["graph"]}


def _teachers(teachers, record, recipe):
    """Return the paths of the networks to learn from: as given, else as the checkpoint has them."""
    paths = [str(path) for path in teachers or record.get("teachers", ())]
    if bool(paths) != bool(recipe.distillation):
        found, remedy = (("no other network, found", "leave it out") if paths else
                         ("other networks, found no", "give their checkpoints"))
        raise UserError(f"experiment {record['experiment']} learns from {found} --teachers; "
                        f"{remedy}")
    for path in paths:
        existing_file(path, "teacher", "train it first")
    return paths


def read_by(record, model):
    """Return the paths of the model files that a training reads; model: that it resumes from."""
    return [path for path in (model or record.get("pretrained"), *record["teachers"]) if path]


def others_files(settings):
    """Return the checkpoints and curves that a training would replace though they are not its own.

    A resumed training goes on in the folder of its checkpoint, and continues its curve.
    """
    model, folder, found = settings.model, settings.checkpoints, []
    if not model or model.resolve().parent != folder.resolve():
        found += [*sorted(folder.glob("epoch_*.hdf5")), *folder.glob("best.hdf5")]
    if not model:
        found += sorted(settings.output.glob(f"{settings.curve}.*"))
    return found


def require_own(settings):
    """Raise UserError if the folders have another training's files, unless these are removed."""
    found = others_files(settings)
    if found and not settings.overwrite:
        raise UserError(f"{found[0].parent}: has {found[0].name} of another training; give another "
                        "--checkpoints or --output folder, --model to resume that training, or "
                        "--overwrite to remove its checkpoints and its curve")


def remove_others(settings, read):
    """Remove another training's files, and say which; raise UserError if one of them is read."""
    found = others_files(settings)
    require_apart(read, found)
    for path in found:
        path.unlink()
    if found:
        notice("removed from an earlier training: " + ", ".join(map(str, found)))
