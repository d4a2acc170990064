"""Trains a network by a recipe, from its first epoch or from a checkpoint."""

import sys
from dataclasses import asdict, dataclass

import keras
import numpy as np

from pipeline.callbacks.averagedweights import AveragedWeights
from pipeline.callbacks.epochcheckpoint import EpochCheckpoint
from pipeline.callbacks.epochseed import EpochSeed
from pipeline.callbacks.finiteloss import FiniteLoss
from pipeline.callbacks.trainingmonitor import TrainingMonitor
from pipeline.commandline import this_command
from pipeline.errors import UserError
from pipeline.files.places import locked_folder
from pipeline.io import checkpoint
from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
from pipeline.nn.graph import kernels, layers_of
from pipeline.nn.kerasgraph import graph_of, keras_model, set_weights, weights_of
from pipeline.nn.onnxnetwork import NUM_IMAGES
from pipeline.preprocessing.affineaugmentor import AffineAugmentor
from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor
from pipeline.preprocessing.mixup import Mixup
from pipeline.preprocessing.photometricaugmentor import PhotometricAugmentor
from pipeline.preprocessing.randomerasing import RandomErasing
from pipeline.training.distillation import teach
from pipeline.training.folders import remove_others
from pipeline.training.learningrate import learning_rate_schedule
from pipeline.training.network import (
    built,
    compile_for_training,
    freeze,
    pretrained,
    require_trainable,
)
from pipeline.training.processes import Processes


@dataclass(frozen=True)
class Settings:
    """input_shape: (height, width, channels). checkpoint_every: epochs. classes: of the trial
    network that is built before a database says how many there are. overwrite: whether another
    training's files in the folders are removed.
    """

    input_shape: tuple[int, int, int]
    batch_size: int
    checkpoint_every: int
    classes: int
    overwrite: bool = False


def train(recipe, record, model_path, folders, settings, *, distribution=None, processes=None):
    """Train from the record's `epoch` to its last, `epochs`.

    recipe: config.experiments.Experiment, or its like. record: what checkpoint.save stores; that
    of model_path, a checkpoint to go on from, or a fresh one if that is None. distribution:
    SplitBatches, for several devices. processes: JoinedProcesses, for several processes. Raises
    UserError if the network cannot be kept in a model file, the checkpoint or a teacher does not
    fit, processes differ in what they were given, another training holds a folder, or the loss
    becomes no number; KeyboardInterrupt, when stopped, has the command to resume with.
    """
    processes = processes or Processes()
    processes.last_good = lambda: model_path
    seed, shape = record["seed"], settings.input_shape
    keras.distribution.set_distribution(None)  # an earlier training in this process may have one
    if not model_path and not recipe.pretrained:
        classes = recipe.classes or settings.classes
        require_trainable(built(recipe, record["experiment"], shape, classes), shape, classes)
    keras.config.set_dtype_policy(record["precision"])
    feed = {"batch_size": settings.batch_size, "preprocessor": ImageToArrayPreprocessor()}
    own_checkpoints, own_output = map(processes.own_folder, (folders.checkpoints, folders.output))
    with (
        locked_folder(own_checkpoints, "training"),
        locked_folder(own_output, folders.curve),
        HDF5DatasetGenerator(folders.dataset / "train.hdf5", seed=seed,
                             **variations(recipe, record["epochs"]), **feed) as training,
        HDF5DatasetGenerator(folders.dataset / "val.hdf5", **feed) as validation,
    ):
        processes.agree(
            datasets={"train.hdf5": training, "val.hdf5": validation},
            networks=[path for path in (model_path or record.get("pretrained"),
                                        *record["teachers"]) if path],
            settings=[{**record, "pretrained": None, "teachers": None}, asdict(recipe),
                      asdict(settings)])
        digests = {"train.hdf5": training.digest(), "val.hdf5": validation.digest()}
        if model_path:
            require_same(model_path, record, {"batch_size": settings.batch_size,
                                              "backend": keras.backend.backend(), **digests})
        require_database(recipe, record["experiment"], training)
        require_fitting(training, validation, shape)
        if recipe.distillation:
            teach(training, record["teachers"], recipe.distillation, **feed)
        keras.utils.set_random_seed(seed)  # after other networks, which draw weights as well
        model, graph = network_of(recipe, record, model_path, shape, training.class_names,
                                  distribution)
        freeze(model, recipe.frozen_blocks)
        compile_for_training(model, recipe.optimizer, recipe.learning_rate(1),
                             label_smoothing=recipe.label_smoothing,
                             ema_momentum=recipe.ema_momentum)
        if model_path:
            checkpoint.require_classes(record, model_path, training.class_names, training.path)
            checkpoint.restore(model, model_path)
        record |= {"graph": graph, "class_names": training.class_names,
                   "backend": keras.backend.backend(), "batch_size": settings.batch_size,
                   "data": digests,
                   "devices": distribution.num_model_replicas if distribution else 1,
                   "recipe": asdict(recipe)}
        average = AveragedWeights(training) if recipe.ema_momentum else None
        saver = EpochCheckpoint(own_checkpoints, record, every=settings.checkpoint_every,
                                images=training.sample(NUM_IMAGES), average=average,
                                wait=processes.wait,
                                best_by="val_loss" if training.ferplus_share else "val_accuracy")

        def last_saved():
            return saver.last_saved and folders.checkpoints / saver.last_saved.name

        processes.last_good = lambda: last_saved() or model_path
        rate = learning_rate_schedule(recipe, record["epochs"])
        callbacks = [
            *([average] if average else []),
            keras.callbacks.LearningRateScheduler(lambda epoch, _: rate(epoch)),
            EpochSeed(training, seed),
            FiniteLoss(processes.last_good),
            TrainingMonitor(own_output / folders.curve, description_of(record, training),
                            record["history"], plot=folders.plot),
            saver,
        ]
        if settings.overwrite and processes.number == 0:  # which alone writes these files
            remove_others(folders, model_path, read=[
                path for path in (model_path, record.get("pretrained"), *record["teachers"])
                if path])
        try:
            model.fit(
                training,
                validation_data=validation,
                initial_epoch=record["epoch"],
                epochs=record["epochs"],
                class_weight=class_weights(training) if record.get("balance") else None,
                shuffle=False,  # the order of the batches is the dataset's own affair
                callbacks=callbacks,
                verbose=processes.number == 0 and (1 if sys.stdout.isatty() else 2),
            )
        except KeyboardInterrupt as interrupt:
            if processes.number == 0 and not distribution:  # else others would have to take part
                saver.save_finished()
            raise type(interrupt)(how_to_go_on(model_path, last_saved())) from None


def network_of(recipe, record, model_path, input_shape, class_names, distribution):
    """Return (keras.Model, graph) of a training, before a checkpoint gives it its weights."""
    weights = None
    if model_path:
        graph = record["graph"]
    elif recipe.pretrained:
        graph, weights = pretrained(record["pretrained"], class_names)
    else:
        drawn = built(recipe, record["experiment"], input_shape, len(class_names))
        graph, weights = graph_of(drawn), weights_of(drawn)
    keras.distribution.set_distribution(distribution)  # others than this network use one device
    if distribution:
        distribution.first_layer = kernels(layers_of(graph))[0].name
    model = keras_model(graph)
    if weights:
        set_weights(model, weights)
    return model, graph


def require_same(path, record, found):
    """Raise UserError if a checkpoint was trained otherwise. found: {name: value} of now."""
    trained = {**record, **record.get("data", {})}
    for name, value in found.items():
        if name not in trained or trained[name] == value:
            continue
        if name == "backend":
            remedy = f"set KERAS_BACKEND={trained[name]}"
        elif name == "batch_size":
            remedy = f"give batch_size {trained[name]} back in config/"
        else:
            remedy = "give --dataset the folder of that database"
        raise UserError(f"{path} was trained with {name} {trained[name]}, found {value}; {remedy}, "
                        "or start a fresh training from its weights with --pretrained")


def require_database(recipe, experiment, dataset):
    """Raise UserError if a recipe is for another kind of database than the dataset's."""
    for name, flag in (("ferplus_share", "ferplus-share"), ("classes", "classes")):
        found = len(dataset.class_names) if name == "classes" else dataset.ferplus_share
        expected = getattr(recipe, name)
        if expected is not None and found != expected:
            raise UserError(f"{dataset.path}: has {name} {found}, experiment {experiment} "
                            f"expects {expected}; build it with --{flag} {expected}"
                            + (" and --ferplus" if name == "ferplus_share" else ""))


def class_weights(dataset):
    """Return {class index: weight of its images}, in proportion to how rare a class is.

    All images together weigh as much as without.
    """
    counts = np.bincount(dataset.labels, minlength=len(dataset.class_names))
    return {index: float(len(dataset.labels) / (np.count_nonzero(counts) * max(count, 1)))
            for index, count in enumerate(counts)}


def require_fitting(training, validation, input_shape):
    """Raise UserError if two databases are of different builds, or their images of another size."""
    for name in sorted(training.attributes.keys() | validation.attributes.keys()):
        found = [dataset.attributes.get(name) for dataset in (training, validation)]
        if found[0] != found[1]:
            raise UserError(f"{training.path} and {validation.path} are of two builds: {name} is "
                            f"{found[0]!r} in one and {found[1]!r} in the other; run "
                            "build_dataset.py again")
    for dataset in (training, validation):
        dataset.require_images_of(*input_shape[:2])


def variations(recipe, epochs):
    """Return how a recipe varies the training images, as HDF5DatasetGenerator's arguments."""
    augmentors = [AffineAugmentor(**recipe.augmentation)]
    if recipe.photometric:
        augmentors.append(PhotometricAugmentor(**recipe.photometric))
    if recipe.erasing:
        augmentors.append(RandomErasing(**recipe.erasing))
    if not recipe.mixup_alpha:
        return {"augmentors": augmentors}
    mixup = Mixup(alpha=recipe.mixup_alpha, last_epoch=epochs - recipe.epochs_without_mixup)
    return {"augmentors": augmentors, "mixup": mixup}


def description_of(record, dataset):
    """Return what the curve's JSON says of the run."""
    left_out = ("history", "epoch", "val_accuracy", "graph")
    return {
        "title": f"{record['recipe']['architecture'].partition('.')[2]} on "
                 f"{dataset.attributes.get('source', 'faces')}, experiment {record['experiment']}",
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
