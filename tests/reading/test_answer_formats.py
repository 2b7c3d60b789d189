"""Answers in the format that was asked for: read in the format's place alone, and checked against the whole text."""

import pytest

from potstill.core.letters import letter_choices
from potstill.reading.answer_formats import AnswerFormat, find_place
from potstill.reading.extraction import Extraction, extract_answer, find_passage, read_as

PLACES = letter_choices(["library", "bank", "department store", "mall", "countryside"])

READ = [
    pytest.param("letter", "B", id="letter"),
    pytest.param("letter", "**(b)**", id="letter in brackets and bold"),
    pytest.param("letter", "B. bank", id="letter with its text"),
    pytest.param("letter", "\\boxed{B}", id="letter boxed"),
    pytest.param("letter", "Option B", id="letter called an option"),
    pytest.param("letter", "<think>Perhaps D.</think>\n\nB", id="letter after thoughts"),
    pytest.param("final_line", "A library is quiet.\nAnswer: B", id="final line with a cue"),
    pytest.param("final_line", "A library is quiet.\n\nB\n\n", id="final line, a letter"),
    pytest.param("final_line", "A library is quiet.\n\n**B. bank**", id="final line, letter and text"),
    pytest.param("final_line", "It may be quiet.\nbank", id="final line, a text"),
    pytest.param("final_line", "It is guarded.\n```\nB\n```", id="final line in a fence"),
    pytest.param("json", '{"answer": "B"}', id="json"),
    pytest.param("json", '```json\n{"answer": "B"}\n```', id="json in a fence"),
    pytest.param("json", 'A library is quiet.\n{"reason": "guarded", "answer": "(b)"}', id="json after prose"),
    pytest.param("json", '{"answer": "bank"}', id="json, an option's text"),
    pytest.param("json", '{"answer": "B. bank"}', id="json, letter and text"),
    pytest.param("json", '{"arguments": {"answer": "B"}}', id="json within json"),
    pytest.param("json", '<think>{"answer": "D"}</think>{"answer": "B"}', id="json after thoughts"),
    pytest.param("json", '{"answer": {"letter": "B", "alternatives": {"answer": "C"}}}', id="json with alternatives"),
    pytest.param("json", '{"answer": "B", "text": "bank"}', id="json, letter and text apart"),
    pytest.param(None, "The answer is B.", id="no format"),
]


@pytest.mark.parametrize(("answer_format", "text"), READ)
def test_reads_an_answer_in_its_format(answer_format: AnswerFormat | None, text: str) -> None:
    assert read_as(text, PLACES, answer_format) == Extraction("B", "read")
    assert find_passage(text, PLACES) is not None


UNREAD = [
    pytest.param("letter", "The answer is B because it is guarded.", "unparsed", id="letter asked, sentence"),
    pytest.param("letter", "B\n\nIt is guarded.", "unparsed", id="letter asked, explanation"),
    pytest.param("letter", "bank", "unparsed", id="letter asked, text"),
    pytest.param("letter", "F", "unparsed", id="letter outside the labels"),
    pytest.param("letter", "I can't answer that.", "refused", id="letter asked, refusal"),
    pytest.param("letter", "A or D", "ambiguous", id="letter asked, two"),
    pytest.param("letter", "B. mall", "ambiguous", id="letter with another's text"),
    pytest.param("letter", "", "unparsed", id="letter asked, nothing"),
    pytest.param("final_line", "Answer: B\n\nIt is guarded.", "unparsed", id="final line explains"),
    pytest.param("final_line", "I'm sorry.\nI can't answer.", "refused", id="final line refuses"),
    pytest.param("final_line", "It is guarded.\nA or D", "ambiguous", id="final line offers two"),
    pytest.param("final_line", "\n\n", "unparsed", id="no final line"),
    pytest.param("json", "B", "unparsed", id="json asked, letter"),
    pytest.param("json", '{"answer": "B"', "unparsed", id="json truncated"),
    pytest.param("json", '{"answer": null}', "unparsed", id="json null"),
    pytest.param("json", '{"reason": "guarded"}', "unparsed", id="json without an answer"),
    pytest.param("json", '{"answer": "I cannot answer this."}', "refused", id="json with a refusal"),
    pytest.param("json", '{"answer": "A or D"}', "ambiguous", id="json with two"),
    pytest.param("json", '{"answer": "B. mall"}', "ambiguous", id="json with another's text"),
    pytest.param("json", '{"answer": "B"}\n\nThe correct answer is D.', "ambiguous", id="json contradicted after"),
    pytest.param("final_line", "Answer: D\n\nThe correct answer is B.", "ambiguous", id="final line contradicted"),
]
UNREAD += [
    pytest.param("final_line", "A. library\nB. bank\nC. department store", "unparsed", id="final line of a list"),
    pytest.param("final_line", "Options: A. library\nB. bank", "unparsed", id="final line of a list after a heading"),
    pytest.param("final_line", "A: no\nB: maybe\nE. countryside", "unparsed", id="final line of a tally"),
    pytest.param("final_line", "Let me look.\nA. library\nB. bank", "unparsed", id="final line of a list after prose"),
    pytest.param("letter", "B?", "unparsed", id="letter asked back"),
    pytest.param("letter", "!B", "unparsed", id="letter denied"),
    pytest.param("letter", "~B", "unparsed", id="letter about"),
    *(
        pytest.param(kind, text, outcome, id=f"{kind}: {name}")
        for kind in (None, "json")
        for name, text, outcome in (
            ("scores", '{"A": 0.1, "B": 0.9}', "unparsed"),
            ("choices of an envelope", '{"choices": [{"text": "A"}], "done": true}', "unparsed"),
            ("answer rejected", '{"rejected": {"answer": "C"}}', "unparsed"),
            ("answer of an example", '{"example": {"answer": "A"}}', "unparsed"),
            ("texts of the options", '{"options": {"a": {"text": "A"}}}', "unparsed"),
            ("letter with another's text", '{"answer": "bank", "letter": "A"}', "ambiguous"),
            ("two answers", '{"choice": "A", "answer": "B"}', "ambiguous"),
        )
    ),
]


@pytest.mark.parametrize(("answer_format", "text", "outcome"), UNREAD)
def test_what_is_not_in_its_format_gives_no_letter(answer_format: AnswerFormat | None, text: str, outcome: str) -> None:
    extraction = read_as(text, PLACES, answer_format)
    assert (extraction.letter, extraction.outcome) == (None, outcome)


def test_without_a_format_the_whole_text_is_read() -> None:
    text = "A library is quiet. I would choose B, since money is guarded."
    assert read_as(text, PLACES, None) == extract_answer(text, PLACES)


@pytest.mark.parametrize("text", ['{"a":' * 5000, "{" * 50_000, '{"answer": "' * 5000])
def test_broken_json_has_no_place(text: str) -> None:
    assert find_place(text, "json") is None
