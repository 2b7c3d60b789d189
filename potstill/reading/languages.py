"""Answers in other languages than English: how their phrases are found and put into English, word for word. No I/O.

Only the phrases by which one answers are translated (the lexicons), and only those of the one language that a text
is in, so that what follows reads one language. Option texts go through the same translation, and stay comparable.
"""

import re
import string
from functools import lru_cache
from typing import NamedTuple

from potstill.reading.characters import CHARACTERS
from potstill.reading.drafts import Draft
from potstill.reading.lexicons import SCRIPTS, UNSPACED, WESTERN
from potstill.reading.phrases import IN_WORD

_SCRIPT = re.compile(
    "(?P<Japanese>[\u3041-\u30ff])|(?P<Korean>[\uac00-\ud7a3])|(?P<Chinese>[\u4e00-\u9fff])|(?P<Cyrillic>[\u0400-\u04ff])"
    "|(?P<Arabic>[\u0600-\u06ff])|(?P<Hebrew>[\u05d0-\u05ea])|(?P<Greek>[\u0391-\u03c9])|(?P<Devanagari>[\u0900-\u097f])"
    "|(?P<Bengali>[\u0980-\u09ff])|(?P<Thai>[\u0e01-\u0e5b])"
)
_KANA = re.compile("[\u3041-\u30ff]")
_WORDS = re.compile(r"[^\W\d_]+")
_STOPS = dict.fromkeys(map(ord, string.punctuation), " ")
# Words of these languages that English has too, or that English texts hold.
_ENGLISH = frozenset(
    """
    also alternative am an best bon certain con correct do er errata excuse faux fel final for in incorrect
    is juste justes logo marco mas me ne no non of on option options or pas pilih plus pour proper
    proposition sai sera solution solutions sure that to variant
    """.split()  # noqa: SIM905 (a list of one word a line would be as long as the rest)
)
_TELLING = (
    "answer",
    "the answer",
    "the answer is",
    "is the answer",
    "option",
    "letter",
    "choice",
    "correct",
    "is",
    "it is",
)
_TELLING_TOO = ("not", "is not", "I choose", "I cannot", "I'm sorry", "I don't know", "none of the above", "wrong")
_BETWEEN_LETTERS = re.compile("(?<=[A-Z)\\]]) ?(?:と|か|와|과|나|이나|랑|及) ?(?=[(\\[]?[A-Z])")
_SEAM = re.compile(
    "(?<=[\u0e00-\u0e7f\u3041-\u9fff\uac00-\ud7a3])(?=[A-Za-z0-9(])|(?<=[A-Za-z0-9)])(?=[\u0e00-\u0e7f\u3041-\u9fff\uac00-\ud7a3])"
)
_BLANKS = re.compile(r" +(?=[ .,;:!?)\]])")
_LONG_WORD = 4  # letters from which a word within a phrase tells its language


class _Phrases(NamedTuple):
    """A language's phrases: what finds them, and what each is in English."""

    pattern: re.Pattern[str]
    english: dict[str, str]
    spaced: bool


def detect_language(lower: str) -> str | None:
    """Return the language, other than English, that a text in lower case answers in, by its script or its words."""
    if not lower.isascii() and (script := _SCRIPT.search(lower)):
        return "Japanese" if script.lastgroup == "Chinese" and _KANA.search(lower) else script.lastgroup
    words = set(lower.translate(_STOPS).split())
    if _all_signs().isdisjoint(words):
        return None
    scores = {name: len(words & all_words) for name, (signs, all_words) in _western_words().items() if words & signs}
    return max(scores, key=scores.__getitem__)


def put_into_english(draft: Draft, language: str) -> None:
    """Put a draft's phrases of one language into English."""
    phrases = _prepare(language)
    if not phrases.spaced:
        draft.replace(_BETWEEN_LETTERS, " or ")
    draft.replace(phrases.pattern, lambda match: phrases.english[match[0].lower()])
    if not phrases.spaced:
        draft.replace(_SEAM, " ")
    draft.replace(_BLANKS, "")
    draft.strip()


def translate(text: str, language: str | None) -> str:
    """Return an option's text as a text in that language has it once it is put into English."""
    if language is None:
        return text
    draft = Draft(text)
    put_into_english(draft, language)
    return draft.text


@lru_cache(maxsize=64)
def _prepare(language: str) -> _Phrases:
    """Prepare a language's phrases for finding, the longest first."""
    spaced = language not in UNSPACED
    rows = {**WESTERN, **SCRIPTS, **UNSPACED}[language]
    pairs = [(phrase.translate(CHARACTERS), plain) for plain, row in rows.items() for phrase in row.split("|")]
    english = {phrase: plain if spaced and phrase[-1] != "'" else f" {plain} " for phrase, plain in pairs}
    found = [_guard(phrase) if spaced else re.escape(phrase) for phrase in sorted(english, key=len, reverse=True)]
    return _Phrases(re.compile("|".join(found), re.IGNORECASE), english, spaced)


def _guard(phrase: str) -> str:
    """Return what finds a phrase as words of their own; a single letter is a word only in lower case and before one."""
    if len(phrase) == 1:
        return rf"(?<!{IN_WORD})(?-i:{phrase})(?= [\w(\[\"'])"
    before = "" if phrase.startswith("'") else rf"(?<!{IN_WORD})"
    after = "" if phrase.endswith("'") else rf"(?!{IN_WORD})"
    return f"{before}{re.escape(phrase)}{after}"


def _is_telling(part: str, phrase: str) -> bool:
    """Tell whether a word is the whole phrase, or long or odd enough to tell the language when it is only a part."""
    return part == phrase or len(part) >= _LONG_WORD or not part.isascii()


@lru_cache(maxsize=1)
def _western_words() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Return of each language in Latin script the words that tell it from English, and all the words of its phrases."""
    words = {}
    for name, rows in WESTERN.items():
        telling = [phrase for key in (*_TELLING, *_TELLING_TOO) for phrase in rows.get(key, "").split("|")]
        signs = {part for phrase in telling for part in _WORDS.findall(phrase) if _is_telling(part, phrase)}
        every = frozenset(part for row in rows.values() for part in _WORDS.findall(row))
        words[name] = (frozenset(one for one in signs - _ENGLISH if len(one) > 1 or not one.isascii()), every)
    return words


@lru_cache(maxsize=1)
def _all_signs() -> frozenset[str]:
    """Return the words that tell any language in Latin script from English."""
    return frozenset[str]().union(*(signs for signs, _ in _western_words().values()))
