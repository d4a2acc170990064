"""Reads a model file, .hdf5 or .keras: its record, and the arrays that the record asks for."""

import hashlib
import json
import re

import numpy as np

from pipeline.errors import UserError
from pipeline.files.untrusted import content_of, members_of
from pipeline.io.modelrecord import LARGEST_NETWORK, LONGEST_RECORD, parsed
from pipeline.io.plainhdf5 import PlainHDF5
from pipeline.nn.conv.emotionvgglayers import ARRAYS, layers_with_arrays

RECORD = "emotion_recognition"
WEIGHTS = "model.weights.h5"
MEMBERS = ("config.json", "metadata.json", WEIGHTS, RECORD)  # of a .keras archive
EXPECTED = "a model file of train_recognizer.py"

# Weights, and three arrays like them of an optimizer, in float32; and what describes them.
LARGEST_FILE = 4 * 4 * LARGEST_NETWORK + (1 << 22)


class ModelFile:
    """The record of a model file, checked, and the arrays that it asks for."""

    def __init__(self, path):
        self.path = path
        content = content_of(path, LARGEST_FILE)
        self.is_archive = content.startswith(b"PK\3\4")
        if self.is_archive:
            members = members_of(content, MEMBERS)
            self.arrays, text = PlainHDF5(members[WEIGHTS]), members.get(RECORD)
        else:
            self.arrays = PlainHDF5(content)
            text = self.arrays.has(RECORD) and self.arrays.text(RECORD, LONGEST_RECORD)
        if not text:
            raise UserError(f"{path}: a model file without class names and epoch, so of another "
                            f"program; expected {EXPECTED}")
        self.record = parsed(text, path)
        self.checksums = self.record.pop("checksums", None)  # which older files lack

    def weights(self):
        """Return {layer: arrays}, as checkpoint.read does."""
        dtype = "float32" if self.is_archive else self.record.get("arrays", "float32")
        weights = {
            layer.name: tuple(self.arrays.array(name, shape, dtype).astype(np.float32, copy=False)
                              for name, shape in zip(names, layer.shapes))
            for layer, names in self._named(layers_with_arrays(self.record["network"]))}
        arrays = in_order(weights)
        if not all(np.isfinite(array).all() for array in arrays):
            raise ValueError("its weights are not all numbers")
        self._require("weights", digest_of(arrays, self.record))
        return weights

    def state(self, variables):
        """Return the arrays of an optimizer's variables, in their order."""
        group = "optimizer/vars" if self.is_archive else "optimizer_weights"
        if not self.arrays.has(group):
            raise UserError(f"{self.path}: has no optimizer state, so training cannot resume from "
                            "it; take one of the epoch_N files, or start from its weights with "
                            "--pretrained")
        arrays = []
        for number, variable in enumerate(variables):
            name = f"{group}/{number if self.is_archive else variable.path}"
            if not self.arrays.has(name):  # if Keras built the optimizer in fit, and scales losses
                name = f"{group}/loss_scale_optimizer/{variable.path}"
            arrays.append(self.arrays.array(name, tuple(variable.shape), variable.dtype))
        self._require("optimizer", digest_of(arrays))
        return arrays

    def _named(self, layers):
        """Yield each layer with the names of its arrays in the file."""
        group = "layers" if self.is_archive else "model_weights"
        present = self.arrays.names(group)
        # Archives, and files from before layers had names, number the layers of a kind.
        numbered = {kind: iter(sorted((name for name in present
                                       if re.fullmatch(rf"{kind}(_\d+)?", name)),
                                      key=lambda name: (len(name), name)))
                    for kind in ARRAYS}
        for layer in layers:
            name = layer.name
            if name not in present:
                name = next(numbered[layer.kind], name)
            arrays = ([f"{name}/{array}" for array in ARRAYS[layer.kind]] if not self.is_archive
                      else [f"vars/{place}" for place in range(len(layer.shapes))])
            yield layer, [f"{group}/{name}/{array}" for array in arrays]

    def _require(self, name, digest):
        if self.checksums is not None and self.checksums.get(name) != digest:
            raise UserError(f"{self.path}: damaged: the checksum of its {name} does not fit; "
                            "take another checkpoint")


def digest_of(arrays, record=None):
    """Return the SHA-256 of arrays, with that of the record which has their shapes."""
    digest = hashlib.sha256(json.dumps(record).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def in_order(weights):
    """Return the arrays of {layer: arrays} in a row."""
    return [array for arrays in weights.values() for array in arrays]
