"""Classifies the emotions of faces."""

import cv2
import numpy as np

from pipeline.errors import UserError
from pipeline.evaluation.testtimeaugmentation import predict_on_batch, require_numbers
from pipeline.io.checkpoint import read_onnx
from pipeline.nn.runtimenetwork import RuntimeNetwork
from pipeline.preprocessing.imagetoarraypreprocessor import ImageToArrayPreprocessor

AUGMENTATION = "flip"  # the mean over a face and its mirror image is right more often


class EmotionClassifier:
    """An emotion model with the crop and the scaling of its training.

    precision: "float32" or "int8", or None for int8 if the file allows it. threads: as
    RuntimeNetwork's. Raises UserError if the file is not a model for square gray images, or lacks
    what int8 needs.
    """

    looks = ("face", "mirror image")  # whose probabilities are averaged

    def __init__(self, model_path, precision=None, threads=None):
        model, record, self.precision = read_onnx(model_path, precision)
        self.path = model_path
        self.class_names = tuple(record["class_names"])
        height, width, depth = record["graph"][0]["settings"]["shape"]
        if height != width or depth != 1:
            raise UserError(f"{model_path}: takes input of shape {(height, width, depth)}, "
                            "expected square gray images such as (48, 48, 1)")
        self._size = width, height
        self._preprocessor = ImageToArrayPreprocessor()
        self._network = RuntimeNetwork(model, threads)

    def classify(self, gray, boxes):
        """Return probabilities (N, classes) float32 of the faces in boxes (N, 4) of a gray frame.

        Raises UserError if the network does not return finite numbers.
        """
        if not len(boxes):
            return np.empty((0, len(self.class_names)), dtype=np.float32)
        faces = np.stack([crop(gray, box, self._size) for box in boxes])
        probabilities = predict_on_batch(self._network, self._preprocessor.preprocess(faces),
                                         AUGMENTATION)
        require_numbers(probabilities, self.path)
        return probabilities


def crop(gray, box, size):
    """Return the box of gray (height, width) uint8, resized to size (width, height)."""
    x, y, width, height = box
    face = gray[y:y + height, x:x + width]
    return cv2.resize(face, size, interpolation=cv2.INTER_AREA)
