"""Tests and intervals of students that answered the same questions, over several seeds. Pure functions.

A question is the unit: answers of several seeds to it are no new evidence about questions. So a p value and an interval
hold for these students and questions like these; what another seed would give, the seeds themselves show.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import stats

from potstill.core.distributions import Counts
from potstill.core.intervals import Z_95


def sign_flip_p(differences: Sequence[int]) -> float:
    """Return the exact two-sided p value of two answerers being right equally often on the same questions.

    A question's difference is, summed over the seeds, 1 where the first alone is right, -1 where the second alone is.
    If the two are exchangeable, each difference might as well have the other sign (the paired randomization test of
    Fisher, The Design of Experiments, 1935, section 21); p is the share of all ways to choose the signs whose sum is
    as far from 0. The sums are counted by size, not one by one (Pagano and Tritchler, "On obtaining permutation
    distributions in polynomial time", JASA 78 (1983), 435-440). Of one seed it is McNemar's exact test.
    """
    sums = np.ones(1)  # the chance of each sum, from the least to the greatest
    for size, count in Counter(abs(one) for one in differences if one).items():
        sums = np.convolve(sums, _spread_signs(size, count))
    distance = np.abs(np.arange(len(sums)) - len(sums) // 2)
    return min(1.0, float(sums[distance >= abs(sum(differences))].sum()))


def _spread_signs(size: int, count: int) -> Counts:
    """Return the chance of each sum of `count` numbers that are `size` or -`size`, as likely as each other."""
    chances = np.zeros(2 * size * count + 1)
    chances[:: 2 * size] = stats.binom.pmf(np.arange(count + 1), count, 0.5)
    return chances


def mean_difference_interval(differences: Sequence[int], seeds: int) -> tuple[float, float]:
    """Return the 95 % interval of the mean difference in accuracy, given a question's differences summed over seeds.

    The mean and 1.96 standard errors to each side, questions being the sample (central limit theorem; Miller, "Adding
    Error Bars to Evals", arXiv:2411.00640, 2024, sections 2.2 and 4.2). Of sums of what one answerer has right, it is
    its mean accuracy's. Fewer than two questions tell nothing: -1 to 1.
    """
    means = np.array(differences) / seeds
    if len(means) < 2:  # noqa: PLR2004 (a spread takes two)
        return -1.0, 1.0
    half = Z_95 * float(means.std(ddof=1)) / len(means) ** 0.5
    return max(-1.0, float(means.mean()) - half), min(1.0, float(means.mean()) + half)
