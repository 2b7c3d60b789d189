"""A training set that students may learn from: checked, and free of the questions that they are judged by."""

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from potstill.core.errors import InputError
from potstill.core.records import Question, read_json, read_rows

T = TypeVar("T")


def find_rows(export: Path, name: str, file: str) -> Path:
    """Return the file with the train rows of a format; raise InputError if it may not, or cannot, be learned from."""
    if not (export / "manifest.json").is_file():
        raise InputError(f"{export}: expected a training set with its manifest.json, found none; run `make repro`")
    manifest = read_json(export / "manifest.json")
    if failed := manifest.get("gates_failed"):
        raise InputError(
            f"{export}: the teacher did not pass {', '.join(failed)}, so nothing is learned from it; choose another "
            "teacher or prompt, or change analyze.gates in params.yaml"
        )
    if not (path := export / name / file).is_file():
        found = ", ".join(sorted(folder.name for folder in export.iterdir() if folder.is_dir())) or "none"
        raise InputError(
            f"{export}: expected the format {name}, found {found}; add it to export.formats in params.yaml and run "
            "`make repro`"
        )
    return path


def read_conversations(path: Path) -> list[list[dict[str, str]]]:
    """Return the messages of each row of the format messages; raise InputError if there are none, or one is no chat."""
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            messages = json.loads(line)["messages"]
            if messages[-1]["role"] != "assistant" or not all(isinstance(one["content"], str) for one in messages):
                raise ValueError(line)
        except (ValueError, LookupError, TypeError):
            raise InputError(
                f"{path}: line {number}: expected a chat that the assistant ends, got {line[:80]!r}; run `make repro`"
            ) from None
        rows.append(messages)
    check_not_empty(path, rows)
    return rows


def check_not_empty(path: Path, rows: Sequence[object]) -> None:
    """Raise InputError if there is no row."""
    if not rows:
        raise InputError(f"{path}: expected rows to learn from, found none; is export.keep in params.yaml too strict?")


def read_questions(raw: Path, split: str) -> list[Question]:
    """Return the questions that students are judged by; raise InputError if there are none."""
    questions = list(read_rows(raw / f"{split}.jsonl", Question))
    if not questions:
        raise InputError(f"{raw / split}.jsonl: expected questions, found none; raise load.{split} in params.yaml")
    return questions


def check_leakage(path: Path, texts: Iterable[str], questions: Sequence[Question]) -> None:
    """Raise InputError if a training row's text has a question that students are judged by, and all its options."""
    parts = [(_normalize(one.question), [_normalize(choice.text) for choice in one.choices]) for one in questions]
    for number, text in enumerate(map(_normalize, texts), start=1):
        for question, (stem, options) in zip(questions, parts, strict=True):
            if stem in text and all(option in text for option in options):
                raise InputError(
                    f"{path}: row {number} is the question {question.id}, by which students are judged, so learning "
                    "is not told from remembering; set export.leakage_threshold in params.yaml to 1 or less"
                )


def _normalize(text: str) -> str:
    """Return a text in one case, with single spaces."""
    return " ".join(text.casefold().split())


def shuffle_labels(labels: Sequence[T], seed: int) -> list[T]:
    """Return the labels in an order drawn by the seed: as many of each, and nothing to learn from a question."""
    return random.Random(f"labels {seed}").sample(list(labels), len(labels))  # noqa: S311 (no secret)
