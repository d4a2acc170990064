"""Records that ask for what they should not."""

import copy
import json

LAYERS = ("Embedding", "Dense", "Sequential", "TextVectorization", "TFSMLayer", "Lambda")


def keras_object(random):
    """Return what Keras would make a layer of, some with all memory."""
    name = LAYERS[random.integers(len(LAYERS))]
    return {"module": "keras.layers", "class_name": name, "registered_name": None,
            "config": {"input_dim": 10**9, "output_dim": 10**3, "units": 10**9, "filepath": "/tmp",
                       "function": "__import__('os').system('true')"}}


def wrong_value(random):
    """Return a value that fits no field, or only by chance."""
    values = (
        keras_object(random), -1, 0, 10**9, 10**400, 1e300, -0.5, float("nan"), float("inf"), True,
        None, "", "x" * 10**5, "\x1b[2J", "\ud800", "a\nb", [], [[]] * 3, {}, [1, 2] * 10**4,
        ["a"] * 3, ["a", "b", "a"], [float("inf")], "relu ", "lambda x: x", "mixed_float8",
        json.loads("[" * 500 + "]" * 500), {"a": {"b": {"c": [1]}}}, 2, [3, 3], "../a", "a/b",
        "Lambda", "Conv2D", "InputLayer", [["a"]] * 1000)
    return values[random.integers(len(values))]


def wrong_record(random, record):
    """Return a record with one to three fields put wrong, left out or added."""
    record = copy.deepcopy(record)
    for _ in range(random.integers(1, 4)):
        place = record
        graph = record.get("graph") if isinstance(record.get("graph"), list) else []
        layers = [layer for layer in graph if isinstance(layer, dict)]
        if random.random() < 0.7 and layers:
            place = layers[random.integers(len(layers))]
            inner = place.get(("settings", "arrays")[random.integers(2)])
            if random.random() < 0.5 and isinstance(inner, dict):
                place = inner
        names = [*place, "unknown"]
        name = names[random.integers(len(names))]
        if random.random() < 0.15:
            place.pop(name, None)
        else:
            place[name] = wrong_value(random)
    return record


def layer(name, kind, inputs, arrays=None, **settings):
    return {"name": name, "kind": kind, "inputs": inputs, "settings": settings,
            "arrays": arrays or {}}


def chain(first, count, of):
    """Return `count` layers after the first, where of(name, name of the one before) is a layer."""
    names = [first["name"], *(f"layer {number}" for number in range(count))]
    return [first, *map(of, names[1:], names)]


def faces(*shape):
    return layer("faces", "InputLayer", [], shape=list(shape))


def dense(name, before, inputs, units=2):
    return layer(name, "Dense", [before], {"kernel": [inputs, units], "bias": [units]},
                 units=units, activation="linear", use_bias=True, kernel_regularizer=None,
                 bias_regularizer=None)


def relu(name, before):
    return layer(name, "ReLU", [before], max_value=None, negative_slope=0.5, threshold=1)


def gelu(name, before):
    return layer(name, "Activation", [before], activation="gelu")


def padded(name, before):
    return layer(name, "ZeroPadding2D", [before], padding=[[256, 256], [256, 256]])


def joined(name, before):
    return layer(name, "Concatenate", [before] * 64, axis=-1)


def summed(name, before):
    return layer(name, "Add", [before] * 64)


def pooled(name, before):
    return layer(name, "MaxPooling2D", [before], pool_size=[256, 256], strides=[1, 1],
                 padding="same")


def convolved(name, before):
    return layer(name, "Conv2D", [before], {"kernel": [256, 256, 1, 1]}, filters=1, groups=1,
                 kernel_regularizer=None, kernel_size=[256, 256], strides=[1, 1], padding="same",
                 dilation_rate=[1, 1], activation="linear", use_bias=False, bias_regularizer=None)


def multiplied(name, before):
    return layer(name, "DepthwiseConv2D", [before], {"kernel": [1, 1, 1, 32768]},
                 depth_multiplier=32768, depthwise_regularizer=None, kernel_size=[1, 1],
                 strides=[1, 1], padding="same", dilation_rate=[1, 1], activation="linear",
                 use_bias=False, bias_regularizer=None)


def ended(layers, values):
    """Return a graph with a dense layer of two outputs at its end, for so many values before."""
    flat = layer("flat", "Flatten", [layers[-1]["name"]])
    return [*layers, flat, dense("classes", "flat", values)]


def large_graph(random):
    """Return a graph that is too large in one way, or as large as it may be; most are right but
    for that.
    """
    vector = [faces(8, 8, 1), layer("flat faces", "Flatten", ["faces"])]
    square = dense("square", "flat faces", 64, 64)
    huge = [faces(64, 64, 1), layer("flat faces", "Flatten", ["faces"]),
            dense("square", "flat faces", 4096, 4096)]

    def again(units):
        return lambda name, before: dense(name, before, units, units)

    def each(of, count, shape=(8, 8, 1), values=64):
        return ended(chain(faces(*shape), count, of), values)

    graphs = (
        lambda: each(relu, 996), lambda: each(gelu, 996), lambda: each(relu, 998),
        lambda: each(summed, 996), lambda: each(joined, 900), lambda: each(padded, 996),
        lambda: each(convolved, 1, (390, 390, 1), 390 * 390),
        lambda: each(pooled, 4, (1024, 1024, 1), 1 << 20),
        lambda: each(multiplied, 2), lambda: each(relu, 30, (1024, 1024, 1024)),
        lambda: each(relu, 30, (1024, 1024, 1), 1 << 20),
        lambda: [*vector, *chain(square, 900, again(64)), dense("classes", "layer 899", 64)],
        lambda: [*huge[:2], *chain(huge[2], 900, again(4096)), dense("classes", "layer 899", 4096)],
        lambda: [*vector, square, again(64)("loop", "next"), again(64)("next", "loop")],
        lambda: [*vector, dense("classes", "flat faces", 64, 32768)],
        lambda: ended([*vector, *(layer(f"part {n}", "Reshape", ["flat faces"],
                                        target_shape=[-1]) for n in range(900)),
                       layer("all", "Concatenate", [f"part {n}" for n in range(900)], axis=-1)],
                      64 * 900),
    )
    return graphs[random.integers(len(graphs))]()


def large_record(random, record):
    return record | {"graph": large_graph(random)}


def wrong_text(random, record):
    """Return bytes that are no record, or JSON that is hard to read."""
    text = json.dumps(record).encode()
    return (
        b"[" * 100_000, b'{"a":' * 100_000, b"1" * 100_000, text[:-3], text + text, b"\xff" + text,
        "é".encode("latin-1") + text, b" ", b"null", b"[1]", b" " * 3_000_000 + text,
        text.replace(b'"epoch"', b'"epoch": 3, "epoch"'),
        b'"' + b"\\ud800" * 10**5 + b'"')[random.integers(13)]
