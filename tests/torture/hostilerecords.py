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
        json.loads("[" * 500 + "]" * 500), {"a": {"b": {"c": [1]}}})
    return values[random.integers(len(values))]


def wrong_record(random, record):
    """Return a record with one to three fields put wrong, left out or added."""
    record = copy.deepcopy(record)
    for _ in range(random.integers(1, 4)):
        place = record
        if random.random() < 0.5 and isinstance(record.get("network"), dict):
            place = record["network"]
        names = [*place, "unknown"]
        name = names[random.integers(len(names))]
        if random.random() < 0.15:
            place.pop(name, None)
        else:
            place[name] = wrong_value(random)
    return record


def largest_record(random, record):
    """Return a record that asks for the largest network of which each number alone is allowed."""
    network = record["network"] | {"width": 128, "height": 128, "depth": 4, "classes": 1000,
                                   "blocks": int(random.integers(1, 7)), "filters": 64,
                                   "fc_units": [512] * 4, "block_dropout": 0.1}
    return record | {"network": network, "class_names": [f"class {n}" for n in range(1000)]}


def wrong_text(random, record):
    """Return bytes that are no record, or JSON that is hard to read."""
    text = json.dumps(record).encode()
    return (
        b"[" * 100_000, b'{"a":' * 100_000, b"1" * 100_000, text[:-3], text + text, b"\xff" + text,
        "é".encode("latin-1") + text, b"", b"null", b"[1]", b" " * 2_000_000 + text,
        text.replace(b'"epoch"', b'"epoch": 3, "epoch"'),
        b'"' + b"\\ud800" * 10**5 + b'"')[random.integers(13)]
