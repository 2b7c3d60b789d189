"""Whether a training set teaches questions that students are judged by."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from potstill.core.errors import InputError
from potstill.core.records import Request

LABEL = re.compile(r"^[a-z]\. ")  # what prompts put before an option
Form = tuple[str, ...]


def check_leakage(path: Path, rows: Iterable[Sequence[Mapping[str, str]]], asked: Iterable[Request]) -> None:
    """Raise InputError if a row puts a question that students are judged by, in any order of its options.

    Rows and requests are of one prompt, so the same question has the same lines, but for the options' letters.
    """
    known = {find_form(request): request.question_id for request in asked}
    for number, messages in enumerate(rows, start=1):
        for form in list_forms(messages):
            if form in known:
                raise InputError(
                    f"{path}: row {number} puts the question {known[form]}, by which students are judged, so learning "
                    "is not told from remembering; set export.leakage_threshold in params.yaml to 1 or less "
                    "or, where it is a worked example, choose another seed of the prompt's examples"
                )


def find_form(request: Request) -> Form:
    """Return the lines that put the question: those of the last message or, if it is not in there, of all of them."""
    *before, last = request.messages
    shown = _normalize(last.content)
    if _normalize(request.question) in shown:
        return _sort_lines(last.content)
    return _sort_lines("\n".join([*(message.content for message in before), last.content]))


def list_forms(messages: Sequence[Mapping[str, str]]) -> Iterator[Form]:
    """Yield the lines of each message of the user, and of all messages up to its last one."""
    asked = [message["content"] for message in messages if message["role"] != "assistant"]
    yield from (_sort_lines(message["content"]) for message in messages if message["role"] == "user")
    yield _sort_lines("\n".join(asked))


def _sort_lines(text: str) -> Form:
    """Return a text's lines in an order of their own, without the letters of options."""
    return tuple(sorted(LABEL.sub("", _normalize(line)) for line in text.splitlines()))


def _normalize(text: str) -> str:
    """Return a text in one case, with single spaces."""
    return " ".join(text.casefold().split())
