from pathlib import Path

import pandas as pd
import pytest

from stages.quality.tables import (
    QUESTION_COLUMNS,
    READING_COLUMNS,
    Judged,
    frame_splits,
    letter_table,
    outcome_table,
    printable,
    write_table,
)
from stages.records import Answer, Outcome, Request, Response

OUTCOMES: dict[str, Outcome] = {"A": "correct", "B": "wrong", "C": "wrong"}


def judge(split: str, *letters: str, gold: str | None = "A", words: str = "What Who Why") -> Judged:
    """Make a split of one question for each text: a letter for each of its readings, "-" where none was read.

    `words` are those that the questions begin with.
    """
    requests, responses, answers = [], [], []
    for number, (read, word) in enumerate(zip(letters, words.split(), strict=False)):
        readings = []
        for rotation, letter in enumerate(read):
            name = f"q{number}:{rotation}:0"
            requests.append(make_request(name, rotation, gold, f"{word} is it?"))
            responses.append(Response(id=name, key=name, status="answered", content=f"said {letter}"))
            answer = None if letter == "-" else letter
            readings.append({"request_id": name, "answer": answer, "outcome": OUTCOMES.get(letter, "unparsed")})
        shares = {letter: read.count(letter) / len(read.replace("-", "")) for letter in sorted({*read} - {"-"})}
        row = {"question_id": f"q{number}", "answer": None, "outcome": "ambiguous", "confidence": None}
        answers.append(Answer.model_validate({**row, "distribution": shares, "readings": readings}))
    return Judged(split, requests, responses, answers)


def make_request(name: str, rotation: int, gold: str | None, question: str) -> Request:
    return Request.model_validate(
        {
            "id": name,
            "question_id": name.partition(":")[0],
            "question": question,
            "choices": [{"label": letter, "text": letter} for letter in "ABC"],
            "answer": gold,
            "rotation": rotation,
            "replicate": 0,
            "messages": [{"role": "user", "content": question}],
        }
    )


def test_letters_read_counts_only_readings_with_a_letter() -> None:
    questions = frame_splits([judge("train", "ABA", "A--", "---")], 0).questions
    assert questions["letters_read"].tolist() == [3, 1, 0]
    assert questions["plurality_share"].fillna(-1).tolist() == pytest.approx([2 / 3, 1, -1])


def test_frames_have_a_row_for_each_response_and_for_each_question() -> None:
    frames = frame_splits([judge("train", "AB", "C"), judge("test", "B", gold=None)], 0)
    assert list(frames.readings) == [*READING_COLUMNS, "n_choices"]
    assert list(frames.questions) == list(QUESTION_COLUMNS)
    places = frames.readings[["split", "request_id", "rotation", "gold", "answer"]].to_numpy().tolist()
    assert places == [
        ["train", "q0:0:0", 0, "A", "A"],
        ["train", "q0:1:0", 1, "A", "B"],
        ["train", "q1:0:0", 0, "A", "C"],
        ["test", "q0:0:0", 0, "none", "B"],
    ]
    assert frames.questions[["split", "question_id", "has_gold"]].to_numpy().tolist() == [
        ["train", "q0", True],
        ["train", "q1", True],
        ["test", "q0", False],
    ]


def test_frames_of_a_split_hold_its_rows_alone() -> None:
    readings, questions = frame_splits([judge("train", "AB", "C"), judge("test", "B")], 0).of_split("test")
    assert (readings["answer"].tolist(), len(questions)) == (["B"], 1)


def test_unread_rows_are_the_first_of_each_split_and_say_what_came() -> None:
    unread = frame_splits([judge("train", "A-", "--"), judge("test", "-")], 2).unread
    assert unread[["split", "request_id", "response", "outcome"]].to_numpy().tolist() == [
        ["train", "q0:1:0", "said -", "unparsed"],
        ["train", "q1:0:0", "said -", "unparsed"],
        ["test", "q0:0:0", "said -", "unparsed"],
    ]


def test_letters_are_counted_for_each_split_and_series() -> None:
    table = letter_table(frame_splits([judge("train", "AB", "C"), judge("test", "-", gold="B")], 0).readings)
    counted = table[table["count"] > 0]
    assert dict(zip(counted["bar"], counted["count"], strict=True)) == {
        "train A answered": 1,
        "train B answered": 1,
        "train C answered": 1,
        "train A gold": 3,
        "test none answered": 1,
        "test B gold": 1,
    }
    assert table["bar"].is_unique


def test_slices_count_questions_with_gold_and_letters_of_responses() -> None:
    table = frame_splits([judge("train", "AB", "-", words="Who Why")], 0).slices["question_type"]
    counted = table[table["n"] > 0]
    assert counted[["slice", "n", "correct", "A", "B", "C", "none"]].to_numpy().tolist() == [
        ["who", 1, 0, 1, 1, 0, 0],
        ["why", 1, 0, 0, 0, 0, 1],
    ]


def test_outcomes_are_counted_over_questions_and_over_rows() -> None:
    frames = frame_splits([judge("train", "AB", "-")], 0)
    table = outcome_table(frames.readings, frames.questions)
    counted = table[(table["questions"] > 0) | (table["rows"] > 0)]
    assert counted[["outcome", "questions", "rows"]].to_numpy().tolist() == [
        ["correct", 0, 1],
        ["wrong", 0, 1],
        ["ambiguous", 2, 0],
        ["unparsed", 0, 1],
    ]


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


def test_table_has_six_decimals_and_empty_cells_for_unknown(tmp_path: Path) -> None:
    write_table(tmp_path / "new/table.csv", pd.DataFrame({"name": ["a", "b"], "share": [1 / 3, None]}))
    assert (tmp_path / "new/table.csv").read_bytes() == b"name,share\na,0.333333\nb,\n"
