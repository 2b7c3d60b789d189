"""Where an answer stands in JSON, and which line of a text is its last. No I/O.

An object's answers are its answer fields and those of a known wrapper, such as "arguments", and no other ("rejected").
"""

import json
import re
from collections.abc import Iterator

from potstill.reading.normalizing import normalize, skip, thinking_end

_KIND = r"(?:final|best|correct|right|my|the|your|chosen|selected|predicted|model|most|likely)"
_ANSWER = (
    rf"(?:(?:{_KIND}[_ -]?){{0,3}}(?:answer|choice|option|letter|label|response|output|result|prediction|selection)"
    r"(?:[_ -]?(?:letter|label|key|choice|option|text|value))?|text)"
)
_ANSWER_FIELD = re.compile(_ANSWER, re.IGNORECASE)
_WRAPPER = re.compile(rf"{_ANSWER}|arguments|parameters|input|data|function|final", re.IGNORECASE)
_OPENING, _CLOSING = re.compile(r"\s*(?:```\w*\s*)?(?=\{)"), re.compile(r"\s*(?:```)?\s*\Z")
_TO_VALUE, _TO_FIELD = re.compile(r"[\s:]*"), re.compile(r"[\s,{]*")
_LINE = re.compile(r"[^\n]+")
_MOST_OBJECTS = 200  # braces of a text at which an object is sought
_DEEPEST = 4  # wrappers within one another
_DECODER = json.JSONDecoder()

Span = tuple[int, int]


def find_object_answers(text: str) -> list[Span] | None:
    """Return where the answers of a text that is one JSON object stand; None where it is no such text."""
    opening = _OPENING.match(text, thinking_end(text)) if "{" in text else None
    end = opening and _find_end(text, opening.end())
    return list(_find_answers(text, opening.end())) if opening and end and _CLOSING.match(text, end) else None


def find_last_answer(text: str) -> Span | None:
    """Return where the last answer stands of the JSON objects that a text holds."""
    spans = None
    start = text.find("{", thinking_end(text))
    for _ in range(_MOST_OBJECTS):
        if start < 0:
            break
        end = _find_end(text, start)
        if end:
            spans = [*_find_answers(text, start)] or spans
        start = text.find("{", end or start + 1)
    return spans[-1] if spans else None


def find_last_line(text: str) -> Span | None:
    """Return where the last line stands that has a word, without its markup."""
    for line in reversed(list(_LINE.finditer(text, thinking_end(text)))):
        if any(map(str.isalnum, normalize(line[0]).text)):
            return line.span()
    return None


def _find_end(text: str, start: int) -> int | None:
    """Return where the JSON object at a place ends; None where there is none."""
    try:
        return _DECODER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return None


def _find_answers(text: str, start: int, depth: int = 0) -> Iterator[Span]:
    """Return where the values of the answer fields stand in the object at a place, and in its wrappers."""
    place = skip(text, start, _TO_FIELD)
    while text[place] != "}":
        name, place = _DECODER.raw_decode(text, place)
        first = skip(text, place, _TO_VALUE)
        value, place = _DECODER.raw_decode(text, first)
        if isinstance(value, dict):
            if depth < _DEEPEST and _WRAPPER.fullmatch(name):
                yield from _find_answers(text, first, depth + 1)
        elif value is not None and (_ANSWER_FIELD.fullmatch(name) or name == "arguments"):
            quoted = isinstance(value, str) and value != ""
            yield (first + 1, place - 1) if quoted else (first, place)
        place = skip(text, place, _TO_FIELD)
