"""The names of classes: other words for them, which of them there are, and in what order."""

import unicodedata


def known_name(word, words):
    """Return what a word for a class is called here.

    words: {in small letters: name}. A new word is added as it is spelled, so that in other
    letters, capital or small, or in the composed letters of other file systems it is the same.
    """
    word = unicodedata.normalize("NFC", word.strip())
    return words.setdefault(word.casefold(), word)


def class_index(name, class_names, counts_as):
    """Return the index in class_names of a class, or of what it counts as there, or None."""
    for candidate in (name, counts_as.get(name)):
        if candidate in class_names:
            return class_names.index(candidate)
    return None


def in_order(names, usual):
    """Return the set of names as a tuple: those of `usual` in its order, then the others."""
    return (*(name for name in usual if name in names), *sorted(set(names) - set(usual)))
