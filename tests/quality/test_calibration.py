import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from potstill.quality.calibration import (
    accuracy_at,
    brier_score,
    calibration_error,
    coverage_curve,
    reliability_bins,
)

CONFIDENCES = np.array([0.9, 0.9, 0.9, 0.55, 0.6, 0.2])
RIGHT = np.array([True, True, False, True, False, False])


def test_bins_and_calibration_error_by_hand() -> None:
    bins = reliability_bins(CONFIDENCES, RIGHT)
    assert [(one.low, one.high, one.n) for one in bins] == [(0.1, 0.2, 1), (0.5, 0.6, 2), (0.8, 0.9, 3)]
    assert [one.accuracy for one in bins] == [0, 0.5, pytest.approx(2 / 3)]
    # gaps: 0.2 of 1, 0.575 - 0.5 of 2, 0.9 - 2/3 of 3
    assert calibration_error(CONFIDENCES, RIGHT) == pytest.approx((0.2 + 0.15 + 0.7) / 6)


@pytest.mark.parametrize("tenths", range(1, 11))
def test_a_confidence_is_of_the_bin_that_it_closes(tenths: int) -> None:
    (one,) = reliability_bins(np.array([tenths / 10]), np.array([True]))
    assert (one.low, one.high) == ((tenths - 1) / 10, tenths / 10)


def test_brier_score_is_sklearns() -> None:
    assert brier_score(CONFIDENCES, RIGHT) == pytest.approx(brier_score_loss(RIGHT, CONFIDENCES))


def test_coverage_curve_has_a_point_for_each_confidence() -> None:
    curve = coverage_curve(CONFIDENCES, RIGHT, 10)
    assert curve["coverage"].tolist() == pytest.approx([0.3, 0.4, 0.5, 0.6])
    assert curve["accuracy"].tolist() == pytest.approx([2 / 3, 1 / 2, 3 / 5, 1 / 2])


@pytest.mark.parametrize(
    ("coverage", "total", "expected"),
    [
        pytest.param(0.5, 6, 2 / 3, id="a whole tie"),
        pytest.param(1 / 3, 6, 2 / 3, id="a part of a tie, at random"),
        pytest.param(1, 6, 1 / 2, id="all"),
        pytest.param(0.7, 10, None, id="more than is answered"),
    ],
)
def test_accuracy_at_a_coverage(coverage: float, total: int, expected: float | None) -> None:
    assert accuracy_at(coverage, CONFIDENCES, RIGHT, total) == (expected and pytest.approx(expected))


def test_nothing_is_measured_of_nothing() -> None:
    nothing = np.array([]), np.array([], dtype=bool)
    assert (calibration_error(*nothing), brier_score(*nothing), accuracy_at(0.8, *nothing, 3)) == (None, None, None)
    assert len(coverage_curve(*nothing, 3)) == 0
