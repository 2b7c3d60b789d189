"""The rows that pass between stages, and their JSON Lines files.

Rows hold nothing that differs between two runs over the same answers, so that the same answers give the same bytes.
"""

import codecs
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec

from potstill.core.errors import InputError

SPLITS = ("train", "validation", "test")

Split = Literal["train", "validation", "test"]
AnswerFormat = Literal["letter", "final_line", "json"]
DebiasMethod = Literal["none", "vote", "average", "pride"]
Status = Literal["answered", "truncated", "filtered", "failed"]
Outcome = Literal["correct", "wrong", "unjudged", "refused", "ambiguous", "unparsed", "truncated", "filtered", "failed"]
Tokens = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # what SQLite can hold
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
READ_OUTCOMES: tuple[Outcome, ...] = ("correct", "wrong", "unjudged")


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One line of a JSON Lines file; unknown fields are errors. Types are checked where a row is read.

    No row refers to itself, so the garbage collector need not look at them.
    """


R = TypeVar("R", bound=Row)
encode_row = msgspec.json.Encoder().encode  # a row as JSON, its fields in their order


class Choice(Row, frozen=True):
    """One option: its letter and its text."""

    label: str
    text: str


class Question(Row, frozen=True):
    """A multiple-choice question; `answer` is the gold letter, or None where the dataset keeps it back."""

    id: str
    question: str
    choices: list[Choice]
    answer: str | None
    concept: str | None


class Message(Row, frozen=True):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Chat(Row, frozen=True, omit_defaults=True):
    """What one call sends: messages and, where the answer is to be structured, the letters that it may have."""

    messages: list[Message]
    letters: str | None = None


class Request(Row, frozen=True, omit_defaults=True):
    """One thing to ask: a question as shown, its choices rotated by `rotation`, asked the `replicate`-th time.

    `structured` says that the teacher is held to a JSON object with a letter; a row without it has a free text.
    """

    id: str
    question_id: str
    question: str
    choices: list[Choice]
    answer: str | None
    rotation: int
    replicate: int
    messages: list[Message]
    structured: bool = False

    def to_chat(self) -> Chat:
        """Return what a call that asks this sends."""
        return Chat(self.messages, "".join([choice.label for choice in self.choices]) if self.structured else None)


class Usage(Row, frozen=True, omit_defaults=True):
    """Tokens that the teacher counted for one answer.

    `completion_tokens` are all that are billed as output, those of reasoning among them; `reasoning_tokens` are these
    alone, None where there were none or nobody said.
    """

    prompt_tokens: Tokens
    completion_tokens: Tokens
    reasoning_tokens: Tokens | None = None


class Response(Row, frozen=True):
    """What came back for the request of the same id; a failed one has no content and says why in `error`."""

    id: str
    key: str
    status: Status
    content: str | None = None
    reasoning: str | None = None
    finish_reason: str | None = None
    model: str | None = None
    usage: Usage | None = None
    logprobs: list[dict[str, object]] | None = None
    error: str | None = None


class Reading(Row, frozen=True):
    """One response, judged: the letter as shown that was read in it (or None), and its outcome."""

    request_id: str
    answer: str | None
    outcome: Outcome


class Answer(Row, frozen=True, kw_only=True):
    """One question, judged over all its readings as `analyze.debias` says.

    `answer` is a letter in the original order, None where none was read or the best are tied; `distribution` is the
    share of the votes, or the probability, of each option; `confidence` is the answer's, and the two after it are the
    ends of its 95 % Wilson interval where it is a share of votes. `agreement` is the share of the letters read that
    mean the most frequent option, None for fewer than two; `flip_rate` the share of the pairs of readings under
    different rotations that mean different options. Rows from before these fields lack them.
    """

    question_id: str
    answer: str | None
    outcome: Outcome
    confidence: float | None
    confidence_low: float | None = None
    confidence_high: float | None = None
    agreement: float | None = None
    flip_rate: float | None = None
    distribution: dict[str, float]
    readings: list[Reading]


def split_files(folder: Path) -> list[Path]:
    """Return the folder's split files in the order train, validation, test; raise InputError if there are none."""
    files = [folder / f"{split}.jsonl" for split in SPLITS]
    present = [file for file in files if file.is_file()]
    if not present:
        raise InputError(f"{folder}: expected files of the stage before, found none; run `make repro`")
    return present


def read_rows(path: Path, model: type[R]) -> Iterator[R]:
    """Yield the checked rows of a JSON Lines file; an InputError names the file, the line and what is wrong.

    The file is read as bytes, so that a line that is not UTF-8 is named like any other broken one.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a file of the stage before, found none; run `make repro`")
    decode = msgspec.json.Decoder(model).decode
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                row = decode(line.removeprefix(codecs.BOM_UTF8) if number == 1 else line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise InputError(f"{path}: line {number}: {_describe_broken_row(line, error)}") from None
            yield row


def _describe_broken_row(line: bytes, error: Exception) -> str:
    """Return what is wrong with a line, and where in it: "choices.0.text: expected `str`, got `int`: 7"."""
    reason, _, place = str(error).partition(" - at `$")
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return f"expected a JSON object, got {line.rstrip().decode(errors='backslashreplace')[:80]!r}"
    where = re.findall(r"\w+", place)
    for part in where:
        value = value[int(part) if isinstance(value, list) else part]
    return ": ".join([*filter(None, [".".join(where)]), f"{reason[:1].lower()}{reason[1:]}", f"{value!r:.80}"])


def read_json(path: Path) -> dict[str, Any]:
    """Return a file's JSON object; raise InputError if there is no such file, or it holds something else."""
    if not path.is_file():
        raise InputError(f"{path}: expected a file of the stage before, found none; run `make repro`")
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, but {error}; run `make repro`") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected a JSON object, got {value!r:.80}; run `make repro`")
    return value


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of an unfinished file that replaces `path` when the block ends well: whole or not at all.

    The name is this process's own, since a run whose DVC was killed may still write the same path.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write rows as JSON Lines (UTF-8, one key order); return how many."""
    count = 0
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        for row in rows:
            file.write(encode_row(row) + b"\n")
            count += 1
    return count


def write_json(path: Path, value: object) -> None:
    """Write one JSON document, indented, keys in the order given."""
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
