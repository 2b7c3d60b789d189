import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from potstill.core.distributions import goodness_of_fit, marginal_homogeneity
from potstill.quality.significance import COLUMNS, TESTS, adjust, list_tests, majority_share
from potstill.reading.judging import JudgedQuestion
from tests.judged import frames_of, judge


def table_of(judged: list[JudgedQuestion]) -> dict[str, dict[str, object]]:
    """The rows of the table of tests of one split, by their names."""
    table = list_tests(frames_of(train=judged).splits)
    return {row["test"]: row for row in table.to_dict("records")}


def test_adjusted_p_values_are_statsmodels() -> None:
    p_values = np.random.default_rng(6).random(30) ** 3
    assert adjust(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1])


def test_an_unknown_p_value_is_no_member_of_the_family() -> None:
    adjusted = adjust(np.array([0.01, np.nan, 0.04]))
    assert adjusted[[0, 2]].tolist() == [0.02, 0.04]
    assert np.isnan(adjusted[1])
    assert np.isnan(adjust(np.array([np.nan]))).all()


def test_majority_share_is_of_the_most_frequent_gold_letter() -> None:
    questions = frames_of(train=[judge(n, "A", gold) for n, gold in enumerate(["A", "B", "B", None])]).questions
    assert majority_share(questions) == pytest.approx(2 / 3)


def test_accuracy_is_held_against_guessing_and_against_the_majority_letter() -> None:
    judged = [judge(n, "A", gold) for n, gold in enumerate("AAAAABBC")]
    rows = table_of(judged)
    guessing, majority = rows["accuracy above guessing"], rows["accuracy above the majority letter"]
    assert (guessing["n"], guessing["size"]) == (8, 5 / 8 - 1 / 4)
    assert guessing["p"] == pytest.approx(stats.binomtest(5, 8, 1 / 4, "greater").pvalue)
    assert (majority["size"], majority["p"]) == (0, pytest.approx(stats.binomtest(5, 8, 5 / 8, "greater").pvalue))


def test_letters_are_held_against_gold_in_pairs_and_against_a_uniform_choice() -> None:
    pairs = [*zip("AAAABCDA", "AABBCCDD", strict=True)]
    rows = table_of([judge(n, answer, gold) for n, (answer, gold) in enumerate(pairs)])
    table = np.array([[sum(pair == (answer, gold) for pair in pairs) for answer in "ABCD"] for gold in "ABCD"], float)
    against_gold, against_uniform = (
        rows[name] for name in ("letters answered against gold", "letters answered against a uniform choice")
    )
    assert (against_gold["p"], against_gold["method"]) == marginal_homogeneity(table)
    assert (against_uniform["p"], against_uniform["method"]) == goodness_of_fit(
        np.array([5.0, 1, 1, 1]), np.full(4, 2.0)
    )
    assert against_gold["size"] == against_uniform["size"] == pytest.approx(3 / 8)


def test_recall_by_letter_counts_unread_rows_as_not_recalled() -> None:
    judged = [judge(n, ["A"], "A") for n in range(8)] + [judge(8 + n, [None], "B") for n in range(8)]
    row = table_of(judged)["recall by gold letter"]
    assert (row["n"], row["size"], row["method"]) == (16, 0.5, "permutation")
    assert row["p"] < 0.01


def test_association_with_a_slice_is_found_where_there_is_one() -> None:
    words = {"A": "Who is it?", "B": "Why is it?"}
    judged = [judge(n, "AB"[n % 2], "A", question=words["AB"[n % 2]]) for n in range(60)]
    rows = table_of(judged)
    for name in ("letter answered by question type", "accuracy by question type"):
        assert rows[name]["size"] == pytest.approx(1)
        assert rows[name]["p"] < 1e-6
    assert np.isnan(rows["letter answered by length"]["p"])  # all are of one length


def test_rotations_and_replicates_are_no_new_evidence() -> None:
    frames = frames_of(
        train=[judge(n, a, g) for n, (a, g) in enumerate(zip("ABCDABCABA" * 4, "ABCD" * 10, strict=True))]
    )
    repeated = pd.concat([frames.readings.assign(rotation=rotation) for rotation in range(3)])
    again = list_tests({"train": (repeated, frames.questions)})
    pd.testing.assert_frame_equal(list_tests(frames.splits), again)


def test_the_table_has_every_test_of_every_split_in_one_family() -> None:
    judged = [judge(n, "ABCD"[n % 4], "ABCD"[n % 3]) for n in range(24)]
    table = list_tests(frames_of(train=judged, validation=judged[:9]).splits)
    assert list(table) == list(COLUMNS)
    assert table["split"].tolist() == ["train"] * len(TESTS) + ["validation"] * len(TESTS)
    known = table["p"].notna()
    expected = stats.false_discovery_control(table["p"][known])
    assert table["p_adjusted"][known].to_numpy() == pytest.approx(expected)


@pytest.mark.parametrize(
    "judged",
    [
        pytest.param([], id="no rows"),
        pytest.param([judge(0, "A")], id="one row"),
        pytest.param([judge(n, "B", None) for n in range(4)], id="no gold"),
        pytest.param([judge(n, [None]) for n in range(4)], id="nothing read"),
    ],
)
def test_what_cannot_be_tested_has_no_p_value_and_breaks_nothing(judged: list[JudgedQuestion]) -> None:
    for row in table_of(judged).values():
        assert np.isnan(row["p"]) or 0 <= row["p"] <= 1
        assert (row["method"] == "no test") == np.isnan(row["p"])
