"""From judged questions to pandas frames: every number of the report is counted from these rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from potstill.core.letters import LETTERS, original_letter
from potstill.core.records import OUTCOMES, SPLITS, Reading, Request
from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES, count_words, length_band, question_type
from potstill.quality.statistics import NONE
from potstill.reading.judging import Judged

READING_COLUMNS = (
    *("split", "question_id", "request_id", "rotation", "concept", "question_type"),
    *("words", "length_band", "n_choices", "gold", "answer", "outcome"),
)
QUESTION_COLUMNS = (
    *("split", "question_id", "concept", "question_type", "length_band", "n_choices"),
    *("gold", "outcome", "asked", "letters_read", "plurality_share"),
)
CATEGORIES: Mapping[str, Sequence[str]] = {
    "split": SPLITS,
    "question_type": QUESTION_TYPES,
    "length_band": LENGTH_BANDS,
    "gold": (*LETTERS, NONE),
    "answer": (*LETTERS, NONE),
    "outcome": OUTCOMES,
}
KINDS: Mapping[str, Any] = {
    **dict.fromkeys(("question_id", "request_id"), str),
    **dict.fromkeys(("rotation", "words", "n_choices", "asked", "letters_read"), int),
    "plurality_share": float,
}

CONTROL_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
CONTROL_PICTURES |= {0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), 0xFFFD)}


@dataclass(frozen=True)
class Frames:
    """All splits: `readings` has a row for each response (READING_COLUMNS), `questions` for each (QUESTION_COLUMNS).

    Where there is no letter or concept stands "none". A question's `gold` is in the original order, a reading's is as
    shown.
    """

    readings: pd.DataFrame
    questions: pd.DataFrame

    @cached_property
    def splits(self) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """The readings and the questions of each split that has any, by its name."""
        return {
            split: (self.readings[self.readings["split"] == split], self.questions[self.questions["split"] == split])
            for split in SPLITS
            if (self.questions["split"] == split).any()
        }

    def of_split(self, split: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the readings and the questions of one split, which may have none."""
        return self.splits.get(split, (self.readings.iloc[:0], self.questions.iloc[:0]))


class FrameBuilder:
    """Takes judged questions one at a time, and keeps of each what the statistics need, column by column."""

    def __init__(self) -> None:
        """Start with none."""
        self._readings: dict[str, list[object]] = {column: [] for column in READING_COLUMNS}
        self._questions: dict[str, list[object]] = {column: [] for column in QUESTION_COLUMNS}

    def add(self, split: str, judged: Judged) -> None:
        """Keep a question and its readings."""
        first, answer = judged.requests[0], judged.answer
        shared = {
            "split": split,
            "question_id": printable(first.question_id),
            "concept": printable(judged.concept) if judged.concept else NONE,
            "question_type": question_type(first.question),
            "length_band": length_band(first.question),
            "n_choices": len(first.choices),
        }
        counted = {
            "gold": _original_gold(first),
            "outcome": answer.outcome,
            "asked": len(judged.requests),
            "letters_read": sum(reading.answer is not None for reading in answer.readings),
            "plurality_share": max(answer.distribution.values(), default=None),
        }
        _append(self._questions, shared | counted)
        words = count_words(first.question)
        for request, _, reading in judged.rows:
            _append(self._readings, shared | {"words": words} | _of_reading(request, reading))

    def build(self) -> Frames:
        """Return the frames of what was added."""
        return Frames(_frame(self._readings), _frame(self._questions))


def printable(text: str) -> str:
    """Show control characters as pictures of themselves: a lone CR ends a CSV row, an ESC commands a terminal."""
    return text if text.isprintable() else re.sub("\r\n?", "\n", text).translate(CONTROL_PICTURES)


def _original_gold(request: Request) -> str:
    """Return gold's letter in the original order."""
    return original_letter(request.answer, request.rotation, len(request.choices)) if request.answer else NONE


def _of_reading(request: Request, reading: Reading) -> dict[str, object]:
    """Return what a reading has beside its question."""
    return {
        "request_id": printable(request.id),
        "rotation": request.rotation,
        "gold": request.answer or NONE,
        "answer": reading.answer or NONE,
        "outcome": reading.outcome,
    }


def _append(columns: dict[str, list[object]], row: dict[str, object]) -> None:
    """Put a row's values at the ends of their columns."""
    for name, values in columns.items():
        values.append(row[name])


def _frame(columns: dict[str, list[object]]) -> pd.DataFrame:
    """Make a frame, in which a letter takes a byte and not a string of its own."""
    kinds: dict[str, Any] = {name: KINDS.get(name, "category") for name in columns}
    kinds |= {name: pd.CategoricalDtype(list(CATEGORIES[name])) for name in columns if name in CATEGORIES}
    return pd.DataFrame({name: pd.Series(values, dtype=kinds[name]) for name, values in columns.items()})
