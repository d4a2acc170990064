"""Trains a network by a recipe, from its first epoch or from a checkpoint."""

import hashlib
import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import keras

from pipeline.callbacks.averagedweights import AveragedWeights
from pipeline.callbacks.epochcheckpoint import EpochCheckpoint
from pipeline.callbacks.trainingmonitor import TrainingMonitor
from pipeline.commandline import this_command
from pipeline.errors import UserError
from pipeline.files.places import locked_folder
from pipeline.io import checkpoint
from pipeline.io.hdf5datasetgenerator import HDF5DatasetGenerator
from pipeline.nn.graph import kernels, layers_of
from pipeline.nn.kerasgraph import graph_of, keras_model, set_weights, weights_of
from pipeline.nn.onnxnetwork import NUM_IMAGES
from pipeline.process.ending import terminate_again
from pipeline.training import network
from pipeline.training.data import class_weights, require_fitting, teach, variations
from pipeline.training.devices import require_agreement
from pipeline.training.trainingplan import read_by, remove_others


def train(recipe, record, settings, distribution=None):
    """Train from the record's `epoch` to its last, `epochs`; return the best of all epochs.

    recipe: an Experiment. record: what checkpoint.save stores; that of settings.model or, without
    one, a fresh one. distribution: SplitBatches, for several devices.
    Raises UserError if the network cannot be kept in a model file, something that is read does not
    fit, another training holds a folder, or the loss becomes no number; KeyboardInterrupt, when
    stopped, has the command to resume with.
    """
    shape, batch_size, model_path = settings.input_shape, settings.batch_size, settings.model
    keras.distribution.set_distribution(None)  # an earlier training in this process may have one
    with (
        ExitStack() as locks,
        HDF5DatasetGenerator(settings.dataset / "train.hdf5", batch_size, seed=record["seed"],
                             **variations(recipe, record["epochs"])) as training,
        HDF5DatasetGenerator(settings.dataset / "val.hdf5", batch_size) as validation,
    ):
        if not settings.process:
            locks.enter_context(locked_folder(settings.checkpoints, "training"))
            locks.enter_context(locked_folder(settings.output, settings.curve))
        now = {"batch_size": batch_size, "backend": keras.backend.backend(),
               "data": {"train.hdf5": training.digest(), "val.hdf5": validation.digest()}}
        if settings.process is not None:
            require_agreement(described(recipe, record, model_path, now))
        if model_path:
            require_same(model_path, record, now)
        require_fitting(recipe, record["experiment"], training, validation, shape)
        if not model_path and not recipe.pretrained:
            classes = len(training.class_names)
            drawn = network.built(recipe, record["experiment"], shape, classes)
            network.require_trainable(drawn, shape, classes)
        keras.config.set_dtype_policy(record["precision"])
        if recipe.distillation:
            teach(training, record["teachers"], recipe.distillation)
        keras.utils.set_random_seed(record["seed"])  # other networks drew weights as well
        model, graph = compiled_network(recipe, record, settings, training, distribution)
        record |= now | {"graph": graph, "class_names": training.class_names,
                         "devices": distribution.num_model_replicas if distribution else 1,
                         "recipe": asdict(recipe)}
        if settings.overwrite and not settings.process:
            remove_others(settings, read=read_by(record, model_path))
        return fit(recipe, record, model, (training, validation), settings)


def compiled_network(recipe, record, settings, dataset, distribution):
    """Return (keras.Model, graph) of a training, as it begins or goes on from a checkpoint."""
    weights = None
    if settings.model:
        checkpoint.require_classes(record, settings.model, dataset.class_names, dataset.path)
        graph = record["graph"]
    elif recipe.pretrained:
        graph, weights = network.pretrained(record["pretrained"], dataset.class_names)
    else:
        drawn = network.built(recipe, record["experiment"], settings.input_shape,
                              len(dataset.class_names))
        graph, weights = graph_of(drawn), weights_of(drawn)
    keras.distribution.set_distribution(distribution)  # others than this network use one device
    if distribution:
        distribution.first_layer = kernels(layers_of(graph))[0].name
    model = keras_model(graph)
    if weights:
        set_weights(model, weights)
    network.freeze(model, recipe.frozen_blocks)
    network.compile_for_training(
        model, recipe.optimizer, recipe.learning_rate(1),
        label_smoothing=recipe.label_smoothing, ema_momentum=recipe.ema_momentum)
    if settings.model:
        checkpoint.restore(model, settings.model)
    return model, graph


def fit(recipe, record, model, datasets, settings):
    """Train a compiled network; return the best epoch. datasets: of training and validation."""
    training, validation = datasets
    average = AveragedWeights(training) if recipe.ema_momentum else None
    rate = network.learning_rate_schedule(recipe, record["epochs"])
    saver = EpochCheckpoint(settings.checkpoints, record, every=settings.checkpoint_every,
                            images=training.sample(NUM_IMAGES), average=average,
                            best_by="val_loss" if training.ferplus_share else "val_accuracy")

    def begin_epoch(epoch, logs):
        terminate_again()
        training.epoch = epoch + 1
        network.seed_layers(model, record["seed"], epoch + 1)

    callbacks = [average, keras.callbacks.LearningRateScheduler(lambda epoch, _: rate(epoch)),
                 keras.callbacks.LambdaCallback(on_epoch_begin=begin_epoch)]
    if not settings.process:
        callbacks += [TrainingMonitor(settings.output / settings.curve,
                                      description_of(record, training), record["history"],
                                      plot=settings.plot), saver]
    try:
        model.fit(
            training,
            validation_data=validation,
            initial_epoch=record["epoch"],
            epochs=record["epochs"],
            class_weight=class_weights(training) if record.get("balance") else None,
            shuffle=False,  # the order of the batches is the dataset's own affair
            callbacks=[callback for callback in callbacks if callback],
            verbose=0 if settings.process else 1 if sys.stdout.isatty() else 2,
        )
        return None if settings.process else saver.best_epoch
    except KeyboardInterrupt as interrupt:
        if settings.process:
            raise
        if record["devices"] == 1:  # else all processes would have to take part
            saver.save_finished()
        raise type(interrupt)(how_to_go_on(settings.model, saver.last_saved)) from None
    except (RuntimeError, ValueError) as error:  # of JAX, when it cannot reach a process
        if settings.process is None:
            raise
        line = f"another process has ended ({str(error).partition(chr(10))[0]})"
        if settings.process == 0:
            line += f"; the last good checkpoint is {saver.last_saved or settings.model or 'none'}"
        raise UserError(line) from error


def described(recipe, record, model_path, now):
    """Return what processes must have been given alike, as require_agreement takes it."""
    files = [hashlib.sha256(Path(path).read_bytes()).hexdigest()
             for path in read_by(record, model_path)]
    settings = [record | {"pretrained": None, "teachers": None}, asdict(recipe), now]
    return now["data"] | {"network to start or learn from": "".join(files),
                          "recipe or record": json.dumps(settings, default=str)}


def require_same(path, record, now):
    """Raise UserError if a checkpoint was trained otherwise. now: {name: value}."""
    trained, found = ({**values, **values.get("data", {}), "data": None}
                      for values in (record, now))
    for name, value in found.items():
        if trained.get(name, value) != value:
            remedy = {"backend": f"set KERAS_BACKEND={trained[name]}",
                      "batch_size": f"give batch_size {trained[name]} back in config/"}
            raise UserError(
                f"{path} was trained with {name} {trained[name]}, found {value}; "
                f"{remedy.get(name, 'give --dataset the folder of that database')}, or start a "
                "fresh training from its weights with --pretrained")


def description_of(record, dataset):
    """Return what the curve's JSON says of the run."""
    title = (f"{record['recipe']['architecture'].partition('.')[2]} on "
             f"{dataset.attributes.get('source', 'faces')}, experiment {record['experiment']}")
    left_out = ("history", "epoch", "val_accuracy", "graph")
    return {"title": title, "command": this_command(),
            **{name: value for name, value in record.items() if name not in left_out}}


def how_to_go_on(resumed_from, last_saved):
    """Return the line that Ctrl-C ends with."""
    if last_saved:
        epoch = last_saved.stem.removeprefix("epoch_")
        return f"stopped; resume with: {this_command(model=last_saved, start_epoch=epoch)}"
    if resumed_from:
        return f"stopped; resume with: {this_command()}"
    return f"stopped before the first checkpoint; start again with: {this_command()}"
