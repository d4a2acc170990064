"""Checks of plain data that a stranger may have written.

Each check is a pair: what is expected, in words, and whether a value is that.
"""

FIELDS_WITH_NAMES = ("fields with names", lambda value: type(value) is dict)


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
    (expected, fits), (_, name_fits) = item, text(128)
    return (f"at most {most} names, each with {expected}",
            lambda value: type(value) is dict and len(value) <= most
            and all(map(name_fits, value)) and all(map(fits, value.values())))


def either(*checks):
    return (" or ".join(expected for expected, _ in checks),
            lambda value: any(fits(value) for _, fits in checks))


def require_fields(values, fields, required, place=""):
    """Raise ValueError at the first field that is unknown, wrong or missing.

    fields: {name: check}. required: the names that must be there.
    """
    for name, value in values.items():
        if name not in fields:
            raise ValueError(f"a field {place}{shown(name)}, expected one of {', '.join(fields)}")
        if not fields[name][1](value):
            raise ValueError(f"{place}{name} {shown(value)}, expected {fields[name][0]}")
    for name in required:
        if name not in values:
            raise ValueError(f"no {place}{name}, expected {fields[name][0]}")


def shown(value):
    """Return a value as a short text in ASCII."""
    text_ = ascii(value)
    return text_ if len(text_) <= 60 else f"{text_[:60]}..."
