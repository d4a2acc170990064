"""Cascades and CSV files that mean harm."""

import gzip
import re

from tests.conftest import CASCADE


def cascade(path, random, _):
    """Write a cascade with altered numbers, names or structure."""
    text = CASCADE.read_text()
    for _ in range(random.integers(1, 4)):
        kind = random.integers(5)
        if kind == 0:  # a number
            found = list(re.finditer(r"-?\d[\d.e+-]*", text[2000:]))
            match = found[random.integers(len(found))]
            number = ("-1", "99999", "1e999", "nan", "2147483648", "-2147483649", "0", "1.5", "",
                      "7" * 400)[random.integers(10)]
            text = text[:2000 + match.start()] + number + text[2000 + match.end():]
        elif kind == 1:  # a tag
            tags = list(re.finditer(r"</?\w+>", text))
            tag = tags[random.integers(len(tags))]
            text = text[:tag.start()] + ("", "<_>", "</_>", "<a>")[random.integers(4)] + text[
                tag.end():]
        elif kind == 2:
            depth = int(random.choice([20, 200_000]))
            text = text.replace("<stages>", "<stages>" + "<_>" * depth, 1)
        elif kind == 3:
            text = text[:random.integers(len(text))]
        else:
            text = '<!DOCTYPE a [<!ENTITY b "' + "c" * 1000 + '">]>' + text.replace("24", "&b;", 1)
    path.write_text(text)


def table(path, random, good):
    """Write a compressed CSV with flipped bits, cut short, or of line ends or spaces alone."""
    kind = random.integers(4)
    if kind == 0:
        content = bytearray(gzip.compress(good))
        for _ in range(random.integers(1, 4)):
            content[random.integers(len(content))] ^= 1 << random.integers(8)
    elif kind == 1:
        content = gzip.compress(good)[:random.integers(1, 200)]
    else:
        end = (b"\n", b"\r\n", b"\r", b" ", b",\n", b"\0")[random.integers(6)]
        filler = end * (10_000_000 // len(end))
        content = gzip.compress(filler if kind == 2 else good + filler, compresslevel=1)
    path.write_bytes(bytes(content))
