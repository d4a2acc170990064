"""The folders of a training, which no other one may spoil."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError
from pipeline.files.places import require_apart
from pipeline.terminal import notice


@dataclass(frozen=True)
class Folders:
    """Where a training reads and writes.

    dataset: has train.hdf5 and val.hdf5. checkpoints: gets the model files. output: gets the
    curve. curve: the name of the curve's files, without suffix. plot: the format of its picture.
    """

    dataset: Path
    checkpoints: Path
    output: Path
    curve: str
    plot: str = "png"


def others_files(folders, model):
    """Return the checkpoints and curves that a training would replace though they are not its own.

    model: the checkpoint that it resumes from, or None. A resumed training goes on in the folder
    of its checkpoint, and continues its curve.
    """
    found = []
    if not model or model.resolve().parent != folders.checkpoints.resolve():
        found += sorted(folders.checkpoints.glob("epoch_*.hdf5"))
        found += folders.checkpoints.glob("best.hdf5")
    if not model:
        found += sorted(folders.output.glob(f"{folders.curve}.*"))
    return found


def require_own(folders, model, overwrite):
    """Raise UserError if folders have another training's files, unless they are to be removed."""
    found = others_files(folders, model)
    if found and not overwrite:
        raise UserError(f"{found[0].parent}: has {found[0].name} of another training; give another "
                        "--checkpoints or --output folder, --model to resume that training, or "
                        f"--overwrite to remove {_listed(found)}")


def remove_others(folders, model, read):
    """Remove another training's files, and say which; raise UserError if one of them is read."""
    found = others_files(folders, model)
    require_apart(read, found)
    for path in found:
        path.unlink()
    if found:
        notice(f"removed from an earlier training: {_listed(found)}")


def _listed(paths):
    names = [str(path) for path in paths]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
