"""Counts of letters: how far apart they are, and tests of whether by chance. Pure; each p value comes with its method.

Where cells are small, a p value is the share of what chance draws, in the same way in every run.
"""

import numpy as np
import numpy.typing as npt
from scipy import stats

SMALL_CELL = 5  # the expected count below which Cochran (1954) calls the chi-square approximation too rough
RESAMPLES = 9999
ROUNDING = 1e-9
DECIMALS = 6
NO_TEST = "no test"

Counts = npt.NDArray[np.float64]


def total_variation(first: Counts, second: Counts) -> float | None:
    """Return half the summed difference of the shares in two vectors of k counts: 0 alike, 1 disjoint."""
    if first.sum() == 0 or second.sum() == 0:
        return None
    return float(np.abs(first / first.sum() - second / second.sum()).sum() / 2)


def goodness_of_fit(observed: Counts, reference: Counts) -> tuple[float | None, str]:
    """Return the p value of Pearson's chi-square test of k counts against known shares (Pearson 1900), and the method.

    Where a count below SMALL_CELL is expected, the p value is the share of RESAMPLES samples of the reference that lie
    as far from it: scipy's chi-square distribution is too rough there (Cochran 1954).
    """
    observed, reference = observed[reference > 0], reference[reference > 0]
    if observed.sum() == 0 or len(reference) < 2:  # noqa: PLR2004 (one letter alone cannot be uneven)
        return None, NO_TEST
    shares = reference / reference.sum()
    expected = shares * observed.sum()
    if expected.min() >= SMALL_CELL:
        return float(stats.chisquare(observed, expected).pvalue), "chi-square"
    drawn = np.random.default_rng(0).multinomial(int(observed.sum()), shares, RESAMPLES)
    return _share_as_far(((observed - expected) ** 2 / expected).sum(), ((drawn - expected) ** 2 / expected).sum(1))


def marginal_homogeneity(table: Counts) -> tuple[float | None, str]:
    """Return the p value of the test that k x k counts of pairs have equal sums of rows and columns, and the method.

    Stuart 1955 and Maxwell 1970. Answers and gold come in pairs, and gold is a sample as well: held against gold's
    shares as if those were known, letters answered at random would be found uneven in a quarter of all samples. Where
    a letter has fewer than 2 x SMALL_CELL answers that disagree, the p value is that of pairs swapped at random.
    """
    disagree = table.sum(0) + table.sum(1) - 2 * np.diag(table) > 0
    table = table[np.ix_(disagree, disagree)]
    if not len(table):
        return None, NO_TEST
    pairs = table + table.T
    variance = np.diag(pairs.sum(1)) - pairs  # the diagonal falls out
    inverse = np.linalg.pinv(variance)
    difference = table.sum(1) - table.sum(0)
    statistic = float(difference @ inverse @ difference)
    if (pairs.sum(1) - np.diag(pairs)).min() >= 2 * SMALL_CELL:
        return float(stats.chi2.sf(statistic, np.linalg.matrix_rank(variance))), "Stuart-Maxwell"
    swapped = _swap_pairs(pairs)
    return _share_as_far(statistic, np.einsum("ni,ij,nj->n", swapped, inverse, swapped))


def _swap_pairs(pairs: Counts) -> Counts:
    """Return RESAMPLES differences of the k sums of rows and columns, each pair that disagrees swapped at random."""
    upper = np.triu_indices(len(pairs), 1)
    drawn = np.random.default_rng(0).binomial(pairs[upper].astype(int), 0.5, (RESAMPLES, len(upper[0])))
    swapped = np.zeros((RESAMPLES, len(pairs)))
    for place, (row, column) in enumerate(zip(*upper, strict=True)):
        gained = 2 * drawn[:, place] - pairs[row, column]
        swapped[:, row] += gained
        swapped[:, column] -= gained
    return swapped


def _share_as_far(observed: float, drawn: Counts) -> tuple[float, str]:
    """Return the share of what was drawn that is as far as what was observed, which counts as drawn too."""
    return float((1 + (drawn >= observed - ROUNDING).sum()) / (1 + len(drawn))), "permutation"


def cramers_v(table: Counts) -> float | None:
    """Return Cramer's V of a table of counts: 0 no association, 1 complete (Cramer 1946); None for a single row."""
    table = _drop_empty(table)
    return float(stats.contingency.association(table.astype(int), method="cramer")) if min(table.shape) > 1 else None


def independence(table: Counts) -> tuple[float | None, str]:
    """Return the p value of Pearson's test of a table of counts for independence, and how it was found.

    Where an expected count is below SMALL_CELL, chi-square is compared with that of random tables with the same sums
    of rows and columns, which is what permuting one of the two variables gives.
    """
    table = _drop_empty(table)
    if min(table.shape) < 2:  # noqa: PLR2004 (one row or column cannot depend on another)
        return None, NO_TEST
    if stats.contingency.expected_freq(table).min() >= SMALL_CELL:
        return float(stats.chi2_contingency(table, correction=False).pvalue), "chi-square"
    drawn = stats.MonteCarloMethod(n_resamples=RESAMPLES, rng=np.random.default_rng(0))
    return float(stats.chi2_contingency(table.astype(int), correction=False, method=drawn).pvalue), "permutation"


def _drop_empty(table: Counts) -> Counts:
    """Return a table without the rows and columns that count nothing."""
    return np.asarray(table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0])


def round_number(number: float | None) -> float | None:
    """Return a number with six decimals, so that the last bits of another machine's arithmetic change no file."""
    return None if number is None else round(number, DECIMALS)


def round_p_value(p: float | None) -> float | None:
    """Return p with six significant digits, since a p of 0.000000 would claim what no test can."""
    return None if p is None else float(f"{p:.6g}")
