"""How alike two texts are, whatever their case, spaces and order of words. No I/O."""

import re

_WORD = re.compile(r"[一-鿿]|[^\W一-鿿]+")  # Chinese has no spaces: each character counts as a word

Words = frozenset[str]


def fold_text(text: str) -> str:
    """Return a text in one case, with single spaces: the same for texts that a reader calls the same."""
    return " ".join(text.casefold().split())


def find_words(text: str) -> Words:
    """Return a text's words, whatever their case, order and punctuation."""
    return frozenset(_WORD.findall(text.casefold()))


def measure_similarity(one: Words, other: Words) -> float:
    """Return the Jaccard index of two sets of words, 0 to 1: those in common among all; 1 for two empty sets."""
    return len(one & other) / len(one | other) if one | other else 1.0
