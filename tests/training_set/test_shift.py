import pytest
from scipy import stats

from potstill.training_set.shift import measure_shift


def test_the_shift_by_hand() -> None:
    # of 100 questions A and 100 B, 60 and 20 are kept: shares 0.75 and 0.25; the rows teach A 40 times and C 40 times
    shift = measure_shift({"A": 100, "B": 100}, {"A": 60, "B": 20}, {"A": 40, "C": 40})
    p = stats.chi2_contingency([[60, 20], [40, 80]], correction=False).pvalue
    assert shift == {
        "tv_distance": 0.5,
        "selection_tv_distance": 0.25,
        "selection_p": pytest.approx(p, rel=1e-5),
        "selection_method": "chi-square",
    }


@pytest.mark.parametrize(
    ("before", "kept", "after", "distances"),
    [
        pytest.param({"A": 3, "B": 5}, {"A": 3, "B": 5}, {"B": 5, "A": 3}, (0, 0), id="all kept"),
        pytest.param({"A": 3, "B": 5}, {}, {}, (None, None), id="none kept"),
        pytest.param({"A": 4}, {"A": 2}, {"A": 2}, (0, 0), id="one letter"),
        pytest.param({}, {}, {"A": 2}, (None, None), id="no gold"),
    ],
)
def test_selection_that_takes_all_or_none_has_no_p_value(
    before: dict[str, int], kept: dict[str, int], after: dict[str, int], distances: tuple[float | None, float | None]
) -> None:
    shift = measure_shift(before, kept, after)
    assert (shift["tv_distance"], shift["selection_tv_distance"]) == distances
    assert (shift["selection_p"], shift["selection_method"]) == (None, "no test")
