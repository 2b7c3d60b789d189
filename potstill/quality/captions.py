"""The report's figures in words, for those who do not see them."""

from collections.abc import Mapping, Sequence

import pandas as pd

from potstill.core.distributions import Counts
from potstill.core.wording import format_count, format_interval, format_percent
from potstill.quality.calibration import Bin
from potstill.quality.slices import SLICES
from potstill.quality.statistics import NONE, comparable, compared_counts, letter_counts, letters_shown

MOST_PAIRS = 5


def describe_figure(name: str, readings: pd.DataFrame, tables: Mapping[str, pd.DataFrame], split: str) -> str:
    """Return what a figure of one split shows."""
    shown = letters_shown(readings)
    match name:
        case "answers_per_letter":
            return f"Bars: rows by letter answered. {_describe_counts(readings['answer'], [*shown, NONE])}."
        case "actual_against_expected":
            return f"Grouped bars: {_describe_shares(comparable(readings), shown)}."
        case "confusion":
            return f"Matrix: rows by gold and letter answered. Most frequent: {_describe_pairs(readings)}."
        case "accuracy_by_slice":
            return f"Points with intervals: accuracy by slice. {_describe_slices(tables, split)}."
        case "answer_by_type":
            return (
                f"Heat map: letters answered by type of question. {_describe_rows(readings, 'question_type', shown)}."
            )
        case _:
            return f"Heat map: letters answered by length. {_describe_rows(readings, 'length_band', shown)}."


def _describe_counts(letters: "pd.Series[str]", shown: list[str]) -> str:
    """Return how often each letter comes; those that never do are left out."""
    counts = zip(shown, letter_counts(letters, shown), strict=True)
    return ", ".join(f"{letter} {count:,.0f}" for letter, count in counts if count) or "no letters"


def _describe_rows(readings: pd.DataFrame, column: str, shown: list[str]) -> str:
    """Return the letters read in each of a column's slices that has rows."""
    parts = [(name, readings["answer"][readings[column] == name]) for name in SLICES[column]]
    return "; ".join(f"{name}: {_describe_counts(part, shown)}" for name, part in parts if len(part)) or "no rows"


def _describe_shares(used: pd.DataFrame, shown: list[str]) -> str:
    """Return the shares of each letter in what is compared: answers, gold where there is some, and a uniform choice."""
    if not len(used):
        return "no letter was read"
    series = compared_counts(used, shown)
    subset = "a letter and gold" if "gold" in series else "a letter; none of them has gold"
    sentences = [f"shares of the {format_count(len(used), 'row')} with {subset}"]
    for name, counts in series.items():
        shares = zip(shown, counts / counts.sum(), strict=True)
        letters = ", ".join(f"{letter} {format_percent(share, len(used))}" for letter, share in shares if share)
        sentences.append(f"{name.title()}: {letters}")
    return ". ".join(sentences)


def _describe_pairs(readings: pd.DataFrame) -> str:
    """Return the most frequent pairs of gold and letter answered."""
    pairs = readings.groupby(["gold", "answer"], observed=True, sort=True).size()
    frequent = pairs.sort_values(ascending=False, kind="stable").head(MOST_PAIRS).reset_index(name="rows")
    rows = frequent[["gold", "answer", "rows"]].to_numpy().tolist()
    return "; ".join(f"gold {gold}, answer {answer}: {count:,}" for gold, answer, count in rows) or "no rows"


def _describe_slices(tables: Mapping[str, pd.DataFrame], split: str) -> str:
    """Return the accuracy and interval of each slice that has rows with gold."""
    slices = pd.concat([tables[name] for name in ("by_type", "by_length", "by_letter")])
    slices = slices[(slices["split"] == split) & (slices["n"] > 0)]
    return (
        ", ".join(
            f"{row['slice']} {format_percent(row['accuracy'], row['n'])} "
            f"({format_interval(row['low'], row['high'], row['n'])})"
            for row in slices.to_dict("records")
        )
        or "no rows with gold"
    )


def describe_series(series: Mapping[str, Counts], letters: Sequence[str]) -> str:
    """Return the share of each letter by each method, and in gold."""
    sentences = []
    for name, counts in series.items():
        shares = zip(letters, counts / max(1, counts.sum()), strict=True)
        listed = ", ".join(f"{letter} {format_percent(share)}" for letter, share in shares)
        sentences.append(f"{name}: {listed or 'no letters'}")
    return f"Grouped bars: shares of the letters in the original order. {'. '.join(sentences)}."


def describe_bins(method: str, bins: Sequence[Bin]) -> str:
    """Return the accuracy of each bin of confidence."""
    listed = ", ".join(
        f"{format_interval(one.low, one.high)}: {format_percent(one.accuracy)} of {one.n:,}" for one in bins
    )
    return f"Bars: accuracy of {method}'s answers by confidence. {listed or 'No answer with gold'}."


def describe_curves(curves: Mapping[str, pd.DataFrame]) -> str:
    """Return where each method's curve begins and ends."""
    listed = "; ".join(
        f"{name}: {format_percent(curve['accuracy'].iloc[0])} at {format_percent(curve['coverage'].iloc[0])}, "
        f"{format_percent(curve['accuracy'].iloc[-1])} at {format_percent(curve['coverage'].iloc[-1])}"
        for name, curve in curves.items()
    )
    return f"Lines: accuracy by coverage, the most confident answers first. {listed or 'No answer with gold'}."
