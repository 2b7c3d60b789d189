import pytest

from potstill.quality.frames import QUESTION_COLUMNS, READING_COLUMNS, printable
from potstill.reading.exchanges import Exchange
from potstill.reading.judging import judge_question
from tests.judged import frames_of, judge


def test_letters_read_counts_only_readings_with_a_letter() -> None:
    questions = frames_of(train=[judge(0, "ADA"), judge(1, ["A", None, None]), judge(2, [None] * 3)]).questions
    assert questions["letters_read"].tolist() == [3, 1, 0]
    assert questions["agreement"].fillna(-1).tolist() == pytest.approx([2 / 3, -1, -1], abs=1e-6)


def test_frames_have_a_row_for_each_response_and_for_each_question() -> None:
    frames = frames_of(train=[judge(0, "AB", "A"), judge(1, "C", "A")], test=[judge(0, "B", None)])
    assert tuple(frames.readings) == READING_COLUMNS
    assert tuple(frames.questions) == QUESTION_COLUMNS
    assert frames.readings[["question", "split", "rotation", "gold", "answer"]].to_numpy().tolist() == [
        [0, "train", 0, "A", "A"],
        [0, "train", 1, "D", "B"],
        [1, "train", 0, "A", "C"],
        [2, "test", 0, "none", "B"],
    ]
    assert frames.questions[["split", "gold"]].to_numpy().tolist() == [["train", "A"], ["train", "A"], ["test", "none"]]


def test_gold_of_a_question_is_in_the_original_order_whatever_rotation_comes_first() -> None:
    judged = judge(0, "AAA", "B")
    later = judge_question(None, [Exchange(*exchange[:2]) for exchange in judged.exchanges[1:]])
    assert frames_of(train=[later]).questions["gold"].tolist() == ["B"]


def test_a_split_without_questions_has_empty_frames() -> None:
    readings, questions = frames_of(train=[judge(0, "A")]).of_split("validation")
    assert (len(readings), len(questions)) == (0, 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\r\nb\rc\nd\te", "a\nb\nc\nd\te", id="line ends and tabs stay"),
        pytest.param("\x1b[31m", "\N{SYMBOL FOR ESCAPE}[31m", id="escape"),
        pytest.param("\x00\x1f\x7f", "\u2400\u241f\u2421", id="other controls"),
        pytest.param("\x80\x9f", "\ufffd\ufffd", id="controls without a picture"),
        pytest.param("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "caf\xe9", id="letters stay"),
    ],
)
def test_control_characters_are_shown_as_pictures(text: str, shown: str) -> None:
    assert printable(text) == shown
