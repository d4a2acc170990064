import json

import numpy as np
import onnx
import pytest

from pipeline.nn.graph import layers_of
from pipeline.nn.kerasgraph import graph_of, keras_model, set_weights, weights_of
from pipeline.nn.layerkinds import KINDS
from pipeline.nn.onnxnetwork import measure_ranges, onnx_network
from pipeline.nn.runtimenetwork import RuntimeNetwork
from tests.nn.networks import NETWORKS, drawn


@pytest.mark.parametrize("name", NETWORKS)
def test_a_graph_is_the_network_again_in_keras_and_as_onnx(name):
    model, images = drawn(name)
    expected = model.predict_on_batch(images)
    graph = graph_of(model)
    assert json.loads(json.dumps(graph)) == graph
    again = keras_model(graph)
    set_weights(again, weights_of(model))
    assert graph_of(again) == graph
    assert np.abs(again.predict_on_batch(images) - expected).max() < 1e-5
    written = onnx_network(graph, weights_of(model), range(expected.shape[1]))
    onnx.checker.check_model(written, full_check=True)
    found = RuntimeNetwork(written).predict_on_batch(images)
    assert np.abs(found - expected).max() < 1e-5
    assert np.ptp(expected, axis=0).max() > 1e-3  # the images matter


@pytest.mark.parametrize("name", NETWORKS)
def test_int8_is_near(name):
    model, images = drawn(name)
    graph, weights = graph_of(model), weights_of(model)
    ranges = measure_ranges(graph, weights, images)
    written = onnx_network(graph, weights, range(model.output_shape[1]), ranges)
    onnx.checker.check_model(written, full_check=True)
    found = RuntimeNetwork(written).predict_on_batch(images)
    assert 0 < np.abs(found - model.predict_on_batch(images)).mean() < 0.02


def test_every_kind_is_tried():
    tried = {layer.kind for build in NETWORKS.values() for layer in layers_of(graph_of(build()))}
    assert tried == KINDS.keys()
