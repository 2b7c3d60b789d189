"""The groups of questions that the report compares. Pure, nothing heavy to import."""

import re

DASH = "\N{EN DASH}"

QUESTION_TYPES = ("what/which", "where", "who", "how", "why", "other")
LENGTH_BANDS = ("<10", f"10{DASH}14", f"15{DASH}19", "20+")
SLICES = {"question_type": QUESTION_TYPES, "length_band": LENGTH_BANDS}

TYPE_OF_WORD = {word: word for word in ("where", "who", "how", "why")}
TYPE_OF_WORD |= dict.fromkeys(("what", "which"), "what/which") | dict.fromkeys(("whom", "whose"), "who")
_ASKING = f"({'|'.join(TYPE_OF_WORD)})"
_LEADING = r"(?:(?:and|but|so|then|in|on|at|to|from|for|with|of|by)\s+)*"
_VERB = r"(?:am|are|is|was|were|do|does|did|can|could|will|would|shall|should|may|might|must|has|have|had)"
_FIRST, _LAST = re.compile(rf"[\W_]*{_LEADING}{_ASKING}(?![^\W_])"), re.compile(rf"\b{_ASKING}[\W_]*\Z")
# Within a sentence "what" asks; "where", "how" and "why" do before a verb ("the place where he is" has another word
# between), and any of the words behind a comma.
_WITHIN = [
    re.compile(pattern)
    for pattern in (r"\b(what)\b", rf"\b(where|how|why)(?:'s|\s+{_VERB})\b", rf",\s+{_LEADING}{_ASKING}\b")
]
BAND_STARTS = (10, 15, 20)


def question_type(text: str) -> str:
    """Return the one of QUESTION_TYPES that the last sentence with a question mark asks for, or else the whole text.

    Its first word decides, or else its last, or else a word within it, unless that may be a relative pronoun. A text
    without a question mark is asked by its first or its last word alone: "He knew what it was and went to the" asks
    nothing.
    """
    text = text.casefold()
    before, mark, _ = text.rpartition("?")
    sentences = (re.split(r"[.!?]", before)[-1], before) if mark else (text,)
    for sentence in sentences:  # the whole, too, since a dot may be that of "U.S."
        for pattern in (_FIRST, _LAST, *(_WITHIN if mark else ())):
            if found := pattern.match(sentence) if pattern is _FIRST else pattern.search(sentence):
                return TYPE_OF_WORD[found[1]]
    return "other"


def count_words(text: str) -> int:
    """Return the number of words between white space."""
    return len(text.split())


def length_band(text: str) -> str:
    """Return the one of LENGTH_BANDS that the text's number of words falls into."""
    return LENGTH_BANDS[sum(count_words(text) >= start for start in BAND_STARTS)]
