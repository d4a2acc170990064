"""Tells the emotions of faces."""

import cv2
import keras
import numpy as np

from pipeline.errors import UserError
from pipeline.io import checkpoint
from pipeline.nn.folding import folded
from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor


class EmotionClassifier:
    """A trained network with the crop and the scaling that it was trained on.

    class_names: the emotions in the order of the probabilities, from the model file. Raises
    UserError if the file is not a model for square gray images.
    """

    def __init__(self, model_path):
        model, record = checkpoint.load(model_path)
        self.class_names = tuple(record["class_names"])
        self.record = record
        shape = model.input_shape
        if len(shape) != 4 or shape[1] != shape[2] or shape[3] != 1:
            raise UserError(f"{model_path}: takes input of shape {shape[1:]}, expected square "
                            "gray images such as (48, 48, 1)")
        if model.output_shape != (None, len(self.class_names)):
            raise UserError(f"{model_path}: gives {model.output_shape[-1]} probabilities "
                            f"for {len(self.class_names)} class names")
        self._side = shape[1]
        self._preprocessor = ImageToArrayPreprocessor()
        self._predict = compiled(model)

    def classify(self, gray, boxes):
        """Return probabilities (N, classes) float32 of the faces in boxes (N, 4).

        gray: (height, width) uint8, the frame in its full resolution.
        """
        if not len(boxes):
            return np.empty((0, len(self.class_names)), dtype=np.float32)
        faces = np.stack([self._crop(gray, box) for box in boxes])
        return self._predict(self._preprocessor.preprocess(faces))

    def _crop(self, gray, box):
        x, y, width, height = box
        face = gray[y:y + height, x:x + width]
        return cv2.resize(face, (self._side, self._side), interpolation=cv2.INTER_AREA)


def compiled(model):
    """Return a function (N, ...) float32 -> (N, classes) float32, compiled for any N.

    It keeps the weights that the model has now.
    """
    model = folded(model)
    if keras.backend.backend() != "tensorflow":
        return model.predict_on_batch
    import tensorflow as tf

    # Weights that are constants are laid out for the processor once and not for each batch.
    weights = [[variable.numpy() for variable in variables]
               for variables in (model.trainable_variables, model.non_trainable_variables)]
    # One signature for every number of faces: nothing is traced again.
    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)]
    function = tf.function(
        lambda images: model.stateless_call(*weights, images, training=False)[0],
        input_signature=signature,
    ).get_concrete_function()
    return lambda images: function(tf.constant(images)).numpy()
