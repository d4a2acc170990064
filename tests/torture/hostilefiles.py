"""Archives, cascades and CSV files that mean harm."""

import gzip
import io
import re
import struct
import zipfile

from pipeline.io import modelfile
from tests.conftest import CASCADE


def archive(path, random, good):
    """Write a .keras archive whose members or directory are wrong, or hold a hostile one."""
    with zipfile.ZipFile(io.BytesIO(good)) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    kind = random.integers(9)
    if kind == 0:
        members[("../outside", "/etc/passwd", "more", "config.json/")[random.integers(4)]] = b"x"
    elif kind == 1:
        members[modelfile.MEMBERS[random.integers(4)]] = bytes(10_000_000)
    elif kind == 2:
        members.pop(list(members)[random.integers(len(members))])
    elif kind == 3:
        weights = bytearray(members[modelfile.WEIGHTS])
        for _ in range(random.integers(1, 9)):
            weights[random.integers(len(weights))] = random.integers(256)
        members[modelfile.WEIGHTS] = bytes(weights)
    out = io.BytesIO()
    compressed = zipfile.ZIP_DEFLATED if kind == 1 else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", compressed) as changed:
        for name, content in members.items():
            changed.writestr(name, content)
        if kind == 4:
            for name in list(members)[:random.integers(1, 4)]:
                changed.writestr(name, members[name])
        if kind == 5:  # a directory of thousands that all lead to one member
            changed.filelist += [changed.filelist[0]] * int(random.choice([4, 3000]))
            changed._didModify = True
        if kind == 6:
            changed.comment = bytes(random.integers(1, 60_000))
    content = bytearray(out.getvalue())
    if kind >= 7:  # numbers of the directory
        start = content.rfind(b"PK\1\2") if kind == 7 else content.rfind(b"PK\5\6")
        place = start + random.integers(4, 46 if kind == 7 else 22)
        struct.pack_into("<H", content, min(place, len(content) - 2), random.integers(1 << 16))
    path.write_bytes(content)


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
