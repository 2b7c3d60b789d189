"""The statistics of a pair of variants over the same questions. Pure functions of counts."""

from collections.abc import Sequence
from math import ceil, sqrt
from typing import NamedTuple

from scipy import special

from potstill.core.intervals import wilson_interval

SIGNIFICANCE, POWER = 0.05, 0.8


class PairCounts(NamedTuple):
    """How many questions both variants of a pair answer rightly, only the first, only the second, and neither."""

    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def total(self) -> int:
        """All questions of the pair."""
        return sum(self)

    @property
    def discordant(self) -> int:
        """The questions that one of the two answers rightly."""
        return self.first_only + self.second_only

    @property
    def difference(self) -> float:
        """The second's accuracy less the first's, -1 to 1."""
        return (self.second_only - self.first_only) / self.total


def difference_interval(counts: PairCounts) -> tuple[float, float]:
    """Return the 95 % interval of the difference, second less first, of one or more questions.

    The hybrid of two Wilson intervals with a correlation that is corrected for continuity: method 10 of Newcombe,
    "Improved confidence intervals for the difference between binomial proportions based on paired data", Statistics
    in Medicine 17 (1998), 2635-2650.
    """
    n = counts.total
    first, second = counts.both + counts.first_only, counts.both + counts.second_only
    (low1, high1), (low2, high2) = (_distances(right, n) for right in (first, second))
    phi = _correlation(counts)
    below = sqrt(max(low2**2 - 2 * phi * low2 * high1 + high1**2, 0))
    above = sqrt(max(high2**2 - 2 * phi * high2 * low1 + low1**2, 0))
    return counts.difference - below, counts.difference + above


def _distances(right: int, total: int) -> tuple[float, float]:
    """Return how far the ends of the Wilson interval are from the share that it is of."""
    low, high = wilson_interval(right, total)
    return right / total - (low or 0), (high or 0) - right / total


def _correlation(counts: PairCounts) -> float:
    """Return Newcombe's phi: where it is positive, half the total is taken from its numerator; 0 where undefined."""
    both, first, second, neither = counts
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if margins == 0:
        return 0.0
    product = both * neither - first * second
    return (max(product - counts.total / 2, 0) if product > 0 else product) / sqrt(margins)


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """Return p values that hold for all of them together, in the same order (Holm 1979)."""
    adjusted, highest = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def questions_needed(discordant_share: float, difference: float, pairs: int = 1) -> int:
    """Return the number of questions that shows a difference of accuracies with POWER at SIGNIFICANCE, two-sided.

    Of several pairs, at the least level that Holm gives one.

    By McNemar's test, where so large a share of the questions is answered rightly by one of the two alone: Connor,
    "Sample size for testing differences in proportions for the paired-sample design", Biometrics 43 (1987), 207-211,
    after Miettinen, Biometrics 24 (1968), 339-352. A share below the difference, which cannot be, counts as that.
    """
    share = max(discordant_share, difference)
    alpha, beta = float(special.ndtri(1 - SIGNIFICANCE / pairs / 2)), float(special.ndtri(POWER))
    return ceil((alpha * sqrt(share) + beta * sqrt(share - difference**2)) ** 2 / difference**2)
