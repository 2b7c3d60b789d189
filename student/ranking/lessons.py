"""What a ranking student learns: questions, their options, and how probable the teacher made each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from potstill.core.errors import InputError
from potstill.core.records import Question, read_rows
from student.core.training_set import find_rows, read_soft_labels, shuffle_labels


@dataclass(frozen=True)
class Lesson:
    """A question, its options' texts, and what is to be learned of each: shares that add up to 1."""

    question: str
    options: tuple[str, ...]
    label: tuple[float, ...]


def read_lessons(export: Path, raw: Path, labels: Literal["distribution", "answer"]) -> tuple[Path, list[Lesson]]:
    """Return the file of soft labels and its lessons; raise InputError if they may not, or cannot, be learned from."""
    path = find_rows(export, "rank")
    rows = read_soft_labels(path, ["id", "options", "distribution", "answer"])
    stems = {one.id: one.question for one in read_rows(raw / "train.jsonl", Question)}
    return path, [make_lesson(row, find_stem(row["id"], stems, path), labels) for row in rows]


def find_stem(row_id: str, stems: dict[str, str], path: Path) -> str:
    """Return a row's question, whose id may be followed by a rotation's number; raise InputError if there is none."""
    stem = stems.get(row_id, stems.get(row_id.rpartition(":")[0]))
    if stem is None:
        raise InputError(
            f"{path}: expected train questions of data/raw, got {row_id!r}, which is none; run `make repro`"
        )
    return stem


def make_lesson(row: dict[str, Any], question: str, labels: Literal["distribution", "answer"]) -> Lesson:
    """Return what a row of soft labels teaches."""
    options = row["options"]
    shares = row["distribution"]
    if labels == "answer":
        shares = [float(option["label"] == row["answer"]) for option in options]
    return Lesson(question, tuple(option["text"] for option in options), tuple(shares))


def shuffle_lessons(lessons: Sequence[Lesson], seed: int) -> list[Lesson]:
    """Return the same questions with labels of others that have as many options."""
    places = defaultdict(list)
    for place, one in enumerate(lessons):
        places[len(one.options)].append(place)
    shuffled = list(lessons)
    for same in places.values():
        for place, label in zip(same, shuffle_labels([lessons[one].label for one in same], seed), strict=True):
            shuffled[place] = replace(lessons[place], label=label)
    return shuffled
