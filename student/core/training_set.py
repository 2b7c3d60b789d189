"""A training set as students read it, and the questions that they are judged by."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from potstill.core.errors import InputError
from potstill.core.records import Question, read_json, read_rows

# What a kind of student learns from, and the file of its train rows.
FORMATS = {"chat": ("messages", "train.jsonl"), "rank": ("soft_labels", "train.parquet")}
T = TypeVar("T")


def find_rows(export: Path, kind: str) -> Path:
    """Return the file of train rows for a kind of student; raise InputError if it may not, or cannot, learn from it."""
    if not (export / "manifest.json").is_file():
        raise InputError(f"{export}: expected a training set with its manifest.json, found none; run `make repro`")
    manifest = read_json(export / "manifest.json")
    if failed := manifest.get("gates_failed"):
        raise InputError(
            f"{export}: the teacher did not pass {', '.join(failed)}, so nothing is learned from it; choose another "
            "teacher or prompt, or change analyze.gates in params.yaml"
        )
    name, file = FORMATS[kind]
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


def read_prompts(path: Path) -> list[list[dict[str, str]]]:
    """Return the messages before each row's answer, of soft labels; raise InputError if it holds none."""
    return [row["prompt"] for row in read_soft_labels(path, ["prompt"])]


def read_soft_labels(path: Path, columns: list[str]) -> list[dict[str, Any]]:
    """Return columns of the format soft_labels, row by row; raise InputError if it holds none."""
    from pyarrow import ArrowInvalid, parquet  # noqa: PLC0415 (chat students have no need of it)

    try:
        rows: list[dict[str, Any]] = parquet.read_table(path, columns=columns).to_pylist()
    except (ArrowInvalid, OSError) as error:
        raise InputError(f"{path}: expected soft labels, but {error}; run `make repro`") from None
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


def shuffle_labels(labels: Sequence[T], seed: int) -> list[T]:
    """Return the labels in an order drawn by the seed: as many of each, and nothing to learn from a question."""
    return random.Random(f"labels {seed}").sample(list(labels), len(labels))  # noqa: S311 (no secret)
