"""Makes a network ready for training."""

import keras


def compile_for_training(model, optimizer, learning_rate, *, label_smoothing=0.0,
                         ema_momentum=None):
    """Compile a classifier with "sgd" (Nesterov momentum 0.9, the original's) or "adam".

    label_smoothing: share of the target that goes to all classes alike, 0-1. ema_momentum: the
    optimizer keeps an exponential moving average of the weights, with this share of the old.
    """
    average = {"use_ema": True, "ema_momentum": ema_momentum} if ema_momentum else {}
    # Without a name Keras numbers them, and a checkpoint knows their state by its name.
    optimizers = {
        "sgd": lambda: keras.optimizers.SGD(learning_rate, momentum=0.9, nesterov=True,
                                            name="sgd", **average),
        "adam": lambda: keras.optimizers.Adam(learning_rate, name="adam", **average),
    }
    model.compile(
        optimizer=optimizers[optimizer](),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        metrics=["accuracy"],
        jit_compile=keras.backend.backend() == "jax",  # XLA halves TensorFlow's speed on a CPU
    )
