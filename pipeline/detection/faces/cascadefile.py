"""Checks OpenCV's cascade files, whose numbers OpenCV takes on trust and may crash on."""

import hashlib
from typing import NamedTuple
from xml.parsers import expat

# SHA-256 of the file that ships and of opencv-python's frontalface_alt2, whose checks would take
# a tenth of a second each at each start.
KNOWN = {"0f7d4527844eb514d4a4948e822da90fbb16a34a0bbbbc6adc6498747a5aafb0",
         "7b0c967d9abbdfbde025eb9c786947d151b6426040d07a8f9562ed8fd90724b4"}

LARGEST_FILE = 1 << 23  # bytes; the one that ships has 0.9 million
DEEPEST = 12
MOST_ELEMENTS = 1 << 18
MOST_STAGES, MOST_FEATURES = 1 << 8, 1 << 16
LARGEST_WINDOW = 256  # pixels

# Of a node of a tree: two branches, a feature, then a threshold or the set of values to the left.
NODE_NUMBERS = {"HAAR": 4, "LBP": 11}
CATEGORIES = {"HAAR": 0, "LBP": 256}


class Element(NamedTuple):
    tag: str
    children: list
    text: list

    def child(self, tag):
        """Return the only child of a tag; raise ValueError if there is none, or more."""
        found = [child for child in self.children if child.tag == tag]
        if len(found) != 1:
            raise ValueError(f"{len(found)} elements {tag} in one of {self.tag}, expected 1")
        return found[0]

    def words(self):
        text = "".join(self.text)
        if not text.isascii() or "_" in text:  # which Python takes for numbers
            raise ValueError(f"{self.tag} is not plain")
        return text.split()


def checked_cascade(path):
    """Return the XML text of a cascade, written anew from what was checked, or known.

    Raises ValueError, OSError or expat.ExpatError if the file is not a cascade of HAAR or LBP
    features whose numbers fit each other.
    """
    with open(path, "rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ValueError(f"over {LARGEST_FILE:,} bytes")
    if hashlib.sha256(content).hexdigest() in KNOWN:
        return content.decode()
    cascade = _parsed(content).children[0]
    kind = _word(cascade.child("featureType"), *NODE_NUMBERS)
    window = [_number(cascade.child(tag), 4, LARGEST_WINDOW) for tag in ("width", "height")]
    categories = _number(cascade.child("featureParams").child("maxCatCount"), 0, 256)
    if categories != CATEGORIES[kind]:
        raise ValueError(f"{categories} categories of {kind} features")
    features = "".join(_feature(feature, kind, *window)
                       for feature in _items(cascade.child("features"), MOST_FEATURES))
    count = len(cascade.child("features").children)
    stages = [_stage(stage, kind, count) for stage in _items(cascade.child("stages"), MOST_STAGES)]
    return (
        '<?xml version="1.0"?>\n<opencv_storage><cascade type_id="opencv-cascade-classifier">'
        f"<stageType>{_word(cascade.child('stageType'), 'BOOST')}</stageType>"
        f"<featureType>{kind}</featureType><height>{window[1]}</height><width>{window[0]}</width>"
        f"<stageParams><maxWeakCount>{MOST_ELEMENTS}</maxWeakCount></stageParams>"
        f"<featureParams><maxCatCount>{categories}</maxCatCount></featureParams>"
        f"<stageNum>{len(stages)}</stageNum><stages>{''.join(stages)}</stages>"
        f"<features>{features}</features></cascade></opencv_storage>\n")


def _stage(stage, kind, num_features):
    trees = [_tree(tree, kind, num_features)
             for tree in _items(stage.child("weakClassifiers"), MOST_ELEMENTS)]
    (threshold,) = _finite(stage.child("stageThreshold").words(), 1)
    return (f"<_><maxWeakCount>{len(trees)}</maxWeakCount><stageThreshold>{threshold}"
            f"</stageThreshold><weakClassifiers>{''.join(trees)}</weakClassifiers></_>")


def _tree(tree, kind, num_features):
    """A node's branches lead to later nodes (above 0) or to leaves (0, -1, -2 and so on)."""
    nodes, leaves = tree.child("internalNodes").words(), tree.child("leafValues").words()
    length = NODE_NUMBERS[kind]
    count = len(nodes) // length
    if len(nodes) != count * length or not 1 <= count <= 64:
        raise ValueError(f"{len(nodes)} numbers of nodes")
    written = []
    for number in range(count):
        branches = list(map(int, nodes[number * length:number * length + 2]))
        feature, *rest = nodes[number * length + 2:(number + 1) * length]
        if not all(number < branch < count or -count <= branch <= 0 for branch in branches):
            raise ValueError(f"branches to {branches} in a tree of {count} nodes")
        if not 0 <= int(feature) < num_features:
            raise ValueError(f"feature {int(feature)} of {num_features}")
        rest = _finite(rest, 1) if kind == "HAAR" else list(map(int, rest))
        if not all(-2**31 <= value < 2**31 for value in rest):
            raise ValueError("a set of values beyond 32 bits")
        written += [*branches, int(feature), *rest]
    return (f"<_><internalNodes>{_text(written)}</internalNodes>"
            f"<leafValues>{_text(_finite(leaves, count + 1))}</leafValues></_>")


def _feature(feature, kind, width, height):
    if kind == "LBP":
        rectangle = list(map(int, _of_length(feature.child("rect").words(), 4)))
        _require_inside(rectangle, width, height, times=3)
        return f"<_><rect>{_text(rectangle)}</rect></_>"
    tilted = any(_number(child, 0, 1) for child in feature.children if child.tag == "tilted")
    written = ""
    for item in _items(feature.child("rects"), 3):
        *sides, weight = _of_length(item.words(), 5)
        rectangle = list(map(int, sides))
        _require_inside(rectangle, width, height, tilted=tilted)
        written += f"<_>{_text([*rectangle, *_finite([weight], 1)])}</_>"
    return f"<_><rects>{written}</rects><tilted>{int(tilted)}</tilted></_>"


def _require_inside(rectangle, width, height, *, times=1, tilted=False):
    """times: cells of an LBP feature each way. A tilted one leans left and down from its corner."""
    x, y, across, down = rectangle
    right, bottom = x + across * times, y + down * times
    left = x - down if tilted else x
    if tilted:
        right, bottom = x + across, y + across + down
    if min(left, y) < 0 or min(across, down) < 1 or right > width or bottom > height:
        raise ValueError(f"a rectangle {_text(rectangle)} beyond {width} x {height} pixels")


def _items(element, most):
    if not 1 <= len(element.children) <= most or {child.tag for child in element.children} != {"_"}:
        raise ValueError(f"{len(element.children)} items of {element.tag}")
    return element.children


def _word(element, *allowed):
    words = element.words()
    if len(words) != 1 or words[0] not in allowed:
        raise ValueError(f"{element.tag} {' '.join(words)[:40]!r}, expected {' or '.join(allowed)}")
    return words[0]


def _number(element, least, most):
    (word,) = _of_length(element.words(), 1)
    if not least <= int(word) <= most:
        raise ValueError(f"{element.tag} {int(word)}, expected {least} to {most}")
    return int(word)


def _finite(words, count):
    numbers = list(map(float, _of_length(words, count)))
    if not all(abs(number) < 1e9 for number in numbers):
        raise ValueError("a number that is not finite")
    return numbers


def _text(numbers):
    """Return numbers as OpenCV reads them: to it 010 is 8, to Python 10."""
    return " ".join(map(repr, numbers))


def _of_length(words, count):
    if len(words) != count:
        raise ValueError(f"{len(words)} numbers, expected {count}")
    return words


def _parsed(content):
    """Return the root Element of XML without declarations, not too deep and not too much of it."""
    above, counts = [Element("", [], [])], [0]

    def start(tag, _):
        counts[0] += 1
        if len(above) > DEEPEST or counts[0] > MOST_ELEMENTS:
            raise ValueError(f"elements over {DEEPEST} deep, or over {MOST_ELEMENTS:,} of them")
        above[-1].children.append(Element(tag, [], []))
        above.append(above[-1].children[-1])

    def refuse(*_):
        raise ValueError("a declaration of a document type")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: above.pop()
    parser.CharacterDataHandler = lambda text: above[-1].text.append(text)
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(content, True)
    return above[0].children[0]
