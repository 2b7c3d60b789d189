"""The table of tests: what in the answers is more than chance. One family of p values, over all splits.

Each test takes each rotation of a question once (statistics.without_repeats), or each question once.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from stages.quality.slices import SLICES
from stages.quality.statistics import (
    NONE,
    Counts,
    comparable,
    compared_counts,
    confusion_counts,
    cross_counts,
    goodness_of_fit,
    guessing_accuracy,
    letters_shown,
    recall_deviation,
    total_variation,
    without_repeats,
)

SMALL_CELL = 5  # the expected count below which Cochran (1954) calls the chi-square approximation too rough
RESAMPLES = 9999
COLUMNS = ("split", "test", "n", "effect", "size", "p", "p_adjusted", "method")


class Tested(NamedTuple):
    """A test's number of rows, what it measures and how much of it there is, its p value, and where that is from."""

    n: int
    effect: str
    size: float | None
    p: float | None
    method: str


Frame = pd.DataFrame


def list_tests(splits: Mapping[str, tuple[Frame, Frame]]) -> Frame:
    """Return COLUMNS: every test of each split's readings and questions, with Benjamini and Hochberg's p besides."""
    rows = [
        (split, name, *test(readings, questions))
        for split, (readings, questions) in splits.items()
        for name, test in TESTS.items()
    ]
    table = pd.DataFrame(rows, columns=["split", "test", *Tested._fields]).astype({"size": float, "p": float})
    return table.assign(p_adjusted=adjust(table["p"].to_numpy()))[list(COLUMNS)]


def adjust(p_values: Counts) -> Counts:
    """Return p values that control the false discovery rate (Benjamini and Hochberg 1995); NaN stays NaN."""
    adjusted = np.full(len(p_values), np.nan)
    known = ~np.isnan(p_values)
    if known.any():
        adjusted[known] = stats.false_discovery_control(p_values[known], method="bh")
    return adjusted


def cramers_v(table: Counts) -> float | None:
    """Return Cramer's V of a table of counts: 0 no association, 1 complete (Cramer 1946); None for a single row."""
    table = _used(table)
    return float(stats.contingency.association(table.astype(int), method="cramer")) if min(table.shape) > 1 else None


def independence(table: Counts) -> tuple[float | None, str]:
    """Return the p value of Pearson's test of a table of counts for independence, and how it was found.

    Where an expected count is below SMALL_CELL, chi-square is compared with that of random tables with the same sums
    of rows and columns, which is what permuting one of the two variables gives.
    """
    table = _used(table)
    if min(table.shape) < 2:  # noqa: PLR2004 (one row or column cannot depend on another)
        return None, "no test"
    if stats.contingency.expected_freq(table).min() >= SMALL_CELL:
        return float(stats.chi2_contingency(table, correction=False).pvalue), "chi-square"
    drawn = stats.MonteCarloMethod(n_resamples=RESAMPLES, rng=np.random.default_rng(0))
    return float(stats.chi2_contingency(table.astype(int), correction=False, method=drawn).pvalue), "permutation"


def _used(table: Counts) -> Counts:
    """Leave out the rows and columns that count nothing."""
    return np.asarray(table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0])


def _letters_against(reference: str) -> Callable[[Frame, Frame], Tested]:
    """Make the test of the letters answered against gold's or a uniform choice's."""

    def test(readings: Frame, _: Frame) -> Tested:
        used = without_repeats(comparable(readings))
        counts = compared_counts(used, letters_shown(used))
        if reference not in counts or not len(used):
            return Tested(0, "total variation", None, None, "no test")
        pair = counts["answered"], counts[reference]
        return Tested(len(used), "total variation", total_variation(*pair), goodness_of_fit(*pair), "chi-square")

    return test


def _recall_by_letter(readings: Frame, _: Frame) -> Tested:
    """Test whether some gold letters are recalled more often than others."""
    used = without_repeats(readings[readings["gold"] != NONE])
    letters = letters_shown(used)
    right = cross_counts(used["gold"], used["outcome"] == "correct", letters, [True, False])
    return Tested(len(used), "RStd", recall_deviation(confusion_counts(used, letters)), *independence(right))


def _answer_by(column: str) -> Callable[[Frame, Frame], Tested]:
    """Make the test of the letters answered against a slice of the questions."""

    def test(readings: Frame, _: Frame) -> Tested:
        used = without_repeats(readings[readings["answer"] != NONE])
        table = cross_counts(used[column], used["answer"], SLICES[column], letters_shown(used))
        return Tested(len(used), "Cramer's V", cramers_v(table), *independence(table))

    return test


def _accuracy_by(column: str) -> Callable[[Frame, Frame], Tested]:
    """Make the test of whether questions of one slice are answered rightly more often than of another."""

    def test(_: Frame, questions: Frame) -> Tested:
        used = questions[questions["gold"] != NONE]
        table = cross_counts(used[column], used["outcome"] == "correct", SLICES[column], [True, False])
        return Tested(len(used), "Cramer's V", cramers_v(table), *independence(table))

    return test


def _beats(baseline: Callable[[Frame], float | None]) -> Callable[[Frame, Frame], Tested]:
    """Make the one-sided exact binomial test of whether accuracy is above a baseline (Clopper and Pearson 1934).

    Where questions differ in their number of choices, guesses vary less than their mean's binomial, so the test is
    careful.
    """

    def test(_: Frame, questions: Frame) -> Tested:
        used = questions[questions["gold"] != NONE]
        expected = baseline(used)
        if expected is None:
            return Tested(0, "accuracy above it", None, None, "no test")
        correct = int((used["outcome"] == "correct").sum())
        p = float(stats.binomtest(correct, len(used), expected, alternative="greater").pvalue)
        return Tested(len(used), "accuracy above it", correct / len(used) - expected, p, "binomial")

    return test


def majority_share(questions: Frame) -> float | None:
    """Return the share of the most frequent gold letter in the original order: the accuracy of always answering it."""
    gold = questions["gold"][questions["gold"] != NONE]
    return float(gold.value_counts(normalize=True).max()) if len(gold) else None


TESTS: Mapping[str, Callable[[Frame, Frame], Tested]] = {
    "accuracy above guessing": _beats(guessing_accuracy),
    "accuracy above the majority letter": _beats(majority_share),
    "letters answered against gold": _letters_against("gold"),
    "letters answered against a uniform choice": _letters_against("uniform"),
    "recall by gold letter": _recall_by_letter,
    "letter answered by question type": _answer_by("question_type"),
    "letter answered by length": _answer_by("length_band"),
    "accuracy by question type": _accuracy_by("question_type"),
    "accuracy by length": _accuracy_by("length_band"),
}
