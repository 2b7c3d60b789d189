import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import SquareTable

from potstill.core.distributions import cramers_v, goodness_of_fit, independence, marginal_homogeneity

TABLE = np.array([[30, 14, 6], [12, 25, 13], [9, 16, 25]], dtype=float)
SMALL = np.array([[6, 1, 0], [2, 3, 2], [0, 2, 5]], dtype=float)


def counts(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=float)


def test_goodness_of_fit_by_hand() -> None:
    # 8 and 2 where 5 and 5 were expected: chi-square 9/5 + 9/5 = 3.6 with one degree of freedom
    p, method = goodness_of_fit(counts(8, 2), counts(20, 20))
    assert (p, method) == (pytest.approx(math.erfc(math.sqrt(3.6 / 2))), "chi-square")


def test_goodness_of_fit_is_scipys() -> None:
    random = np.random.default_rng(1)
    for k in range(2, 12):
        observed, reference = counts(*random.integers(20, 40, size=k)), counts(*random.integers(20, 30, size=k))
        expected = stats.chisquare(observed, reference / reference.sum() * observed.sum()).pvalue
        assert goodness_of_fit(observed, reference) == (pytest.approx(expected), "chi-square")


def test_goodness_of_fit_of_few_is_exact() -> None:
    # of four answers all one of two letters, or all the other: 2 of 16 samples lie as far
    p, method = goodness_of_fit(counts(4, 0), counts(1, 1))
    assert (p, method) == (pytest.approx(2 / 16, abs=0.02), "permutation")


@pytest.mark.parametrize(
    ("observed", "reference"),
    [
        pytest.param(counts(0, 0), counts(1, 1), id="nothing observed"),
        pytest.param(counts(1, 1), counts(0, 0), id="nothing known"),
        pytest.param(counts(3), counts(1), id="one letter"),
        pytest.param(counts(), counts(), id="no letter"),
    ],
)
def test_what_cannot_be_held_against_shares_has_no_p_value(observed: np.ndarray, reference: np.ndarray) -> None:
    assert goodness_of_fit(observed, reference) == (None, "no test")


def test_marginal_homogeneity_is_statsmodels() -> None:
    random = np.random.default_rng(2)
    for k in (2, 3, 5):
        table = random.integers(10, 40, size=(k, k)).astype(float)
        expected = SquareTable(table, shift_zeros=False).homogeneity(method="stuart_maxwell").pvalue
        assert marginal_homogeneity(table) == (pytest.approx(expected), "Stuart-Maxwell")


def test_marginal_homogeneity_of_two_letters_is_mcnemars() -> None:
    # 30 pairs went one way and 10 the other: chi-square (30 - 10)^2 / 40 = 10 with one degree of freedom
    p, _ = marginal_homogeneity(np.array([[50, 30], [10, 20]], dtype=float))
    assert p == pytest.approx(math.erfc(math.sqrt(10 / 2)))


def test_marginal_homogeneity_of_few_pairs_is_exact() -> None:
    # all of five pairs that disagree go one way: 2 of 32 draws of their directions do
    p, method = marginal_homogeneity(np.array([[9, 5], [0, 9]], dtype=float))
    assert (p, method) == (pytest.approx(2 / 32, abs=0.01), "permutation")


def test_letters_without_pairs_that_disagree_change_nothing() -> None:
    table = np.array([[5, 20, 8], [12, 9, 11], [16, 3, 4]], dtype=float)
    padded = np.pad(table, (0, 2))
    padded[3, 3] = 50
    assert marginal_homogeneity(padded) == marginal_homogeneity(table)


@pytest.mark.parametrize(
    "table", [np.zeros((0, 0)), np.zeros((3, 3)), np.diag([4.0, 5.0])], ids=["no letter", "no pairs", "all agree"]
)
def test_pairs_of_which_none_disagree_have_no_p_value(table: np.ndarray) -> None:
    assert marginal_homogeneity(table) == (None, "no test")


def test_answers_at_random_are_not_found_uneven_more_often_than_they_may() -> None:
    random, found = np.random.default_rng(3), 0
    for _ in range(100):
        gold, answer = random.integers(0, 4, 300), random.integers(0, 4, 300)
        p, _ = marginal_homogeneity(np.histogram2d(gold, answer, bins=4)[0])
        found += p < 0.05
    assert found / 100 < 0.1


def test_cramers_v_by_hand() -> None:
    # chi-square 10 of 40 rows in a table of 2 x 2: the square root of 10 / 40
    assert cramers_v(np.array([[15, 5], [5, 15]], dtype=float)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "table",
    [np.zeros((0, 0)), np.zeros((2, 2)), np.array([[3.0, 4.0]]), np.array([[3.0, 0], [2, 0]])],
    ids=["none", "noughts", "one row", "one column with counts"],
)
def test_one_row_or_column_depends_on_nothing(table: np.ndarray) -> None:
    assert cramers_v(table) is None
    assert independence(table) == (None, "no test")


def test_independence_of_large_cells_is_scipys_chi_square() -> None:
    expected = stats.chi2_contingency(TABLE, correction=False).pvalue
    assert independence(TABLE) == (pytest.approx(expected), "chi-square")


def test_independence_leaves_out_rows_and_columns_without_counts() -> None:
    padded = np.pad(TABLE, ((0, 1), (1, 0)))
    assert independence(padded) == independence(TABLE)


def test_independence_of_small_cells_is_what_permuting_gives() -> None:
    rows = np.repeat(np.repeat(np.arange(3), 3), SMALL.ravel().astype(int))
    columns = np.repeat(np.tile(np.arange(3), 3), SMALL.ravel().astype(int))
    random, observed = np.random.default_rng(5), stats.chi2_contingency(SMALL, correction=False).statistic
    drawn = [stats.contingency.crosstab(rows, random.permutation(columns)).count for _ in range(1000)]
    permuted = np.mean([stats.chi2_contingency(one, correction=False).statistic >= observed - 1e-9 for one in drawn])
    p, method = independence(SMALL)
    assert method == "permutation"
    assert p == pytest.approx(permuted, abs=0.02)
