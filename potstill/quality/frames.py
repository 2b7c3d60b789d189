"""From judged questions to pandas frames: every number of the report is counted from these rows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

import pandas as pd

from potstill.core.letters import LETTERS, original_letter
from potstill.core.records import OUTCOMES, SPLITS
from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES, count_words, length_band, question_type
from potstill.quality.statistics import NONE
from potstill.reading.judging import JudgedQuestion

READING_COLUMNS = (
    *("split", "question_id", "request_id", "rotation", "concept", "question_type"),
    *("words", "length_band", "n_choices", "gold", "answer", "outcome"),
)
QUESTION_COLUMNS = (
    *("split", "question_id", "concept", "question_type", "length_band", "n_choices"),
    *("gold", "outcome", "n_requests", "letters_read", "agreement", "flip_rate", "mass_outside"),
)
KINDS: Mapping[str, Any] = {
    **dict.fromkeys(("question_id", "request_id"), str),
    **dict.fromkeys(("rotation", "words", "n_choices", "n_requests", "letters_read"), int),
    **dict.fromkeys(("gold", "answer"), pd.CategoricalDtype([*LETTERS, NONE])),
    "split": pd.CategoricalDtype([*SPLITS]),
    "question_type": pd.CategoricalDtype([*QUESTION_TYPES]),
    "length_band": pd.CategoricalDtype([*LENGTH_BANDS]),
    "outcome": pd.CategoricalDtype([*OUTCOMES]),
    "concept": "category",
    **dict.fromkeys(("agreement", "flip_rate", "mass_outside"), float),
}

CONTROL_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
CONTROL_PICTURES |= {0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), 0xFFFD)}


@dataclass(frozen=True)
class Frames:
    """All splits: `readings` has a row for each response (READING_COLUMNS), `questions` for each (QUESTION_COLUMNS).

    Where there is no letter or concept stands "none". A question's `gold` is in the original order, a reading's is as
    shown. A question's `n_requests` are those that vote: one where its answer is not by votes.
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

    def add(self, split: str, question: JudgedQuestion) -> None:
        """Keep a question and its readings."""
        first, answer = question.exchanges[0].request, question.answer
        shared = {
            "split": split,
            "question_id": printable(first.question_id),
            "concept": printable(question.concept) if question.concept else NONE,
            "question_type": question_type(first.question),
            "length_band": length_band(first.question),
            "n_choices": len(first.choices),
        }
        gold = first.answer and original_letter(first.answer, first.rotation, len(first.choices))
        counts = {
            "gold": gold or NONE,
            "outcome": answer.outcome,
            "n_requests": 1 if question.chosen.votes is None else len(question.exchanges),
            "letters_read": sum(reading.answer is not None for reading in answer.readings),
            "agreement": answer.agreement,
            "flip_rate": answer.flip_rate,
            "mass_outside": _mean_mass_outside(question),
        }
        _append(self._questions, shared | counts)
        words = count_words(first.question)
        for exchange in question.exchanges:
            request, reading = exchange.request, exchange.reading
            placed = {"request_id": printable(request.id), "rotation": request.rotation, "words": words}
            letters = {"gold": request.answer or NONE, "answer": reading.answer or NONE, "outcome": reading.outcome}
            _append(self._readings, shared | placed | letters)

    def build(self) -> Frames:
        """Return the frames of what was added."""
        return Frames(_make_frame(self._readings), _make_frame(self._questions))


def printable(text: str) -> str:
    """Return a text with pictures for control characters: a lone CR ends a CSV row, an ESC commands a terminal."""
    return text if text.isprintable() else re.sub("\r\n?", "\n", text).translate(CONTROL_PICTURES)


def _mean_mass_outside(question: JudgedQuestion) -> float | None:
    """Return the mean probability of what is no letter, over the readings with logprobs."""
    masses = [exchange.mass_outside for exchange in question.exchanges if exchange.mass_outside is not None]
    return fmean(masses) if masses else None


def _append(columns: dict[str, list[object]], row: dict[str, object]) -> None:
    """Put a row's values at the ends of their columns."""
    for name, values in columns.items():
        values.append(row[name])


def _make_frame(columns: dict[str, list[object]]) -> pd.DataFrame:
    """Return a frame, in which a letter takes a byte and not a string of its own."""
    return pd.DataFrame({name: pd.Series(values, dtype=KINDS[name]) for name, values in columns.items()})
