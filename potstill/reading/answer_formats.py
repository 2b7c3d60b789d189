"""The formats that a question may ask its answer in, and where in a text each has its answer. No I/O.

An object's answers are its own answer fields and those of a known wrapper, such as "arguments"; what stands under any
other name ("rejected", "options") is no answer, whatever its fields are called.
"""

import json
import re
from collections.abc import Iterator

from potstill.core.records import AnswerFormat
from potstill.reading.drafts import Draft
from potstill.reading.undressing import ANSWER_KEY, drop_thoughts, undress_turn

_ANSWER_FIELD = re.compile(ANSWER_KEY, re.IGNORECASE)
_WRAPPER = re.compile(rf"{ANSWER_KEY}|(?:arguments|parameters|input|data|function|final)", re.IGNORECASE)
_OBJECT_OPENING = re.compile(r"(?s)(?:.*</think(?:ing)?>)?\s*(?:```\w*\s*)?(?=\{)")
_OBJECT_END = re.compile(r"\s*(?:```)?\s*\Z")
_TO_VALUE, _TO_FIELD = re.compile(r"[\s:]*"), re.compile(r"[\s,{]*")
_MOST_OBJECTS = 200  # braces of a text at which an object is sought
_DEEPEST = 4  # wrappers within one another
_DECODER = json.JSONDecoder()


def find_place(text: str, answer_format: AnswerFormat) -> str | None:
    """Return the part of a text that its format has the answer in, or None where the text is not in that format."""
    if answer_format == "letter":
        return text
    if answer_format == "final_line":
        lines = [line for line in undress_turn(text).split("\n") if re.search(r"\w", line)]
        return lines[-1] if lines else None
    draft = Draft(text)
    drop_thoughts(draft)
    spans = [span for start in _find_objects(draft.text) for span in _find_answers(draft.text, start)]
    return str(_DECODER.raw_decode(draft.text, spans[-1][0])[0]) if spans else None


def find_values(text: str) -> list[tuple[int, int]] | None:
    """Return where the answers of a text that is one JSON object start and end; None where it is no such text."""
    if "{" not in text or not (opening := _OBJECT_OPENING.match(text)):
        return None
    try:
        _, end = _DECODER.raw_decode(text, opening.end())
    except (ValueError, RecursionError):
        return None
    return list(_find_answers(text, opening.end())) if _OBJECT_END.match(text, end) else None


def _find_objects(text: str) -> Iterator[int]:
    """Find where the JSON objects that a text holds start, one after the other."""
    start = text.find("{")
    for _ in range(_MOST_OBJECTS):
        if start < 0:
            return
        try:
            _, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        yield start
        start = text.find("{", end)


def _find_answers(text: str, start: int, depth: int = 0) -> Iterator[tuple[int, int]]:
    """Find where the values of the answer fields stand in the object at a place, and in its wrappers."""
    place = _to(text, start, _TO_FIELD)
    while text[place] != "}":
        name, place = _DECODER.raw_decode(text, place)
        first = _to(text, place, _TO_VALUE)
        value, place = _DECODER.raw_decode(text, first)
        if isinstance(value, dict):
            if depth < _DEEPEST and _WRAPPER.fullmatch(name):
                yield from _find_answers(text, first, depth + 1)
        elif value is not None and (_ANSWER_FIELD.fullmatch(name) or name == "arguments"):
            yield first, place
        place = _to(text, place, _TO_FIELD)


def _to(text: str, start: int, between: re.Pattern[str]) -> int:
    """Return where what stands between the parts of an object ends."""
    found = between.match(text, start)
    return found.end() if found else start
