"""A network as plain data: its layers in order, as a model file's record has them.

A graph is a list of dicts. Each has `name`, `kind` (a row of layerkinds.KINDS), `inputs` (names of
earlier layers), `settings` and `arrays` ({name: shape}). The first layer is the only input, the
last one the only output.
"""

from dataclasses import dataclass
from math import prod

from pipeline.nn.fields import FIELDS_WITH_NAMES, require_fields, several, shown, text
from pipeline.nn.layerkinds import KINDS

MOST_LAYERS = 1000
MOST_INPUTS = 3 * MOST_LAYERS  # of all layers together: each is an operator at least
LARGEST_NETWORK = 32_000_000  # parameters
MOST_WORK = 10_000_000_000  # multiply-adds an image: seconds on one core
MOST_ACTIVATIONS = 1 << 25  # numbers an image, of all layers together
LARGEST_ACTIVATION = 1e6  # those of trained networks have up to three digits

NAME = ("1 to 72 printable characters without /",
        lambda value: text(72)[1](value) and "/" not in value)
FIELDS = {"name": NAME, "kind": text(64), "inputs": several(NAME, most=64),
          "settings": FIELDS_WITH_NAMES, "arrays": FIELDS_WITH_NAMES}


@dataclass(frozen=True)
class Layer:
    """A layer. shape: of its output, without the batch: (height, width, channels) or (units,)."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    settings: dict
    arrays: dict[str, list[int]]  # in Keras's order
    shape: tuple[int, ...]


def layers_of(graph):
    """Return the Layers of a graph, checked.

    Raises ValueError, whose message continues "the record has", at the first thing that no
    network of KINDS can have, or that would take too much memory or time.
    """
    if not 2 <= len(graph) <= MOST_LAYERS:
        raise ValueError(f"a graph of {len(graph):,} layers, expected 2 to {MOST_LAYERS:,}")
    layers = {}
    for data in graph:
        layer = _layer(data, layers)
        if layer.name in layers:
            raise ValueError(f"two layers named {layer.name}, expected different names")
        layers[layer.name] = layer
    found = list(layers.values())
    if [layer for layer in found if layer.kind == "InputLayer"] != found[:1]:
        raise ValueError("a graph without exactly one input, expected the first layer to be it")
    if len(found[-1].shape) != 1:
        raise ValueError(f"an output of shape {found[-1].shape}, expected (classes,)")
    _require_moderate(found)
    return found


def _layer(data, earlier):
    """Return a Layer from its dict. earlier: {name: Layer}."""
    if type(data) is not dict:
        raise ValueError(f"a layer {shown(data)}, expected fields with names")
    place = f"layer {shown(data.get('name'))} "
    require_fields(data, FIELDS, FIELDS, place)
    kind, settings = data["kind"], data["settings"]
    if kind not in KINDS:
        raise ValueError(f"{place}of kind {shown(kind)}, expected one of {', '.join(KINDS)}")
    if set(data["inputs"]) - earlier.keys() or bool(data["inputs"]) == (kind == "InputLayer"):
        raise ValueError(f"{place}with inputs {shown(data['inputs'])}, expected earlier layers")
    require_fields(settings, KINDS[kind].settings, KINDS[kind].settings, place)
    shapes = [earlier[name].shape for name in data["inputs"]]
    try:
        shape, arrays = KINDS[kind].output(settings, *shapes)
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(f"{place}that does not fit its inputs {shapes}: {error}") from None
    if prod(shape) > MOST_ACTIVATIONS:
        raise ValueError(f"{place}with over {MOST_ACTIVATIONS:,} activations an image")
    if list(data["arrays"].items()) != list(arrays.items()):
        raise ValueError(f"{place}with arrays {shown(data['arrays'])}, expected {arrays}")
    return Layer(data["name"], kind, tuple(data["inputs"]), settings, arrays, shape)


def _require_moderate(layers):
    """Raise ValueError if a network has too many parameters, or computes too much."""
    sizes = [sum(map(prod, layer.arrays.values())) for layer in layers]
    windows = [prod(layer.settings.get("kernel_size", ())) * prod(layer.shape[:-1])
               for layer in layers]
    work = sum(size * prod(layer.shape[:-1]) for size, layer in zip(sizes, layers)) + sum(
        prod(layer.settings.get("pool_size", (0,))) * prod(layer.shape) for layer in layers)
    for found, most, what in (
        (work, MOST_WORK, "multiply-adds an image"),
        (max(windows), MOST_ACTIVATIONS, "pixels that the windows of a layer gather"),
        (sum(len(layer.inputs) for layer in layers), MOST_INPUTS, "inputs of layers"),
        (sum(prod(layer.shape) for layer in layers), MOST_ACTIVATIONS, "activations an image"),
        (sum(sizes), LARGEST_NETWORK, "parameters"),
    ):
        if found > most:
            raise ValueError(f"a network of {found:,} {what}, expected at most {most:,}")


def kernels(layers):
    """Return the layers whose arrays weigh their inputs: convolutions and dense layers."""
    return [layer for layer in layers if "use_bias" in layer.settings]


def with_classes(graph, classes):
    """Return a graph whose last kernel has another number of outputs.

    Raises ValueError if the network then does not end in so many.
    """
    layers = {layer.name: layer for layer in layers_of(graph)}
    last = kernels(layers.values())[-1]
    settings = {**last.settings, "units" if last.kind == "Dense" else "filters": classes}
    _, arrays = KINDS[last.kind].output(settings, layers[last.inputs[0]].shape)
    changed = [data | {"settings": settings, "arrays": arrays} if data["name"] == last.name
               else data for data in graph]
    if layers_of(changed)[-1].shape != (classes,):
        raise ValueError(f"a network whose last kernel {last.name} does not give its classes")
    return changed
