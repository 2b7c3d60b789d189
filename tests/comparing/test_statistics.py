import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from potstill.comparing.statistics import PairCounts, adjust_holm, difference_interval, questions_needed


@pytest.mark.parametrize(
    ("counts", "difference", "low", "high"),
    [
        pytest.param((36, 12, 2, 0), 0.2000, 0.0569, 0.3404, id="Newcombe 1998"),
        pytest.param((1, 1, 7, 12), -0.286, -0.507, -0.026, id="Fagerland, Lydersen and Laake 2014"),
        pytest.param((14, 5, 0, 22), 0.122, 0.011, 0.226, id="Newcombe and Altman 2000"),
    ],
)
def test_the_interval_is_that_of_published_examples(
    counts: tuple[int, ...], difference: float, low: float, high: float
) -> None:
    pair, places = PairCounts(*counts), 4 if abs(low) == 0.0569 else 3
    bounds = difference_interval(pair)
    published = (-high, -low)  # they take the second from the first
    assert pair.difference == pytest.approx(-difference, abs=10**-places)
    assert bounds == pytest.approx(published, abs=0.51 * 10**-places)


@pytest.mark.parametrize(
    "counts",
    [(5, 0, 0, 0), (0, 0, 0, 5), (0, 5, 0, 0), (0, 3, 3, 0), (1, 0, 0, 0), (3, 0, 0, 3)],
    ids=["all right", "all wrong", "one always", "never together", "one question", "alike"],
)
def test_the_interval_of_extreme_counts_holds_the_difference_and_stays_within_one(counts: tuple[int, ...]) -> None:
    pair = PairCounts(*counts)
    low, high = difference_interval(pair)
    assert -1 <= low <= pair.difference <= high <= 1


def test_the_interval_turns_with_the_pair() -> None:
    low, high = difference_interval(PairCounts(40, 12, 5, 9))
    assert difference_interval(PairCounts(40, 5, 12, 9)) == pytest.approx((-high, -low))


@pytest.mark.parametrize("p_values", [[], [0.2], [0.04, 0.001, 0.03], [0.5, 0.5, 0.9], [0.01, 0.01, 0.02, 0.2]])
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    expected = list(multipletests(p_values, method="holm")[1]) if p_values else []
    assert adjust_holm(p_values) == pytest.approx(expected)


@pytest.mark.parametrize(("share", "difference"), [(0.25, 0.03), (0.2, 0.04), (0.4, 0.1)])
def test_so_many_questions_show_the_difference_in_four_of_five_tries(share: float, difference: float) -> None:
    n = questions_needed(share, difference)
    kinds = [(share - difference) / 2, (share + difference) / 2, 1 - share]
    first, second, _ = np.random.default_rng(0).multinomial(n, kinds, 20_000).T
    found = stats.chi2.sf((first - second) ** 2 / np.maximum(first + second, 1), 1) < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.02)


def test_fewer_questions_that_decide_than_the_difference_count_as_that_many() -> None:
    assert questions_needed(0, 0.03) == questions_needed(0.03, 0.03) > 0
