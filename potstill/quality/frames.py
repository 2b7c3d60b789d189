"""From judged questions to pandas frames: every number of the report is counted from these rows."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

import pandas as pd

from potstill.core.letters import original_letter
from potstill.core.records import SPLITS
from potstill.quality.columns import Columns
from potstill.quality.slices import count_words, length_band, question_type
from potstill.quality.statistics import NONE
from potstill.reading.judging import JudgedQuestion

# Of the table that lists all responses; the frames have no ids and no numbers of words.
LISTED_COLUMNS = (
    *("split", "question_id", "request_id", "rotation", "concept", "question_type"),
    *("words", "length_band", "n_choices", "gold", "answer", "outcome"),
)
READING_COLUMNS = (
    *("question", "split", "concept", "question_type", "length_band", "n_choices"),
    *("rotation", "gold", "answer", "outcome"),
)
QUESTION_COLUMNS = (
    *("split", "concept", "question_type", "length_band", "n_choices"),
    *("gold", "outcome", "n_requests", "letters_read", "agreement", "flip_rate", "mass_outside"),
)

CONTROL_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
CONTROL_PICTURES |= {0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), 0xFFFD)}


@dataclass(frozen=True)
class Frames:
    """All splits: `readings` has a row for each response (READING_COLUMNS), `questions` for each (QUESTION_COLUMNS).

    Where there is no letter or concept stands "none". `question` numbers the questions. A question's `gold` is in the
    original order, a reading's is as shown. A question's `n_requests` are those that vote: one where its answer is not
    by votes.
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
    """Takes judged questions one at a time, and keeps of each what the statistics need, column by column.

    What names a response, and would fill memory, is listed at once: `list_row` gets LISTED_COLUMNS of each.
    """

    def __init__(self, list_row: Callable[[Sequence[object]], object] | None = None) -> None:
        """Start with none."""
        self._readings, self._questions = Columns(READING_COLUMNS), Columns(QUESTION_COLUMNS)
        self._list_row = list_row
        self._count = 0

    def add(self, split: str, question: JudgedQuestion) -> None:
        """Keep a question and its readings."""
        first, answer, size = question.exchanges[0].request, question.answer, len(question.exchanges[0].request.choices)
        concept = printable(question.concept) if question.concept else NONE
        kind, band, words = question_type(first.question), length_band(first.question), count_words(first.question)
        gold = first.answer and original_letter(first.answer, first.rotation, size)
        self._questions.add((
            *(split, concept, kind, band, size, gold or NONE, answer.outcome),
            1 if question.chosen.votes is None else len(question.exchanges),
            sum(reading.answer is not None for reading in answer.readings),
            *(answer.agreement, answer.flip_rate, _mean_mass_outside(question)),
        ))  # fmt: skip
        for request, _, reading, *_ in question.exchanges:
            read = (request.answer or NONE, reading.answer or NONE, reading.outcome)
            self._readings.add((self._count, split, concept, kind, band, size, request.rotation, *read))
            if self._list_row:
                named = (split, printable(first.question_id), printable(request.id), request.rotation, concept)
                self._list_row((*named, kind, words, band, size, *read))
        self._count += 1

    def build(self) -> Frames:
        """Return the frames of what was added."""
        return Frames(self._readings.build(), self._questions.build())


def printable(text: str) -> str:
    """Return a text with pictures for control characters: a lone CR ends a CSV row, an ESC commands a terminal."""
    return text if text.isprintable() else re.sub("\r\n?", "\n", text).translate(CONTROL_PICTURES)


def _mean_mass_outside(question: JudgedQuestion) -> float | None:
    """Return the mean probability of what is no letter, over the readings with logprobs."""
    masses = [exchange.mass_outside for exchange in question.exchanges if exchange.mass_outside is not None]
    return fmean(masses) if masses else None
