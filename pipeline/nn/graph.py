"""A network as plain data: its layers in order, as a model file's record has them.

A graph is a list of dicts. Each has `name`, `kind` (a row of layerkinds.KINDS), `inputs` (names of
earlier layers), `settings` and `arrays` ({name: shape}). A layer that is called again appears
again, under a name of its own, with `shares`, the name of its first call, in place of kind,
settings and arrays. The first layer is the only input, the last one the only output.
"""

from dataclasses import dataclass
from math import prod

from pipeline.nn.fields import named, several, shown, text, whole, wrong_fields
from pipeline.nn.layerkinds import KINDS

MOST_LAYERS = 1000
LARGEST_NETWORK = 32_000_000  # parameters
MOST_WORK = 10_000_000_000  # multiply-adds an image: seconds on one core
MOST_ACTIVATIONS = 1 << 25  # numbers an image, of all layers together
MOST_INPUTS = 3 * MOST_LAYERS  # of all layers together: each is an operator at least

NAME = text(72)
FIELDS = {
    "name": NAME,
    "kind": text(64),
    "inputs": several(NAME, most=64),
    "settings": ("settings", lambda value: type(value) is dict),
    "arrays": named(several(whole(1, LARGEST_NETWORK), most=4), most=8),
    "shares": NAME,
}


@dataclass(frozen=True)
class Layer:
    """One call of a layer.

    owner: the name of its first call, which has the arrays. arrays: {name: shape}, in Keras's
    order. shape: of the output, without the batch: (height, width, channels) or (units,).
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    settings: dict
    owner: str
    arrays: dict[str, tuple[int, ...]]
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
    _require_one_way(found)
    _require_moderate(found)
    return found


def _layer(data, earlier):
    """Return a Layer from its dict. earlier: {name: Layer}."""
    if type(data) is not dict:
        raise ValueError(f"a layer {shown(data)}, expected fields with names")
    required = ("name", "inputs") if "shares" in data else ("name", "kind", "inputs", "settings",
                                                            "arrays")
    for problem in wrong_fields(data, FIELDS, required, f"layer {shown(data.get('name'))} "):
        raise ValueError(problem)
    name, place = data["name"], f"layer {shown(data['name'])} "
    if "/" in name:
        raise ValueError(f"{place}with a slash in its name, expected none")
    first = earlier.get(data["shares"]) if "shares" in data else None
    if "shares" in data and (first is None or first.owner != first.name):
        raise ValueError(f"{place}that shares {shown(data['shares'])}, expected an earlier layer")
    kind, settings = (first.kind, first.settings) if first else (data["kind"], data["settings"])
    if kind not in KINDS:
        raise ValueError(f"{place}of kind {shown(kind)}, expected one of {', '.join(KINDS)}")
    unknown = [other for other in data["inputs"] if other not in earlier]
    if unknown or bool(data["inputs"]) != (kind != "InputLayer"):
        raise ValueError(f"{place}with inputs {shown(data['inputs'])}, expected earlier layers")
    shapes = [earlier[other].shape for other in data["inputs"]]
    if first and len(shapes) > 1 and [*map(len, shapes)] != [
            len(earlier[other].shape) for other in first.inputs]:
        raise ValueError(f"{place}that shares {first.name}, expected inputs with as many axes")
    row = KINDS[kind]
    for problem in wrong_fields(settings, row.settings, row.settings, place):
        raise ValueError(problem)
    try:
        shape, arrays = row.shape(settings, *shapes), row.arrays(settings, *shapes)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{place}that does not fit its inputs {shapes}: {error}") from None
    if prod(shape) > MOST_ACTIVATIONS:
        raise ValueError(f"{place}with over {MOST_ACTIVATIONS:,} activations an image")
    stored = first.arrays if first else {
        array: tuple(axes) for array, axes in data["arrays"].items()}
    if list(stored.items()) != list(arrays.items()):
        raise ValueError(f"{place}with arrays {shown(stored)}, expected {arrays}")
    return Layer(name, kind, tuple(data["inputs"]), settings, first.name if first else name,
                 arrays, shape)


def _require_one_way(layers):
    """Raise ValueError unless everything leads from the first layer to the last."""
    used = {name for layer in layers for name in layer.inputs}
    if [layer.kind for layer in layers].count("InputLayer") != 1 or layers[0].kind != "InputLayer":
        raise ValueError("a graph without exactly one input, expected the first layer to be it")
    for layer in layers[:-1]:
        if layer.name not in used:
            raise ValueError(f"a layer {layer.name} that leads nowhere, expected one output")
    if len(layers[-1].shape) != 1:
        raise ValueError(f"an output of shape {layers[-1].shape}, expected (classes,)")


def _require_moderate(layers):
    """Raise ValueError if a network has too many parameters, or computes too much."""
    sizes = [sum(map(prod, layer.arrays.values())) for layer in layers]
    work = sum(size * prod(layer.shape[:-1]) for size, layer in zip(sizes, layers)) + sum(
        prod(layer.settings["pool_size"]) * prod(layer.shape)
        for layer in layers if "pool_size" in layer.settings)
    gathered = max(prod(layer.settings.get("kernel_size", ())) * prod(layer.shape[:-1])
                   for layer in layers)
    for found, most, what in (
        (parameters(layers), LARGEST_NETWORK, "parameters"),
        (work, MOST_WORK, "multiply-adds an image"),
        (gathered, MOST_ACTIVATIONS, "pixels that the windows of a layer gather"),
        (sum(len(layer.inputs) for layer in layers), MOST_INPUTS, "inputs of layers"),
        (sum(prod(layer.shape) for layer in layers), MOST_ACTIVATIONS, "activations an image"),
        (sum(sizes), LARGEST_NETWORK, "parameters, a shared layer's counted at each call"),
    ):
        if found > most:
            raise ValueError(f"a network of {found:,} {what}, expected at most {most:,}")


def with_arrays(layers):
    """Return the layers that own arrays, in order."""
    return [layer for layer in layers if layer.arrays and layer.owner == layer.name]


def parameters(layers):
    """Return the number of parameters of a network, those of batch normalizations included."""
    return sum(prod(shape) for layer in with_arrays(layers) for shape in layer.arrays.values())


def kernels(layers):
    """Return the layers whose arrays weigh their inputs: convolutions and dense layers."""
    return [layer for layer in with_arrays(layers) if KINDS[layer.kind].outputs]


def with_classes(graph, classes):
    """Return a graph whose last kernel has another number of outputs; raise ValueError if the
    network then does not end in so many.
    """
    layers = layers_of(graph)
    last = kernels(layers)[-1]
    shapes = {layer.name: layer.shape for layer in layers}
    setting = KINDS[last.kind].outputs
    settings = {**last.settings, setting: classes}
    arrays = KINDS[last.kind].arrays(settings, *(shapes[name] for name in last.inputs))
    changed = [{**data, "settings": settings, "arrays": plain_shapes(arrays)}
               if data["name"] == last.name else data for data in graph]
    if layers_of(changed)[-1].shape != (classes,):
        raise ValueError(f"a network whose last kernel {last.name} does not give its classes")
    return changed


def plain_shapes(arrays):
    return {name: list(shape) for name, shape in arrays.items()}
