"""The record of a model file: a table of what each field may be, and how the fields fit."""

import json

from pipeline.errors import UserError
from pipeline.nn.conv.emotionvgglayers import DEFAULTS, parameters
from pipeline.nn.quantization import LARGEST_ACTIVATION, stages

LONGEST_RECORD = 1 << 20  # bytes; 300 epochs have 40 kB
LARGEST_NETWORK = 5_000_000  # parameters; those of the recipes have up to 2.9 million


def parsed(text, path):
    """Return the record of a model file from its bytes; raise UserError if a field is wrong."""
    record = json.loads(text, parse_constant=_refuse)
    for problem in _problems(record):  # the first one; later checks rely on earlier ones
        raise UserError(f"{path}: refused: its record has {problem}")
    return record


# Each kind of field is (what is expected, whether a value is that).

def whole(least, most):
    return (f"a whole number from {least} to {most}",
            lambda value: type(value) is int and least <= value <= most)


def number(least, most):
    return (f"a number from {least} to {most}",
            lambda value: type(value) in (int, float) and least <= value <= most)


def one_of(*values):
    return (f"one of {', '.join(map(repr, values))}",
            lambda value: any(type(value) is type(one) and value == one for one in values))


def text(longest):
    return (f"1 to {longest} printable characters",
            lambda value: type(value) is str and 1 <= len(value) <= longest
            and value.isprintable())


def several(item, most, least=0):
    expected, fits = item
    return (f"a list of {least} to {most}, each {expected}",
            lambda value: type(value) is list and least <= len(value) <= most
            and all(map(fits, value)))


def named(item, most):
    expected, fits = item
    name_fits = text(64)[1]
    return (f"at most {most} names, each with {expected}",
            lambda value: type(value) is dict and len(value) <= most
            and all(map(name_fits, value)) and all(map(fits, value.values())))


def either(*kinds):
    return (" or ".join(expected for expected, _ in kinds),
            lambda value: any(fits(value) for _, fits in kinds))


FINITE = number(-1e300, 1e300)
PLAIN = either(FINITE, one_of(True, False, None), text(64))
RATE = number(0, 0.99)

NETWORK = {
    "width": whole(1, 128),
    "height": whole(1, 128),
    "depth": whole(1, 4),
    "classes": whole(1, 1000),
    "blocks": whole(1, 6),
    "filters": whole(1, 64),
    "activation": one_of("relu", "elu"),
    "kernel_initializer": one_of("glorot_uniform", "he_normal"),
    "l2": number(0, 1),
    "normalization_first": one_of(True, False),
    "global_pooling": one_of(True, False),
    "fc_units": several(whole(1, 512), most=4),
    "block_dropout": either(RATE, several(RATE, most=6)),
    "fc_dropout": RATE,
    "standardization": either(one_of(None), several(number(1e-3, 1e3), most=2, least=2)),
}
RECORD = {
    "network": ("a network", lambda value: type(value) is dict),
    "class_names": several(text(64), most=1000, least=1),
    "experiment": either(whole(1, 9999), text(64)),
    "epoch": whole(0, 99999),
    "epochs": whole(1, 99999),
    "seed": whole(0, 2**32 - 1),
    "precision": one_of("float32", "mixed_bfloat16", "mixed_float16"),
    "backend": one_of("tensorflow", "jax", "torch"),
    "batch_size": whole(1, 1 << 20),
    "devices": whole(1, 1 << 20),
    "teachers": several(text(4096), most=16),
    "pretrained": text(4096),
    "balance": one_of(True, False),
    "val_accuracy": number(0, 1),
    "history": named(several(FINITE, most=99999), most=32),
    "recipe": named(either(PLAIN, several(either(PLAIN, several(PLAIN, most=64)), most=64)),
                    most=64),
    "arrays": one_of("float32", "float16"),  # how the file holds them; float32 unless it says so
    "activation_ranges": named(
        several(number(-LARGEST_ACTIVATION, LARGEST_ACTIVATION), most=2, least=2), most=32),
    "checksums": named(text(64), most=2),
}
# What older files lack is not required: epochs, teachers, pretrained, balance, batch_size,
# devices, backend, recipe, arrays, activation_ranges, checksums, and in networks what has a
# default.
REQUIRED = ("network", "class_names", "experiment", "epoch", "seed", "precision", "val_accuracy",
            "history")


def _problems(record):
    """Yield, in words, what is wrong with a record."""
    if type(record) is not dict:
        yield f"{_shown(record)}, expected fields with names"
    yield from _wrong_fields(record, RECORD, REQUIRED, "")
    yield from _wrong_fields(record["network"], NETWORK, NETWORK.keys() - DEFAULTS.keys(),
                             "network ")
    network, names, epoch = record["network"], record["class_names"], record["epoch"]
    blocks, dropout = (network.get(name, DEFAULTS[name]) for name in ("blocks", "block_dropout"))
    if type(dropout) is list and len(dropout) != blocks:
        yield f"{len(dropout)} rates of block_dropout, expected {blocks}, one for each block"
    if min(network["width"], network["height"]) < 2**blocks:
        yield f"images too small for {blocks} blocks, expected sides of at least {2**blocks}"
    if parameters(network) > LARGEST_NETWORK:
        yield (f"a network of {parameters(network):,} parameters, expected at most "
               f"{LARGEST_NETWORK:,}")
    if not len(set(names)) == len(names) == network["classes"]:
        yield (f"{len(set(names))} different class names, expected {network['classes']}, one for "
               "each of the network's classes")
    if epoch > record.get("epochs", epoch):
        yield f"epoch {epoch} of {record['epochs']}, expected no later one than the last"
    if "activation_ranges" in record:
        yield from _wrong_ranges(record["activation_ranges"], stages(network))
    for name, values in record["history"].items():
        if len(values) != epoch:
            yield f"{len(values)} values of {name}, expected {epoch}, one for each epoch"


def _wrong_ranges(ranges, names):
    if set(ranges) != set(names):
        yield f"activation_ranges of {_shown(list(ranges))}, expected {', '.join(names)}"
    for name, (lowest, highest) in ranges.items():
        if lowest > highest:
            yield f"activation_ranges of {name} from {lowest} to {highest}, expected a rising pair"


def _wrong_fields(values, fields, required, place):
    for name, value in values.items():
        if name not in fields:
            yield f"a field {place}{_shown(name)} that is none of {', '.join(fields)}"
        elif not fields[name][1](value):
            yield f"{place}{name} {_shown(value)}, expected {fields[name][0]}"
    for name in sorted(set(required) - values.keys()):
        yield f"no {place}{name}, expected {fields[name][0]}"


def _shown(value):
    shown = ascii(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}..."


def _refuse(constant):
    raise ValueError(f"{constant} is not a number of JSON")
