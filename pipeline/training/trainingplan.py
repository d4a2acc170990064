"""What a training is to do: by its arguments, and by the checkpoint if it resumes one."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.commandline import existing_file
from pipeline.errors import UserError

MEASURED = ("accuracy", "loss", "val_accuracy", "val_loss")  # in each epoch


@dataclass(frozen=True)
class Wanted:
    """The arguments that say what is trained or resumed; None where one was not given.

    model: path of the checkpoint to resume from.
    """

    model: Path | None = None
    start_epoch: int | None = None
    experiment: int | str | None = None
    precision: str | None = None
    pretrained: Path | None = None
    teachers: list[Path] | None = None
    balance: bool = False
    epochs: int | None = None


def training_plan(recipes, defaults, wanted):
    """Return the record that a training starts from, as checkpoint.save stores it.

    recipes: {number: config.experiments.Experiment, or its like}. defaults: the experiment, the
    precision and the seed of a fresh training. wanted: Wanted. The checkpoint decides what a
    resumed training is; the arguments may only agree with it, except for the paths of teachers,
    which may have moved. Raises UserError if the arguments contradict the checkpoint or the recipe.
    """
    model = wanted.model
    given = {"precision": wanted.precision, "epoch": wanted.start_epoch,
             "balance": wanted.balance or None}
    if model:
        record = _of_checkpoint(model, given)
        record["experiment"] = _experiment_of(model, record, recipes, wanted.experiment)
    elif wanted.start_epoch:
        raise UserError("--start_epoch needs --model, the checkpoint to resume from")
    else:
        record = {**defaults, "epoch": 0, "history": {}, "balance": wanted.balance}
        record |= {name: value for name in ("experiment", "precision")
                   if (value := getattr(wanted, name)) is not None}
    recipe = recipes[record["experiment"]]
    record["epochs"] = _last_epoch(wanted.epochs, model, record, recipe)
    record["teachers"] = _teachers(wanted.teachers, record, recipe)
    if wanted.pretrained or recipe.pretrained:
        record |= _pretrained(wanted.pretrained, model, record, recipe)
    return record


def _of_checkpoint(model, given):
    from pipeline.io.checkpoint import read_record

    record = read_record(existing_file(model, "checkpoint", "see the checkpoints folder"))
    for name, value in given.items():
        if name == "balance" and value and not record.get(name):
            raise UserError(f"{model} was trained without --balance; leave it out")
        if value is not None and value != record[name]:
            flag = "start_epoch" if name == "epoch" else name
            raise UserError(f"{model} has {name} {record[name]}, found --{flag} {value}; "
                            f"give --{flag} {record[name]} or leave it out")
    for name in MEASURED:
        if record["epoch"] and name not in record["history"]:
            raise UserError(f"{model}: its history has no {name}, so training cannot resume from "
                            "it; take another of the epoch_N files")
    return record


def _experiment_of(model, record, recipes, wanted):
    """Return the experiment of a checkpoint, whose recipe must be what it was.

    The recipe may have got another number, which `wanted` then gives.
    """
    number = record["experiment"] if wanted is None else wanted
    stored = record.get("recipe", {})
    if number in recipes and not _difference(recipes[number], stored):
        return number
    same = [other for other, recipe in recipes.items() if not _difference(recipe, stored)]
    if number not in recipes:
        found = f"is of experiment {number}, which config/experiments.py does not have"
    else:
        name, value = _difference(recipes[number], stored)
        found = (f"was trained with {name} {stored[name]!r}, and experiment {number} has {value!r} "
                 "now")
    remedy = f"give --experiment {same[0]}" if same else "give the recipe that value back"
    raise UserError(f"{model} {found}; {remedy}, or start a fresh training from its weights with "
                    "--pretrained")


def _difference(recipe, stored):
    """Return (name, value) of a recipe's first field that is not as stored, or None."""
    plain = json.loads(json.dumps(asdict(recipe)))
    return next(((name, value) for name, value in plain.items()
                 if name in stored and stored[name] != value), None)


def _last_epoch(epochs, model, record, recipe):
    """Return the last epoch of the run: as given, else as the checkpoint has it planned."""
    planned = record.get("epochs", recipe.epochs)
    epochs = epochs or planned
    if recipe.cosine and model and epochs != planned:
        raise UserError(f"{model} has its learning rate planned for {planned} epochs, found "
                        f"--epochs {epochs}; give --epochs {planned} or leave it out")
    if epochs <= recipe.warmup_epochs:
        raise UserError(f"experiment {record['experiment']} warms up for {recipe.warmup_epochs} "
                        f"epochs, found --epochs {epochs}; give more")
    if record["epoch"] >= epochs:
        raise UserError(f"{model} is trained for {record['epoch']} epochs already, found "
                        f"{epochs} as the last; give a larger --epochs")
    return epochs


def _pretrained(path, model, record, recipe):
    """Return of the record the network that a training starts from: its path and arguments."""
    from pipeline.io.checkpoint import read_record

    if not recipe.pretrained:
        raise UserError(f"experiment {record['experiment']} starts from nothing, found "
                        "--pretrained; give --experiment fine-tune or leave it out")
    if model:
        if path and str(path) != record.get("pretrained"):
            raise UserError(f"{model} started from {record.get('pretrained')}, found --pretrained "
                            f"{path}; leave it out")
        return {}
    if not path:
        raise UserError(f"experiment {record['experiment']} starts from a trained network, found "
                        "no --pretrained; give its checkpoint")
    network = read_record(existing_file(path, "checkpoint", "see the checkpoints folder"))
    return {"pretrained": str(path), "graph": network["graph"]}


def _teachers(teachers, record, recipe):
    """Return the paths of the networks to learn from: as given, else as the checkpoint has them."""
    paths = [str(path) for path in teachers or record.get("teachers", ())]
    if paths and not recipe.distillation:
        raise UserError(f"experiment {record['experiment']} learns from no other network, found "
                        "--teachers; leave it out")
    if recipe.distillation and not paths:
        raise UserError(f"experiment {record['experiment']} learns from other networks, found no "
                        "--teachers; give their checkpoints")
    for path in paths:
        existing_file(path, "teacher", "train it first")
    return paths
