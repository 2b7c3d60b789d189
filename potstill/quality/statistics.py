"""The numbers of the report: pure functions of counts and of the frames that frames.py makes. None where undefined.

`readings` has a row for each response and `questions` one for each question; "none" stands where there is no letter.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import comb, factorial
from typing import Any

import numpy as np
import pandas as pd
from numpy.polynomial import Polynomial

from potstill.core.distributions import (
    Counts,
    goodness_of_fit,
    marginal_homogeneity,
    round_number,
    round_p_value,
    total_variation,
)
from potstill.core.intervals import wilson_interval
from potstill.core.letters import LETTERS
from potstill.core.records import OUTCOMES

NONE = "none"


def recall_deviation(confusion: Counts) -> float | None:
    """Return RStd, the standard deviation of the recalls of the gold letters; None for fewer than two of them.

    Of k x (k + 1) counts (rows: gold). The last column counts the responses without a letter, which recall nothing:
    left out, they would hide a letter that is never recalled because it is never read.
    Zheng et al., "Large Language Models Are Not Robust Multiple Choice Selectors", ICLR 2024.
    """
    gold = confusion.sum(axis=1)
    recalls = np.diagonal(confusion)[gold > 0] / gold[gold > 0]
    return float(recalls.std()) if len(recalls) > 1 else None


def cohen_kappa(confusion: Counts) -> float | None:
    """Return Cohen's kappa of two raters' k x k counts: 1 agree, 0 as by chance (Cohen 1960).

    An unread response is an answer of its own, which agrees with no gold. None where there is nothing to compare, or
    where both always say the same one letter.
    """
    total = confusion.sum()
    if total == 0:
        return None
    by_chance = float(confusion.sum(axis=0) @ confusion.sum(axis=1)) / total**2
    return float((np.trace(confusion) / total - by_chance) / (1 - by_chance)) if by_chance < 1 else None


def letters_shown(readings: pd.DataFrame) -> list[str]:
    """Return the letters that any question showed."""
    return list(LETTERS[: int(readings["n_choices"].max())]) if len(readings) else []


def letter_counts(letters: "pd.Series[str]", shown: Sequence[str]) -> Counts:
    """Return the count of each of the k letters shown, in order; "none" is not counted unless it is among them."""
    return letters.value_counts().reindex(list(shown), fill_value=0).to_numpy().astype(np.float64)


def cross_counts(
    rows: "pd.Series[Any]", columns: "pd.Series[Any]", row_names: Sequence[Any], column_names: Sequence[Any]
) -> Counts:
    """Return the counts of each pair of values, in the order of the names; other values are not counted."""
    counted = pd.crosstab(rows, columns).reindex(index=list(row_names), columns=list(column_names), fill_value=0)
    return counted.to_numpy().astype(np.float64)


def confusion_counts(readings: pd.DataFrame, letters: Sequence[str]) -> Counts:
    """Return counts of responses by gold (k rows) and answer (k + 1 columns, "none" last), letters as shown."""
    return cross_counts(readings["gold"], readings["answer"], letters, [*letters, NONE])


def uniform_counts(readings: pd.DataFrame, shown: Sequence[str]) -> Counts:
    """Return how often each letter shown would come if each response took one of its own choices at random."""
    sizes = readings["n_choices"].to_numpy(dtype=float)
    return np.array([(1 / sizes[sizes > position]).sum() for position in range(len(shown))])


def comparable(readings: pd.DataFrame) -> pd.DataFrame:
    """Return the responses that have both a letter and gold or, where none has both, those that have a letter."""
    read = readings[readings["answer"] != NONE]
    both = read[read["gold"] != NONE]
    return both if len(both) else read


def once_each(readings: pd.DataFrame) -> pd.DataFrame:
    """Return the first response to each question: rotations and replicates of it are no new evidence.

    They share what the teacher makes of the question, and any difference would be significant if only asked often
    enough.
    """
    return readings.drop_duplicates("question")


def compared_counts(used: pd.DataFrame, shown: Sequence[str]) -> dict[str, Counts]:
    """Return counts of the k letters "answered", as "gold" if there is gold, and of a "uniform" choice."""
    gold = {"gold": letter_counts(used["gold"], shown)} if (used["gold"] != NONE).any() else {}
    return {"answered": letter_counts(used["answer"], shown), **gold, "uniform": uniform_counts(used, shown)}


def position_bias(readings: pd.DataFrame) -> dict[str, float | None]:
    """Return letters answered against gold, as shown, over the responses that have both; recall is of all with gold.

    chi2_p takes each question once: the letters against gold (gold_test) or, where no response has both, against a
    uniform choice (uniform_test).
    """
    used = comparable(readings)
    counts = compared_counts(used, letters_shown(used))
    if "gold" not in counts:
        chi2_p, _ = uniform_test(once_each(used))
        return {"chi2_p": round_p_value(chi2_p), "tv_distance": None, "recall_std": None}
    chi2_p, _ = gold_test(once_each(used))
    return {
        "chi2_p": round_p_value(chi2_p),
        "tv_distance": round_number(total_variation(counts["answered"], counts["gold"])),
        "recall_std": round_number(recall_deviation(confusion_counts(readings, letters_shown(readings)))),
    }


def gold_test(used: pd.DataFrame) -> tuple[float | None, str]:
    """Return p and method of whether letters are answered as often as they are gold, in rows that have both."""
    return marginal_homogeneity(confusion_counts(used, letters_shown(used))[:, :-1])


def uniform_test(used: pd.DataFrame) -> tuple[float | None, str]:
    """Return p and method of whether letters are answered as by a uniform choice of those shown, in rows with one."""
    shown = letters_shown(used)
    return goodness_of_fit(letter_counts(used["answer"], shown), uniform_counts(used, shown))


def guessing_accuracy(questions: pd.DataFrame) -> float | None:
    """Return the accuracy to expect of answering at random every request that votes, over questions with gold."""
    sizes = questions[["n_choices", "n_requests"]][questions["gold"] != NONE].value_counts()
    if not len(sizes):
        return None
    right = [rows * winning_chance(*map(int, size)) for size, rows in zip(sizes.index, sizes, strict=True)]
    return float(sum(right) / sizes.sum())


@lru_cache
def winning_chance(choices: int, votes: int) -> float:
    """Return the chance that one of the choices gets more of the random votes than any other alone; a tie is none.

    Counted by generating functions: n votes for `choices - 1` others with fewer than c each are n! times the
    coefficient of x^n in (1 + x + x^2/2! + ... + x^(c-1)/(c-1)!)^(choices - 1).
    """
    chance = 0.0
    for won in range(1, votes + 1):
        series = Polynomial([1 / factorial(count) for count in range(won)]) ** (choices - 1)
        others = votes - won
        coefficient = series.coef[others] if others < len(series.coef) else 0.0
        chance += comb(votes, won) * factorial(others) * coefficient
    return float(chance / choices**votes)


def split_metrics(readings: pd.DataFrame, questions: pd.DataFrame) -> dict[str, Any]:
    """Return every measure of one split, as reports/tables/measures.json holds them, but for its gates."""
    correct, judged = int((questions["outcome"] == "correct").sum()), int((questions["gold"] != NONE).sum())
    low, high = wilson_interval(correct, judged)
    outcomes = questions["outcome"].value_counts()
    letters = letters_shown(readings)
    return {
        "questions": len(questions),
        "accuracy": round_number(correct / judged) if judged else None,
        "accuracy_low": round_number(low),
        "accuracy_high": round_number(high),
        "answered_rate": round_number(float((readings["answer"] != NONE).mean())) if len(readings) else None,
        "outcomes": {outcome: int(outcomes.get(outcome, 0)) for outcome in OUTCOMES},
        "position_bias": position_bias(readings),
        "agreement": mean_of(questions["agreement"]),
        "flip_rate": mean_of(questions["flip_rate"]),
        "letter_mass_outside": mean_of(questions["mass_outside"]),
        "kappa": round_number(cohen_kappa(np.pad(confusion_counts(readings, letters), ((0, 1), (0, 0))))),
    }


def mean_of(numbers: "pd.Series[float]") -> float | None:
    """Return the mean of the numbers there are; None where there is none."""
    known = numbers.dropna()
    return round_number(float(known.mean())) if len(known) else None
