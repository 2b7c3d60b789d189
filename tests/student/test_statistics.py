import random
from itertools import product

import pytest
from statsmodels.stats.weightstats import DescrStatsW

from potstill.quality.significance import mcnemar_p
from student.learning.statistics import mean_difference_interval, sign_flip_p


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (3, 12), (12, 3), (50, 50), (91, 60), (400, 1)])
def test_of_one_seed_it_is_mcnemars_exact_test(first: int, second: int) -> None:
    differences = [1] * first + [-1] * second + [0] * 40
    assert sign_flip_p(differences) == pytest.approx(mcnemar_p(first, second), rel=1e-9)


@pytest.mark.parametrize("draw", range(20))
def test_it_is_the_share_of_all_signs_whose_sum_is_as_far(draw: int) -> None:
    chooser = random.Random(draw)
    differences = [chooser.randint(-3, 3) for _ in range(chooser.randint(1, 10))]
    sums = [
        sum(sign * one for sign, one in zip(signs, differences, strict=True))
        for signs in product((1, -1), repeat=len(differences))
    ]
    expected = sum(abs(one) >= abs(sum(differences)) for one in sums) / len(sums)
    assert sign_flip_p(differences) == pytest.approx(expected)


def test_questions_that_all_seeds_answer_alike_count_once() -> None:
    assert sign_flip_p([3] * 4 + [-3]) == pytest.approx(sign_flip_p([1] * 4 + [-1])) == pytest.approx(0.375)


def test_the_interval_is_that_of_a_mean_over_questions() -> None:
    differences = [3, 1, 0, 0, -2, 0, 1, 0, 0, -1]
    expected = DescrStatsW([one / 3 for one in differences]).zconfint_mean()
    assert mean_difference_interval(differences, 3) == pytest.approx(expected)


def test_one_question_tells_nothing() -> None:
    assert mean_difference_interval([3], 3) == (-1.0, 1.0)
