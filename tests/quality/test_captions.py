import pytest

from potstill.quality.captions import describe_figure
from potstill.quality.tables import FILES, slice_table
from tests.judged import frames_of, judge

Rows = list[tuple[str | None, str | None]]


def words_for(rows: Rows, *names: str) -> list[str]:
    """Return the texts that stand for figures of (gold, answer) rows."""
    frames = frames_of(train=[judge(number, [answer], gold) for number, (gold, answer) in enumerate(rows)])
    tables = {FILES[column]: slice_table(frames, column) for column in FILES}
    texts = [describe_figure(name, frames.of_split("train")[0], tables, "train") for name in names]
    return [text.replace("\xa0", " ").replace("\N{EN DASH}", "-") for text in texts]


def test_every_figure_has_words() -> None:
    names = ["answers_per_letter", "actual_against_expected", "confusion", "answer_by_type", "answer_by_length"]
    names.append("accuracy_by_slice")
    assert words_for([("A", "C"), ("B", "C"), ("B", None)], *names) == [
        "Bars: rows by letter answered. C 2, none 1.",
        "Grouped bars: shares of the 2 rows with a letter and gold. Answered: C 100 %. Gold: A 50 %, B 50 %. "
        "Uniform: A 25 %, B 25 %, C 25 %, D 25 %.",
        "Matrix: rows by gold and letter answered. Most frequent: gold A, answer C: 1; gold B, answer C: 1; "
        "gold B, answer none: 1.",
        "Heat map: letters answered by type of question. what/which: C 2.",
        "Heat map: letters answered by length. <10: C 2.",
        "Points with intervals: accuracy by slice. what/which 0 % (0-56 %), <10 0 % (0-56 %), "
        "A 0 % (0-79 %), B 0 % (0-66 %).",
    ]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        pytest.param(
            [("A", "B"), ("A", "A"), ("C", None), (None, "D")],
            "shares of the 2 rows with a letter and gold. Answered: A 50 %, B 50 %. Gold: A 100 %. "
            "Uniform: A 25 %, B 25 %, C 25 %, D 25 %.",
            id="gold and letters in part",
        ),
        pytest.param(
            [(None, "D"), ("A", None)],
            "shares of the 1 row with a letter; none of them has gold. Answered: D 100 %. "
            "Uniform: A 25 %, B 25 %, C 25 %, D 25 %.",
            id="none has both",
        ),
        pytest.param([("A", None)], "no letter was read.", id="no letter"),
        pytest.param([], "no letter was read.", id="no rows"),
    ],
)
def test_expectation_in_words_is_of_the_rows_that_its_figure_shows(rows: Rows, text: str) -> None:
    assert words_for(rows, "actual_against_expected") == [f"Grouped bars: {text}"]
