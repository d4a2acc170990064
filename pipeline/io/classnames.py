"""The names of classes: synonyms, order, and checks that a data set has the classes."""

import unicodedata

from pipeline.errors import UserError

MOST_CLASSES = 256  # labels are stored in a byte
LONGEST_NAME = 64


def known_name(word, words):
    """Return the class name of a word.

    words: {word in small letters: class name}. A new word is added as it is spelled; capital and
    small letters, and composed and decomposed ones (NFC), are the same.
    """
    word = unicodedata.normalize("NFC", word.strip())
    return words.setdefault(word.casefold(), word)


def class_index(name, class_names, counts_as):
    """Return the index of a class in class_names, or of the class it counts as, or None."""
    for candidate in (name, counts_as.get(name)):
        if candidate in class_names:
            return class_names.index(candidate)
    return None


def ordered_names(names, usual):
    """Return names as a tuple: those of `usual` in its order, then the others by alphabet."""
    return (*(name for name in usual if name in names), *sorted(set(names) - set(usual)))


def require_names(source, class_names):
    """Raise UserError if a network cannot have these classes."""
    if len(class_names) < 2:
        raise UserError(f"{source}: one class only, {', '.join(class_names)}; expected two or "
                        "more")
    if len(class_names) > MOST_CLASSES:
        raise UserError(f"{source}: {len(class_names)} classes, expected at most {MOST_CLASSES}")
    for name in class_names:
        if not (name.isprintable() and 0 < len(name) <= LONGEST_NAME):
            raise UserError(f"{source}: a class named {name!a}, expected 1 to "
                            f"{LONGEST_NAME} printable characters")


def require_samples(source, counts, class_names, found):
    """Raise UserError if there is no sample of the classes; found: the classes that have some."""
    if not counts:
        raise UserError(f"{source}: no image of {', '.join(class_names)}, found "
                        + (f"{', '.join(sorted(set(found)))}; leave out --classes, or say others "
                           "with --class-names" if found else "none at all"))


def lacking_in_train(counts, class_names):
    """Return the start of a line about classes without training images, or None."""
    lacking = [index for index in range(len(class_names))
               if "train" in counts and not counts["train"][index]]
    for index in lacking:
        where = [split for split in counts if counts[split][index]]
        if where:
            return f"images of {class_names[index]} in {' and '.join(where)} alone"
    if lacking:
        return "no image of " + ", ".join(class_names[index] for index in lacking)
    return None
