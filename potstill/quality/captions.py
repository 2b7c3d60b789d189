"""The report's figures in words, for those who do not see them."""

from collections.abc import Mapping

import pandas as pd

from potstill.quality.slices import SLICES
from potstill.quality.statistics import NONE, comparable, compared_counts, letter_counts, letters_shown
from potstill.quality.verdicts import counted, interval, percent

MOST_PAIRS = 5


def describe_figure(name: str, readings: pd.DataFrame, tables: Mapping[str, pd.DataFrame], split: str) -> str:
    """Say in words what a figure of one split shows."""
    shown = letters_shown(readings)
    match name:
        case "answers_per_letter":
            return f"Bars: rows by letter answered. {_counts_in_words(readings['answer'], [*shown, NONE])}."
        case "actual_against_expected":
            return f"Grouped bars: {_compare_in_words(comparable(readings), shown)}."
        case "confusion":
            return f"Matrix: rows by gold and letter answered. Most frequent: {_pairs_in_words(readings)}."
        case "accuracy_by_slice":
            return f"Points with intervals: accuracy by slice. {_slices_in_words(tables, split)}."
        case _:
            column, by = (
                ("question_type", "type of question") if name == "answer_by_type" else ("length_band", "length")
            )
            parts = [(name, readings["answer"][readings[column] == name]) for name in SLICES[column]]
            told = "; ".join(f"{name}: {_counts_in_words(part, shown)}" for name, part in parts if len(part))
            return f"Heat map: letters answered by {by}. {told or 'no rows'}."


def _pairs_in_words(readings: pd.DataFrame) -> str:
    """Write the most frequent pairs of gold and letter answered."""
    pairs = readings.groupby(["gold", "answer"], observed=True, sort=True).size()
    frequent = pairs.sort_values(ascending=False, kind="stable").head(MOST_PAIRS).reset_index(name="rows")
    told = [
        f"gold {gold}, answer {answer}: {rows}"
        for gold, answer, rows in frequent[["gold", "answer", "rows"]].to_numpy().tolist()
    ]
    return "; ".join(told) or "no rows"


def _slices_in_words(tables: Mapping[str, pd.DataFrame], split: str) -> str:
    """Write the accuracy and interval of each slice that has rows with gold."""
    told = []
    for name in ("by_type", "by_length", "by_letter"):
        table = tables[name]
        known = table[(table["split"] == split) & (table["n"] > 0)]
        for slice_name, accuracy, low, high in known[["slice", "accuracy", "low", "high"]].to_numpy().tolist():
            told.append(f"{slice_name} {percent(accuracy)} ({interval(low, high)})")
    return ", ".join(told) or "no rows with gold"


def _compare_in_words(used: pd.DataFrame, shown: list[str]) -> str:
    """Write the shares of each letter in what is compared: answers, gold where there is some, and a uniform choice."""
    if not len(used):
        return "no letter was read"
    series = compared_counts(used, shown)
    having = "a letter and gold" if "gold" in series else "a letter; none of them has gold"
    told = [f"shares of the {counted(len(used), 'row')} with {having}"]
    for name, counts in series.items():
        shares = zip(shown, counts / counts.sum(), strict=True)
        told.append(f"{name.title()}: " + ", ".join(f"{letter} {percent(share)}" for letter, share in shares if share))
    return ". ".join(told)


def _counts_in_words(letters: "pd.Series[str]", shown: list[str]) -> str:
    """Write how often each letter comes, those that never do left out."""
    counts = zip(shown, letter_counts(letters, shown), strict=True)
    return ", ".join(f"{letter} {count:.0f}" for letter, count in counts if count) or "no letters"
