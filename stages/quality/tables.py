"""From rows to pandas frames, and from frames to the CSV files that `dvc plots` and people read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from stages.choices import render_choices
from stages.quality.slices import SLICES, count_words, length_band, question_type
from stages.quality.statistics import NONE, OUTCOMES, letter_counts, letters_shown, wilson_interval
from stages.records import Answer, Reading, Request, Response, replacing

READING_COLUMNS = (
    *("split", "question_id", "request_id", "rotation", "question_type"),
    *("words", "length_band", "gold", "answer", "outcome"),
)
QUESTION_COLUMNS = (
    *("split", "question_id", "question_type", "length_band", "n_choices"),
    *("has_gold", "outcome", "letters_read", "plurality_share"),
)
UNREAD_COLUMNS = ("split", "request_id", "question", "choices", "response", "outcome")
UNREAD_CHARACTERS = 500

CONTROL_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
CONTROL_PICTURES |= {0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), 0xFFFD)}


@dataclass(frozen=True)
class Judged:
    """A split: its requests, their responses in that order, and answers whose readings are in that order too."""

    split: str
    requests: list[Request]
    responses: list[Response]
    answers: list[Answer]

    @property
    def readings(self) -> list[Reading]:
        """List the readings of all answers, one for each request."""
        return [reading for answer in self.answers for reading in answer.readings]

    @property
    def questions(self) -> Iterator[tuple[Request, Answer]]:
        """Yield each answer with the first request of its question."""
        position = 0
        for answer in self.answers:
            yield self.requests[position], answer
            position += len(answer.readings)


@dataclass(frozen=True)
class Frames:
    """All splits in frames; `slices` has one for each key of SLICES."""

    readings: pd.DataFrame
    questions: pd.DataFrame
    slices: dict[str, pd.DataFrame]
    unread: pd.DataFrame

    def of_split(self, split: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the readings and the questions of one split."""
        return self.readings[self.readings["split"] == split], self.questions[self.questions["split"] == split]


def frame_splits(splits: Sequence[Judged], unread_sample: int) -> Frames:
    """Put the judged splits into frames."""
    readings, questions = reading_frame(splits), question_frame(splits)
    slices = {column: slice_table(readings, questions, column) for column in SLICES}
    return Frames(readings, questions, slices, unread_frame(splits, unread_sample))


def reading_frame(splits: Sequence[Judged]) -> pd.DataFrame:
    """Return a row for each response: READING_COLUMNS, and n_choices."""
    rows = [
        {
            "split": judged.split,
            "question_id": printable(request.question_id),
            "request_id": printable(request.id),
            "rotation": request.rotation,
            "question_type": question_type(request.question),
            "words": count_words(request.question),
            "length_band": length_band(request.question),
            "gold": request.answer or NONE,
            "answer": reading.answer or NONE,
            "outcome": reading.outcome,
            "n_choices": len(request.choices),
        }
        for judged in splits
        for request, reading in zip(judged.requests, judged.readings, strict=True)
    ]
    return pd.DataFrame(rows, columns=[*READING_COLUMNS, "n_choices"])


def question_frame(splits: Sequence[Judged]) -> pd.DataFrame:
    """Return a row for each question: QUESTION_COLUMNS."""
    rows = [
        {
            "split": judged.split,
            "question_id": printable(answer.question_id),
            "question_type": question_type(request.question),
            "length_band": length_band(request.question),
            "n_choices": len(request.choices),
            "has_gold": request.answer is not None,
            "outcome": answer.outcome,
            "letters_read": sum(reading.answer is not None for reading in answer.readings),
            "plurality_share": max(answer.distribution.values(), default=None),
        }
        for judged in splits
        for request, answer in judged.questions
    ]
    kinds = {"has_gold": bool, "letters_read": int, "plurality_share": float}
    return pd.DataFrame(rows, columns=list(QUESTION_COLUMNS)).astype(kinds)


def unread_frame(splits: Sequence[Judged], sample: int) -> pd.DataFrame:
    """Return each split's first `sample` responses in which no letter was read; where nothing came back, why."""
    rows: list[dict[str, str]] = []
    for judged in splits:
        read = zip(judged.requests, judged.responses, judged.readings, strict=True)
        unread = ((request, response, reading) for request, response, reading in read if reading.answer is None)
        rows += [
            {
                "split": judged.split,
                "request_id": printable(request.id),
                "question": printable(request.question[:UNREAD_CHARACTERS]),
                "choices": printable(render_choices(request.choices)[:UNREAD_CHARACTERS]),
                "response": printable(_text_of(response)[:UNREAD_CHARACTERS]),
                "outcome": reading.outcome,
            }
            for request, response, reading in islice(unread, sample)
        ]
    return pd.DataFrame(rows, columns=list(UNREAD_COLUMNS))


def letter_table(readings: pd.DataFrame) -> pd.DataFrame:
    """Count letters in the long format (split, series, letter, count, bar); "none" only where there are such rows.

    `bar` names the three together: DVC's bar plots can neither filter nor group, and would add up what shares a name.
    """
    rows: list[dict[str, object]] = []
    for split, part in readings.groupby("split", sort=False):
        letters = [*letters_shown(part), NONE]
        for series, column in (("answered", "answer"), ("gold", "gold")):
            for letter, count in zip(letters, letter_counts(part[column], letters), strict=True):
                if letter != NONE or count:
                    key = {"split": split, "series": series, "letter": letter}
                    rows.append({**key, "count": int(count), "bar": f"{split} {letter} {series}"})
    return pd.DataFrame(rows, columns=["split", "series", "letter", "count", "bar"])


def slice_table(readings: pd.DataFrame, questions: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return accuracy and letters by split and slice: n is the questions with gold, letters count responses."""
    letters = [*letters_shown(readings), NONE]
    rows = []
    for split in readings["split"].unique():
        for name in SLICES[column]:
            part = questions[(questions["split"] == split) & (questions[column] == name)]
            answers = readings["answer"][(readings["split"] == split) & (readings[column] == name)]
            correct, n = int((part["outcome"] == "correct").sum()), int(part["has_gold"].sum())
            low, high = wilson_interval(correct, n)
            counts = zip(letters, letter_counts(answers, letters).astype(int), strict=True)
            shares = {"accuracy": correct / n if n else None, "low": low, "high": high}
            rows.append({"split": split, "slice": name, "n": n, "correct": correct, **shares, **dict(counts)})
    columns = ["split", "slice", "n", "correct", "accuracy", "low", "high", *letters]
    return pd.DataFrame(rows, columns=columns).astype({"accuracy": float, "low": float, "high": float})


def outcome_table(readings: pd.DataFrame, questions: pd.DataFrame) -> pd.DataFrame:
    """Count each outcome of each split, over questions and over rows (responses)."""
    rows = [
        {
            "split": split,
            "outcome": outcome,
            "questions": int(((questions["split"] == split) & (questions["outcome"] == outcome)).sum()),
            "rows": int(((readings["split"] == split) & (readings["outcome"] == outcome)).sum()),
        }
        for split in readings["split"].unique()
        for outcome in OUTCOMES
    ]
    return pd.DataFrame(rows, columns=["split", "outcome", "questions", "rows"])


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a CSV file with a header, six decimals and LF line ends, whole or not at all."""
    with replacing(path) as unfinished:
        table.to_csv(unfinished, index=False, float_format="%.6f", lineterminator="\n", encoding="utf-8")


def printable(text: str) -> str:
    """Show control characters as pictures of themselves: a lone CR ends a CSV row, an ESC commands a terminal."""
    return re.sub("\r\n?", "\n", text).translate(CONTROL_PICTURES)


def _text_of(response: Response) -> str:
    """Return what the teacher said, or why it said nothing."""
    return response.content or (f"[{response.error}]" if response.error else "")
