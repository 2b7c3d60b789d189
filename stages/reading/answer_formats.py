"""The formats that a question may ask its answer in, and where in a text each has its answer. No I/O."""

import json
import re
from collections.abc import Iterator

from stages.reading.drafts import Draft
from stages.reading.undressing import ANSWER_KEY, drop_thoughts, undress_turn
from stages.records import AnswerFormat

_ANSWER_FIELD = re.compile(ANSWER_KEY, re.IGNORECASE)
_MOST_OBJECTS = 200  # braces of a text at which an object is sought
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
    answers = [answer for found in _find_objects(draft.text) for answer in _find_answers(found)]
    return answers[-1] if answers else None


def _find_objects(text: str) -> Iterator[object]:
    """Find the JSON objects that a text holds, one after the other."""
    start = text.find("{")
    for _ in range(_MOST_OBJECTS):
        if start < 0:
            return
        try:
            found, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        yield found
        start = text.find("{", end)


def _find_answers(value: object) -> Iterator[str]:
    """Find the texts of an object's answer field, or of the first field within it that has one."""
    if not isinstance(value, dict):
        return
    fields = sorted(value, key=lambda name: "answer" not in name.lower())
    for name in fields:
        if _ANSWER_FIELD.fullmatch(name) and isinstance(value[name], str | int | float):
            yield str(value[name])
            return
    for inner in value.values():
        yield from _find_answers(inner)
