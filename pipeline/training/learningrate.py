"""The learning rate of each epoch."""

import keras


def learning_rate_schedule(recipe, epochs):
    """Return a function of the epoch, counted from 0, for a training of `epochs` in all.

    recipe: with learning_rate(epoch), counted from 1, cosine and warmup_epochs. With cosine the
    recipe's rate is the peak: it is climbed to over warmup_epochs and left for 0 along half a
    cosine (Loshchilov and Hutter, 2017). Else the rate is the recipe's at each epoch.
    """
    if not recipe.cosine:
        return lambda epoch: recipe.learning_rate(epoch + 1)
    peak = recipe.learning_rate(1)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / (recipe.warmup_epochs + 1), warmup_target=peak,
        warmup_steps=recipe.warmup_epochs, decay_steps=epochs - recipe.warmup_epochs)
    return lambda epoch: float(schedule(epoch))
