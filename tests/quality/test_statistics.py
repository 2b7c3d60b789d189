import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from potstill.core.distributions import goodness_of_fit, marginal_homogeneity, total_variation
from potstill.core.intervals import wilson_interval
from potstill.core.records import OUTCOMES
from potstill.quality.statistics import (
    cohen_kappa,
    confusion_counts,
    cross_counts,
    guessing_accuracy,
    letters_shown,
    position_bias,
    recall_deviation,
    split_metrics,
    uniform_counts,
    winning_chance,
)


def counts(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=float)


def make_readings(pairs: list[tuple[str, str]], n_choices: int | list[int] = 3) -> pd.DataFrame:
    """Make readings of (gold, answer) pairs, "-" for none."""
    frame = pd.DataFrame(pairs, columns=["gold", "answer"]).replace("-", "none")
    names = [f"q{number}" for number in range(len(frame))]
    return frame.assign(n_choices=n_choices, question=names, rotation=0)


def make_questions(*rows: tuple[str, str, int, float | None]) -> pd.DataFrame:
    """Make questions of (outcome, gold, letters_read, agreement)."""
    frame = pd.DataFrame(list(rows), columns=["outcome", "gold", "letters_read", "agreement"])
    kinds = {"letters_read": int, "agreement": float}
    return frame.astype(kinds).assign(n_choices=4, n_requests=1, flip_rate=frame["agreement"], mass_outside=np.nan)


# Newcombe 1998, table I, gives the first two to four decimals.
@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (29, 29, 0.8830, 1.0)],
)
def test_wilson_interval_of_the_literature(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (3, 11), (250, 1221), (1221, 1221)])
def test_wilson_interval_is_scipys_and_statsmodels(successes: int, trials: int) -> None:
    expected = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    assert wilson_interval(successes, trials) == pytest.approx((expected.low, expected.high))
    assert wilson_interval(successes, trials) == pytest.approx(proportion_confint(successes, trials, method="wilson"))


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        pytest.param((1, 1), (5, 5), 0, id="alike at another size"),
        pytest.param((4, 0), (0, 7), 1, id="disjoint"),
        pytest.param((2, 1, 1), (1, 1, 2), 0.25, id="three letters"),
    ],
)
def test_total_variation_by_hand(first: tuple[int, ...], second: tuple[int, ...], distance: float) -> None:
    assert total_variation(counts(*first), counts(*second)) == pytest.approx(distance)


def test_recall_deviation_by_hand() -> None:
    # recalls 1, 1/2 and 0, the letter without gold left out: mean 1/2, variance 1/6
    confusion = np.array([[4, 0, 0, 0, 0], [1, 2, 0, 0, 1], [1, 0, 0, 0, 2], [0, 0, 0, 0, 0]], dtype=float)
    assert recall_deviation(confusion) == pytest.approx(math.sqrt(1 / 6))


def test_recall_deviation_is_that_of_scikit_learns_recalls() -> None:
    gold, answer = random_letters(3, 400)
    expected = metrics.recall_score(gold, answer, labels=[*"ABCD"], average=None, zero_division=0)
    readings = make_readings([*zip(gold, answer, strict=True)], 4)
    assert recall_deviation(confusion_counts(readings, [*"ABCD"])) == pytest.approx(np.std(expected))


def test_kappa_by_hand() -> None:
    # Cohen 1960: agreement 0.7 of two raters, 0.5 of it by chance
    assert cohen_kappa(np.array([[20, 5], [10, 15]], dtype=float)) == pytest.approx(0.4)


def test_kappa_is_scikit_learns_and_statsmodels() -> None:
    gold, answer = random_letters(4, 300)
    confusion = metrics.confusion_matrix(gold, answer, labels=[*"ABCD"]).astype(float)
    expected = metrics.cohen_kappa_score(gold, answer)
    assert cohen_kappa(confusion) == pytest.approx(expected)
    assert cohens_kappa(confusion, return_results=False) == pytest.approx(expected)


@pytest.mark.parametrize("confusion", [np.zeros((2, 2)), np.array([[3.0, 0], [0, 0]])], ids=["nothing", "one letter"])
def test_kappa_of_nothing_to_compare_is_unknown(confusion: np.ndarray) -> None:
    assert cohen_kappa(confusion) is None


def random_letters(seed: int, rows: int) -> tuple[list[str], list[str]]:
    """Gold letters, and answers that agree with about half of them."""
    random = np.random.default_rng(seed)
    gold = random.choice([*"ABCD"], rows)
    return gold.tolist(), np.where(random.random(rows) < 0.5, gold, random.choice([*"ABCD"], rows)).tolist()


@pytest.mark.parametrize("size", [0, 1])
def test_recall_deviation_needs_two_letters_with_gold(size: int) -> None:
    confusion = np.zeros((size, size + 1))
    confusion[:1, :1] = 3
    assert recall_deviation(confusion) is None


def test_position_bias_counts_responses_with_letter_and_gold() -> None:
    readings = make_readings([("A", "C"), ("B", "C"), ("C", "C"), ("A", "A"), ("B", "-"), ("-", "B")])
    bias = position_bias(readings)
    # answers A 1, C 3; gold A 2, B 1, C 1
    assert bias["tv_distance"] == 0.5
    table = np.array([[1, 0, 1], [0, 0, 1], [0, 0, 1]], dtype=float)
    assert bias["chi2_p"] == pytest.approx(marginal_homogeneity(table)[0], abs=1e-6)
    assert bias["recall_std"] == pytest.approx(np.std([0.5, 0, 1]), abs=1e-6)


@pytest.mark.parametrize(
    ("gold", "answers", "recalls"),
    [
        pytest.param("AAAABBBB", "----BBBB", [0, 1], id="one letter never read"),
        pytest.param("AABBCC", "AABB--", [1, 1, 0], id="last letter never read"),
        pytest.param("AABB----", "AAB-AACC", [1, 0.5], id="rows without gold recall nothing"),
    ],
)
def test_an_unread_response_does_not_recall_its_gold(gold: str, answers: str, recalls: list[float]) -> None:
    bias = position_bias(make_readings([*zip(gold, answers, strict=True)]))
    assert bias["recall_std"] == pytest.approx(np.std(recalls), abs=1e-6)


def test_position_bias_without_gold_tests_against_a_uniform_choice() -> None:
    readings = make_readings([("-", "A"), ("-", "A"), ("-", "A"), ("-", "B"), ("-", "-")], [2, 2, 4, 4, 4])
    # a uniform choice of two twice and of four twice: A and B 1.5 each, C and D 0.5 each
    expected, _ = goodness_of_fit(counts(3, 1, 0, 0), counts(1.5, 1.5, 0.5, 0.5))
    assert position_bias(readings) == {
        "chi2_p": pytest.approx(expected, abs=1e-6),
        "tv_distance": None,
        "recall_std": None,
    }


def test_chi_square_takes_the_first_response_with_a_letter() -> None:
    pairs = [("A", "A"), ("A", "A"), ("A", "A"), ("B", "A"), ("B", "B"), ("C", "C")]
    readings = make_readings(pairs)
    first = position_bias(readings)["chi2_p"]
    unread, later = readings.assign(answer="none"), readings.assign(answer="C")
    assert position_bias(pd.concat([unread, readings, later]))["chi2_p"] == first


@pytest.mark.parametrize(
    ("choices", "votes", "chance"),
    [
        pytest.param(4, 1, 1 / 4, id="one vote"),
        pytest.param(4, 2, 1 / 16, id="two votes must agree"),
        pytest.param(3, 3, 7 / 27, id="three votes of three: two or three"),
        pytest.param(5, 0, 0, id="no vote"),
    ],
)
def test_winning_chance_by_hand(choices: int, votes: int, chance: float) -> None:
    assert winning_chance(choices, votes) == pytest.approx(chance)


def test_winning_chance_is_that_of_drawn_votes() -> None:
    votes = np.random.default_rng(7).multinomial(5, [1 / 4] * 4, 200_000)
    won = (votes[:, [0]] > votes[:, 1:]).all(axis=1).mean()
    assert winning_chance(4, 5) == pytest.approx(won, abs=0.005)


@pytest.mark.parametrize("pairs", [[], [("A", "-"), ("B", "-")], [("-", "-")]], ids=["no rows", "failed", "nothing"])
def test_position_bias_without_letters_is_unknown(pairs: list[tuple[str, str]]) -> None:
    assert position_bias(make_readings(pairs)) == {"chi2_p": None, "tv_distance": None, "recall_std": None}


def test_uniform_counts_add_up_to_the_rows() -> None:
    readings = make_readings([("A", "A")] * 3, [2, 3, 10])
    assert letters_shown(readings) == list("ABCDEFGHIJ")
    uniform = uniform_counts(readings, letters_shown(readings))
    assert uniform.sum() == pytest.approx(3)
    assert uniform[2] == pytest.approx(1 / 3 + 1 / 10)


def test_split_metrics_by_hand() -> None:
    questions = make_questions(
        ("correct", "A", 3, 1.0), ("wrong", "A", 3, 2 / 3), ("failed", "A", 0, None), ("unjudged", "none", 1, None)
    )
    readings = make_readings([("A", "A")] * 3 + [("B", "A")] * 3 + [("C", "-")] * 3 + [("-", "B")])
    numbers = split_metrics(readings, questions)
    assert numbers["questions"] == 4
    assert numbers["accuracy"] == 0.333333
    assert (numbers["accuracy_low"], numbers["accuracy_high"]) == pytest.approx(wilson_interval(1, 3), abs=1e-6)
    assert numbers["answered_rate"] == 0.7
    assert (numbers["agreement"], numbers["letter_mass_outside"]) == (0.833333, None)
    # gold A, B and C three times each, A answered six times and three unread: agreement 3/9, by chance 2/9
    assert numbers["kappa"] == 0.142857
    assert list(numbers["outcomes"]) == list(OUTCOMES)
    assert {name: n for name, n in numbers["outcomes"].items() if n} == {
        "correct": 1,
        "wrong": 1,
        "unjudged": 1,
        "failed": 1,
    }


def test_guessing_accuracy_is_over_questions_with_gold() -> None:
    questions = make_questions(("wrong", "A", 1, 1.0), ("wrong", "A", 1, 1.0), ("unjudged", "none", 1, 1.0))
    assert guessing_accuracy(questions.assign(n_choices=[2, 4, 10])) == pytest.approx(0.375)
    assert guessing_accuracy(questions.assign(n_choices=[2, 4, 10], n_requests=[1, 2, 1])) == pytest.approx(
        (1 / 2 + 1 / 16) / 2
    )
    assert guessing_accuracy(questions[questions["outcome"] == "unjudged"]) is None


def test_cross_counts_keep_the_order_of_the_names_and_count_no_other_value() -> None:
    frame = pd.DataFrame({"gold": [*"ABBC"], "answer": [*"BAAA"]})
    assert cross_counts(frame["gold"], frame["answer"], [*"BA"], [*"AB", "none"]).tolist() == [[2, 0, 0], [0, 1, 0]]


def test_a_small_p_value_is_not_rounded_to_nothing() -> None:
    bias = position_bias(make_readings([("A", "B")] * 60 + [("B", "A")] * 10 + [("A", "A")] * 2, 2))
    assert 0 < bias["chi2_p"] < 1e-6
    assert bias["chi2_p"] == float(f"{bias['chi2_p']:.6g}")
