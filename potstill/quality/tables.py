"""The report's tables: from frames to frames, and to the CSV files that `dvc plots` and people read."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from potstill.core.intervals import wilson_interval
from potstill.core.records import OUTCOMES, replacing
from potstill.quality.frames import Frames
from potstill.quality.significance import list_tests
from potstill.quality.slices import SLICES
from potstill.quality.statistics import NONE, letter_counts, letters_shown

FILES = {"question_type": "by_type", "length_band": "by_length", "gold": "by_letter", "concept": "by_concept"}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def make_tables(frames: Frames) -> dict[str, pd.DataFrame]:
    """Return every table by the name of its file."""
    return {
        "letters": letter_table(frames),
        **{FILES[column]: slice_table(frames, column) for column in FILES},
        "outcomes": outcome_table(frames),
        "tests": list_tests(frames.splits),
    }


def letter_table(frames: Frames) -> pd.DataFrame:
    """Return counts of letters in the long format (split, series, letter, count, bar); "none" where there is one.

    `bar` names the three together: DVC's bar plots can neither filter nor group, and would add up what shares a name.
    """
    rows = []
    for split, (readings, _) in frames.splits.items():
        letters = [*letters_shown(readings), NONE]
        for series, column in (("answered", "answer"), ("gold", "gold")):
            for letter, count in zip(letters, letter_counts(readings[column], letters), strict=True):
                if letter != NONE or count:
                    rows.append((split, series, letter, int(count), f"{split} {letter} {series}"))
    return pd.DataFrame(rows, columns=["split", "series", "letter", "count", "bar"])


def slice_table(frames: Frames, column: str) -> pd.DataFrame:
    """Return accuracy, its Wilson interval, and the letters read, by split and slice; n counts what has gold.

    Of a gold letter, as shown, accuracy is its recall and n counts responses; of other slices n counts questions.
    Letters count responses. `bar` names split and slice together, for DVC's bar plots.
    """
    letters = [*letters_shown(frames.readings), NONE]
    tables = [_slice_split(split, *frames.of_split(split), column, letters) for split in frames.splits]
    columns = ["split", "slice", "n", "correct", "accuracy", "low", "high", *letters, "bar"]
    table = pd.concat([pd.DataFrame(columns=columns), *tables])
    kinds = {"accuracy": float, "low": float, "high": float, "n": int, "correct": int, **dict.fromkeys(letters, int)}
    return table[columns].astype(kinds).reset_index(drop=True)


def _slice_split(
    split: str, readings: pd.DataFrame, questions: pd.DataFrame, column: str, letters: list[str]
) -> pd.DataFrame:
    """Return the slices of one split; those of no fixed list by falling n."""
    judged = readings if column == "gold" else questions
    with_gold = judged[judged["gold"] != NONE]
    names = _slice_names(with_gold, column, letters)
    n = with_gold[column].value_counts().reindex(names, fill_value=0)
    correct = with_gold[column][with_gold["outcome"] == "correct"].value_counts().reindex(names, fill_value=0)
    bounds = np.array([wilson_interval(*pair) for pair in zip(correct, n, strict=True)], dtype=float).reshape(-1, 2)
    read = pd.crosstab(readings[column], readings["answer"]).reindex(index=names, columns=letters, fill_value=0)
    table = pd.DataFrame({"split": split, "slice": names, "n": n.to_numpy(), "correct": correct.to_numpy()})
    table = table.assign(
        accuracy=table["correct"] / table["n"].where(table["n"] > 0),
        low=bounds[:, 0],
        high=bounds[:, 1],
        bar=[f"{split} {name}" for name in names],
    )
    return pd.concat([table, read.reset_index(drop=True)], axis=1)


def _slice_names(with_gold: pd.DataFrame, column: str, letters: Sequence[str]) -> list[str]:
    """Return a column's slices in their order: the fixed list, the letters, or the most frequent first."""
    if column in SLICES:
        return list(SLICES[column])
    if column == "gold":
        return [letter for letter in letters if letter != NONE]
    counts = with_gold[column].value_counts()
    named = [(str(name), count) for name, count in counts.items() if count and name != NONE]
    return [name for name, _ in sorted(named, key=lambda one: (-one[1], one[0]))]


def outcome_table(frames: Frames) -> pd.DataFrame:
    """Return the count of each outcome of each split, over questions and over rows (responses)."""
    rows = [
        (split, outcome, int((questions["outcome"] == outcome).sum()), int((readings["outcome"] == outcome).sum()))
        for split, (readings, questions) in frames.splits.items()
        for outcome in OUTCOMES
    ]
    return pd.DataFrame(rows, columns=["split", "outcome", "questions", "rows"])


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a CSV file with a header, six decimals (p values six digits) and LF line ends, whole or not at all.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    p_values = [name for name in ("p", "p_adjusted") if name in table]  # of which six decimals may be but noughts
    texts = table.columns.difference([*table.select_dtypes("number"), *p_values], sort=False)
    written = table.assign(
        **{name: table[name].map("{:.6g}".format, na_action="ignore") for name in p_values},
        **{name: table[name].map(_escape_formula, na_action="ignore") for name in texts},
    )
    with replacing(path) as unfinished:
        written.to_csv(unfinished, index=False, float_format="%.6f", lineterminator="\n", encoding="utf-8")


@contextmanager
def listing_rows(path: Path, columns: Sequence[str]) -> Iterator[Callable[[Sequence[object]], object]]:
    """Yield what writes a row of a CSV file with a header, as `write_table` would, without holding them all."""
    with replacing(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        yield lambda row: writer.writerow([_escape_formula(one) if isinstance(one, str) else one for one in row])


def _escape_formula(text: str) -> str:
    """Return a text that no spreadsheet computes."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
