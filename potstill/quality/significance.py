"""The table of tests: what in the answers is more than chance. One family of p values, over all splits.

Each test takes each question once (statistics.once_each).
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from potstill.core.distributions import NO_TEST, Counts, cramers_v, independence, total_variation
from potstill.quality.slices import SLICES
from potstill.quality.statistics import (
    NONE,
    confusion_counts,
    cross_counts,
    gold_test,
    guessing_accuracy,
    letter_counts,
    letters_shown,
    once_each,
    recall_deviation,
    uniform_counts,
    uniform_test,
)

RECALL_TEST = "recall by gold letter"
COLUMNS = ("split", "test", "n", "effect", "size", "p", "p_adjusted", "method")


class Finding(NamedTuple):
    """A test's number of rows, what it measures and how much of it there is, its p value, and where that is from."""

    n: int
    effect: str
    size: float | None
    p: float | None
    method: str


Frame = pd.DataFrame
Test = Callable[[Frame, Frame], Finding]  # of a split's readings and questions


def list_tests(splits: Mapping[str, tuple[Frame, Frame]]) -> Frame:
    """Return COLUMNS: every test of each split's readings and questions, with Benjamini and Hochberg's p besides."""
    rows = [
        (split, name, *test(readings, questions))
        for split, (readings, questions) in splits.items()
        for name, test in TESTS.items()
    ]
    table = pd.DataFrame(rows, columns=["split", "test", *Finding._fields]).astype({"size": float, "p": float})
    return table.assign(p_adjusted=adjust(table["p"].to_numpy()))[list(COLUMNS)]


def adjust(p_values: Counts) -> Counts:
    """Return p values that control the false discovery rate (Benjamini and Hochberg 1995); NaN stays NaN."""
    adjusted = np.full(len(p_values), np.nan)
    known = ~np.isnan(p_values)
    if known.any():
        adjusted[known] = stats.false_discovery_control(p_values[known], method="bh")
    return adjusted


def _letters_against_gold(readings: Frame, _: Frame) -> Finding:
    """Test the letters answered against gold's, over responses that have both."""
    used = once_each(readings[(readings["answer"] != NONE) & (readings["gold"] != NONE)])
    letters = letters_shown(used)
    distance = total_variation(letter_counts(used["answer"], letters), letter_counts(used["gold"], letters))
    return Finding(len(used), "total variation", distance, *gold_test(used))


def _letters_against_uniform(readings: Frame, _: Frame) -> Finding:
    """Test the letters answered against a uniform choice's; gold is not needed."""
    used = once_each(readings[readings["answer"] != NONE])
    letters = letters_shown(used)
    distance = total_variation(letter_counts(used["answer"], letters), uniform_counts(used, letters))
    return Finding(len(used), "total variation", distance, *uniform_test(used))


def _recall_by_letter(readings: Frame, _: Frame) -> Finding:
    """Test whether some gold letters are recalled more often than others."""
    used = once_each(readings[readings["gold"] != NONE])
    letters = letters_shown(used)
    right = cross_counts(used["gold"], used["outcome"] == "correct", letters, [True, False])
    return Finding(len(used), "RStd", recall_deviation(confusion_counts(used, letters)), *independence(right))


def _answer_by(column: str, readings: Frame, _: Frame) -> Finding:
    """Test the letters answered against a slice of the questions."""
    used = once_each(readings[readings["answer"] != NONE])
    table = cross_counts(used[column], used["answer"], SLICES[column], letters_shown(used))
    return Finding(len(used), "Cramer's V", cramers_v(table), *independence(table))


def _accuracy_by(column: str, _: Frame, questions: Frame) -> Finding:
    """Test whether questions of one slice are answered rightly more often than of another."""
    used = questions[questions["gold"] != NONE]
    table = cross_counts(used[column], used["outcome"] == "correct", SLICES[column], [True, False])
    return Finding(len(used), "Cramer's V", cramers_v(table), *independence(table))


def _accuracy_above(baseline: Callable[[Frame], float | None], _: Frame, questions: Frame) -> Finding:
    """Test whether accuracy is above a baseline, one-sided, exact, binomial (Clopper and Pearson 1934).

    Where questions differ in their number of choices, guesses vary less than their mean's binomial, so the test is
    careful.
    """
    used = questions[questions["gold"] != NONE]
    expected = baseline(used)
    if expected is None:
        return Finding(0, "accuracy above it", None, None, NO_TEST)
    correct = int((used["outcome"] == "correct").sum())
    p = float(stats.binomtest(correct, len(used), expected, alternative="greater").pvalue)
    return Finding(len(used), "accuracy above it", correct / len(used) - expected, p, "binomial")


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p value of two answerers being right equally often on the same questions.

    By the questions that one of the two alone has right: McNemar 1947, with the binomial distribution for the
    chi-square.
    """
    differing = only_first + only_second
    return float(stats.binomtest(only_first, differing).pvalue) if differing else 1.0


def majority_share(questions: Frame) -> float | None:
    """Return the share of the most frequent gold letter in the original order: the accuracy of always answering it."""
    gold = questions["gold"][questions["gold"] != NONE]
    return float(gold.value_counts(normalize=True).max()) if len(gold) else None


TESTS: Mapping[str, Test] = {
    "accuracy above guessing": partial(_accuracy_above, guessing_accuracy),
    "accuracy above the majority letter": partial(_accuracy_above, majority_share),
    "letters answered against gold": _letters_against_gold,
    "letters answered against a uniform choice": _letters_against_uniform,
    RECALL_TEST: _recall_by_letter,
    "letter answered by question type": partial(_answer_by, "question_type"),
    "letter answered by length": partial(_answer_by, "length_band"),
    "accuracy by question type": partial(_accuracy_by, "question_type"),
    "accuracy by length": partial(_accuracy_by, "length_band"),
}
