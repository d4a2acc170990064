import numpy as np
import pytest
from pipeline.nn.conv.emotionvgglayers import layers_with_arrays

from pipeline.nn.activationranges import measure_ranges
from pipeline.nn.quantization import stages

NETWORK = {"width": 8, "height": 8, "depth": 1, "classes": 2, "blocks": 1, "filters": 2,
           "fc_units": [3]}
IMAGES = np.random.default_rng(0).random((40, 8, 8, 1), dtype=np.float32)


def measured(factor):
    """Return the ranges of a network whose kernels and biases, normalized or not, are `factor`."""
    weights = {layer.name: tuple(np.full(shape, factor, np.float32) for shape in layer.shapes)
               for layer in layers_with_arrays(NETWORK)}
    return measure_ranges({"network": NETWORK, "class_names": ["a", "b"]}, weights, IMAGES)


def test_each_stage_has_a_rising_pair():
    ranges = measured(0.5)
    assert list(ranges) == stages(NETWORK)
    assert ranges["standardized"] == [IMAGES.min(), IMAGES.max()]
    assert all(lowest <= highest for lowest, highest in ranges.values())


@pytest.mark.parametrize("factor", [3e38, 1e10, -1])
def test_activations_that_no_record_may_have_are_no_ranges(factor):
    assert measured(factor) is None
