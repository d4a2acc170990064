import json

import numpy as np
import onnx
import pytest

from pipeline.nn.kerasgraph import graph_of, keras_model, set_weights, weights_of
from pipeline.nn.layerkinds import KINDS
from pipeline.nn.onnxnetwork import measure_ranges, onnx_network
from pipeline.nn.runtimenetwork import RuntimeNetwork
from tests.nn.networks import NETWORKS, drawn


@pytest.mark.parametrize("name", NETWORKS)
def test_a_graph_is_the_network_again_in_keras_and_as_onnx(name):
    model, images = drawn(name)
    expected = model.predict_on_batch(images)
    graph, weights = graph_of(model), weights_of(model)
    assert json.loads(json.dumps(graph)) == graph
    again = keras_model(graph)
    set_weights(again, weights)
    assert graph_of(again) == graph
    assert np.abs(again(images) - expected).max() < 1e-5
    ranges = measure_ranges(graph, weights, images)
    found = []
    for given in (None, ranges):
        written = onnx_network(graph, weights, range(expected.shape[1]), given)
        onnx.checker.check_model(written, full_check=True)
        found.append(RuntimeNetwork(written).predict_on_batch(images))
    assert np.abs(found[0] - expected).max() < 1e-5
    assert 0 < np.abs(found[1] - expected).mean() < 0.02  # int8
    assert np.ptp(expected, axis=0).max() > 1e-3  # the images matter


def test_every_kind_is_tried():
    tried = {type(layer).__name__ for build in NETWORKS.values() for layer in build().layers}
    assert tried == KINDS.keys()
