"""The groups of questions that the report compares. Pure, nothing heavy to import."""

import re

DASH = "\N{EN DASH}"

QUESTION_TYPES = ("what/which", "where", "who", "how", "why", "other")
LENGTH_BANDS = ("<10", f"10{DASH}14", f"15{DASH}19", "20+")
SLICES = {"question_type": QUESTION_TYPES, "length_band": LENGTH_BANDS}

TYPE_OF_WORD = {word: word for word in ("where", "who", "how", "why")}
TYPE_OF_WORD |= dict.fromkeys(("what", "which"), "what/which") | dict.fromkeys(("whom", "whose"), "who")
FIRST_WORD = re.compile(r"[\W_]*([^\W_]+)")
BAND_STARTS = (10, 15, 20)


def question_type(text: str) -> str:
    """Return the one of QUESTION_TYPES that the first word names; quotes and punctuation before it do not count."""
    first = FIRST_WORD.match(text)
    return TYPE_OF_WORD.get(first[1].casefold(), "other") if first else "other"


def count_words(text: str) -> int:
    """Return the number of words between white space."""
    return len(text.split())


def length_band(text: str) -> str:
    """Return the one of LENGTH_BANDS that the text's number of words falls into."""
    return LENGTH_BANDS[sum(count_words(text) >= start for start in BAND_STARTS)]
