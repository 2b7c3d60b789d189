from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from statsmodels.stats.contingency_tables import mcnemar

from potstill.core.letters import shown_letter
from potstill.quality.calibration import reliability_bins
from potstill.quality.method_figures import letter_preference, reliability, risk_coverage
from potstill.quality.method_report import MethodReport, describe_methods, plan_method_figures
from potstill.quality.methods import Frame, MethodRows, graded, method_table, prior_table
from potstill.quality.significance import mcnemar_p
from potstill.reading.judging import JudgedQuestion
from tests.judged import judge


def rotate(number: int, options: str, gold: str | None) -> JudgedQuestion:
    """Judge a question of which each rotation means the next of the options, in the original order; "-" is unread."""
    shown = [None if one == "-" else shown_letter(one, turn, 4) for turn, one in enumerate(options)]
    return judge(number, shown, gold)


QUESTIONS = [rotate(0, "BAA", "A"), rotate(1, "CAA", "A"), rotate(2, "BBA", "A"), rotate(3, "AAB", "A")]
QUESTIONS += [rotate(4, "DDD", "D"), rotate(5, "BCD", "B"), rotate(6, "---", "C"), rotate(7, "AAA", None)]


def rows_of(**splits: Sequence[JudgedQuestion]) -> dict[str, dict[str, Frame]]:
    rows = MethodRows()
    for split, questions in splits.items():
        for question in questions:
            rows.add(split, question)
    return rows.build()


def test_methods_by_hand() -> None:
    table = method_table(rows_of(train=QUESTIONS)).set_index("method")
    none, vote = table.loc["none"], table.loc["vote"]
    assert (none["n"], vote["n"]) == (7, 7)
    assert vote["answered"] == 5
    assert pd.isna(none["ece"])
    # none is right on 3, 4 and 5; the vote on 0, 1, 3 and 4, and 5 is tied
    assert (none["accuracy"], vote["accuracy"]) == pytest.approx((3 / 7, 4 / 7))
    assert (vote["only_right"], vote["only_none_right"], vote["p"]) == (2, 1, 1)
    assert vote["difference"] == pytest.approx(1 / 7)
    # voted A three times, B and D; gold of these is A four times, and D
    assert vote["tv_distance"] == pytest.approx(0.2)
    # recall: A 3/4, B 0/1, C 0/1, D 1/1
    assert vote["recall_std"] == pytest.approx(pd.Series([0.75, 0, 0, 1]).std(ddof=0))
    # 0.666667 four times, three of them right; 1 once
    assert vote["brier"] == pytest.approx((3 / 9 + 4 / 9) / 5, abs=1e-6)
    assert vote["ece"] == pytest.approx(4 / 5 * (0.75 - 2 / 3), abs=1e-6)
    assert pd.isna(vote["accuracy_at_80"])  # 5 of 7 are answered
    assert none["accuracy_at_80"] == pytest.approx(1 / 2)


@pytest.mark.parametrize(("first", "second"), [(0, 3), (2, 9), (7, 7), (15, 4)])
def test_mcnemar_is_statsmodels(first: int, second: int) -> None:
    assert mcnemar_p(first, second) == pytest.approx(mcnemar([[5, first], [second, 8]], exact=True).pvalue)


def test_methods_that_never_differ_have_no_p() -> None:
    assert mcnemar_p(0, 0) == 1


def test_only_splits_with_several_readings_or_logprobs_are_compared() -> None:
    assert list(rows_of(train=[judge(0, "A")], validation=[judge(0, "A"), judge(1, "AD")])) == ["validation"]


def test_letter_prior_by_hand() -> None:
    methods = rows_of(train=[*QUESTIONS, judge(8, "BA", "B", n_choices=2)])
    table = prior_table(methods, {2: {"A": 0.6, "B": 0.4}})
    assert table["letter"].tolist() == [*"ABABCD"]
    assert table["prior"].tolist()[:2] == [0.6, 0.4]
    assert table["prior"][2:].isna().all()
    # first readings: A twice, B three times, C and D once; gold: A four times, B, C and D once
    assert table["answered"].tolist() == pytest.approx([0, 1, 2 / 7, 3 / 7, 1 / 7, 1 / 7])
    assert table["gold"].tolist() == pytest.approx([0, 1, 4 / 7, 1 / 7, 1 / 7, 1 / 7])


@pytest.mark.parametrize(
    ("method", "questions", "sentence"),
    [
        pytest.param(
            "vote",
            QUESTIONS,
            "Answers are by vote: 57 % of the questions are answered rightly, against 43 % by the first reading alone "
            "(+14.3 points, p = 1.000). The letters' total variation from gold is 0.20 in 5 answers, "
            "against 0.50 in 6 answers.",
            id="vote",
        ),
        pytest.param("none", QUESTIONS, "Answers are the first reading alone; analyze.debias", id="none"),
        pytest.param(
            "vote",
            [judge(number, "AD") for number in range(3)] + [judge(number, "AA") for number in range(997)],
            "Answers are by vote: 0.3 % of the questions are answered rightly, against 100 % by",
            id="decimals",
        ),
        pytest.param("vote", [judge(0, "AD", None)], "Answers are by vote; without gold", id="no gold"),
        pytest.param("vote", [judge(0, [None, None])], "Answers are by vote: 0 % of the questions", id="no letter"),
    ],
)
def test_the_page_says_what_the_chosen_method_makes_of_accuracy(
    method: str, questions: list[JudgedQuestion], sentence: str
) -> None:
    methods = rows_of(train=questions)
    tables = {"methods": method_table(methods), "letter_prior": prior_table(methods, {})}
    described = describe_methods(MethodReport(method, {}), "train", tables)
    assert described["sentence"].replace("\xa0", " ").startswith(sentence)
    assert [name for name, _ in described["methods"]] == ["none", "vote"]
    assert not described["has_prior"]


def test_figures_are_described() -> None:
    planned = plan_method_figures("about", "vote", rows_of(train=QUESTIONS)["train"])
    alts = [alt.replace("\xa0", " ").replace("\N{EN DASH}", "-") for _, alt in planned.values()]
    assert alts == [
        "Grouped bars: shares of the letters in the original order. none: A 29 %, B 43 %, C 14 %, D 14 %. "
        "vote: A 67 %, B 17 %, C 0 %, D 17 %. gold: A 57 %, B 14 %, C 14 %, D 14 %.",
        "Bars: accuracy of vote's answers by confidence. 60-70 %: 75 % of 4, 90-100 %: 100 % of 1.",
        "Lines: accuracy by coverage, the most confident answers first. vote: 100 % at 14 %, 80 % at 71 %.",
    ]


def texts_of(figure: Figure) -> str:
    axes = figure.axes[0]
    return " ".join([axes.get_xlabel(), *(text.get_text() for text in axes.texts)])


def test_figures_show_what_they_are_given() -> None:
    confidences, right = graded(rows_of(train=QUESTIONS)["train"]["vote"])
    diagram = reliability(reliability_bins(confidences, right), "vote", 0.07, 0.16, "about")
    assert [bar.get_height() for bar in diagram.axes[0].patches] == [75, 100]
    assert texts_of(diagram) == "confidence (%)\nECE 0.07, Brier score 0.16 4 1"
    bars = letter_preference("AB", {"none": np.array([3.0, 1.0]), "gold": np.array([2.0, 2.0])}, "about")
    assert "total variation from gold: none 0.25" in texts_of(bars)
    assert "no answer with gold" in texts_of(risk_coverage({}, "about"))
    assert "no answer with gold" in texts_of(reliability([], "vote", None, None, "about"))
