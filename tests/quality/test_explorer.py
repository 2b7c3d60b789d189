import json

import pytest

from potstill.quality import explorer
from potstill.quality.explorer import ExplorerRows, embed, share_texts
from tests.judged import judge


def sample_of(size: int, count: int) -> ExplorerRows:
    """A sample of so many questions of one row each."""
    sample = ExplorerRows(size)
    for number in range(count):
        sample.add("train", judge(number, "A"))
    return sample


def ids_of(sample: ExplorerRows) -> list[str]:
    return [row["id"] for row in sample.rows()]


def test_a_sample_that_holds_all_keeps_their_order() -> None:
    assert ids_of(sample_of(30, 30)) == [f"q{number}:0:0" for number in range(30)]


def test_a_larger_number_is_sampled_at_random_in_order_and_the_same_every_time() -> None:
    sample = sample_of(50, 1000)
    numbers = [int(name[1:].partition(":")[0]) for name in ids_of(sample)]
    assert numbers == sorted(numbers)
    assert (len(numbers), sample.total) == (50, 1000)
    assert 350 < sum(numbers) / 50 < 650  # no part of the rows is preferred
    assert ids_of(sample_of(50, 1000)) == ids_of(sample)


@pytest.mark.parametrize(("size", "count"), [(0, 5), (5, 0)])
def test_a_sample_of_nothing_is_empty(size: int, count: int) -> None:
    assert ids_of(sample_of(size, count)) == []


def test_a_sample_holds_no_more_characters_than_a_page() -> None:
    assert len(ids_of(long_sample(1000, characters=5500))) == 5
    assert len(ids_of(long_sample(1000, characters=10))) == 1


def long_sample(length: int, characters: int = explorer.MOST_CHARACTERS) -> ExplorerRows:
    """Ten rows whose reasoning or response is that long."""
    sample = ExplorerRows(10, characters)
    for number in range(10):
        texts = {"reasoning": "x" * length} if number % 2 else {"text": "x" * length}
        sample.add("train", judge(number, [None], **texts))
    return sample


def test_a_row_has_what_was_sent_its_response_and_how_it_was_judged() -> None:
    sample = ExplorerRows(5)
    sample.add("train", judge(3, "B", "A"))
    written = share_texts(sample.rows())
    assert written == {
        "texts": ["What is it?"],
        "rows": [
            {
                "split": "train",
                "id": "q3:0:0",
                "question": "What is it?",
                "type": "what/which",
                "length": "<10",
                "gold": "A",
                "answer": "B",
                "outcome": "wrong",
                "messages": [["user", 0]],
                "response": ["", "B", ""],
            }
        ],
    }


def test_a_row_of_a_question_asked_again_says_which_reading_it_is_and_what_they_come_to() -> None:
    sample = ExplorerRows(9)
    sample.add("train", judge(0, "BAC", "B"))
    sample.add("train", judge(1, "AC", "A"))
    sample.add("train", judge(2, ["A", None], "A", text="A or B"))
    rows = sample.rows()
    finals = [[row[name] for name in ("rotation", "original", "final", "judged", "tied")] for row in rows]
    assert finals == [
        [0, "B", "B", "correct", []],
        [1, "B", "B", "correct", []],
        [2, "A", "B", "correct", []],
        [0, "A", "", "ambiguous", ["A", "D"]],
        [1, "D", "", "ambiguous", ["A", "D"]],
        [0, "A", "A", "correct", []],
        [1, None, "A", "correct", []],
    ]
    assert [row.get("candidates") for row in rows] == [None] * 6 + [("A", "B")]


def test_what_was_read_is_marked_in_the_text_as_it_came() -> None:
    sample = ExplorerRows(5)
    sample.add("train", judge(0, [None], "B", text="**Not A.** So the answer is **B**.\n"))
    (row,) = share_texts(sample.rows())["rows"]
    before, passage, after = row["response"]
    assert before + passage + after == "**Not A.** So the answer is **B**.\n"
    assert "B" in passage
    assert "A" not in passage
    assert row["outcome"] == "correct"


def test_a_text_too_long_to_be_looked_at_is_cut_and_says_so() -> None:
    length = explorer.LONGEST_TEXT + 1
    (row, *_) = share_texts(long_sample(length).rows())["rows"]
    assert row["response"][0].endswith(f"\n[cut: {length:,} characters in all]")
    assert len(row["response"][0]) < length + 50


def test_control_characters_are_shown_as_pictures() -> None:
    sample = ExplorerRows(5)
    sample.add("train", judge(0, [None], text="a\x00b\x1b", question="c\x07?"))
    (row,) = share_texts(sample.rows())["rows"]
    assert (row["response"][0], row["question"]) == ("a\u2400b\u241b", "c\u2407?")


@pytest.mark.parametrize("text", ["</script><script>", "<!--<script>", "a < b", '\u2028 \U0001f600 "q" \\'])
def test_embedded_json_holds_every_text_and_no_tag(text: str) -> None:
    written = embed({"text": text})
    assert "<" not in written
    assert json.loads(written) == {"text": text}
