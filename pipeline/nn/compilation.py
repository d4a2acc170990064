"""Makes a network ready for training."""

import keras


def compile_for_training(model, optimizer, learning_rate):
    """Compile a classifier with "sgd" (Nesterov momentum 0.9, the original's) or "adam"."""
    optimizers = {
        "sgd": lambda: keras.optimizers.SGD(learning_rate, momentum=0.9, nesterov=True),
        "adam": lambda: keras.optimizers.Adam(learning_rate),
    }
    model.compile(
        optimizer=optimizers[optimizer](),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=keras.backend.backend() == "jax",  # XLA halves TensorFlow's speed on a CPU
    )
