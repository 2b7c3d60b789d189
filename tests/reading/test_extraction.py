"""What is read from a text, case by case: a letter with its passage, or the reason why there is none."""

import json
import string
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill.core.records import AnswerFormat, Choice
from potstill.reading.extraction import Extraction, extract_answer, read_as, read_structured
from potstill.reading.mentions import normalize_option
from potstill.reading.normalizing import normalize
from potstill.reading.rules import RULES, Rule

CASES = [json.loads(line) for line in Path(__file__).with_name("cases.jsonl").read_text(encoding="utf-8").splitlines()]
PLACES = ["library", "bank", "department store", "mall", "countryside"]


def label(texts: list[str]) -> list[Choice]:
    return [Choice(label=letter, text=text) for letter, text in zip(string.ascii_uppercase, texts, strict=False)]


CHOICES = label(PLACES)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_text_is_read_as_its_case_says(case: dict[str, Any]) -> None:
    extraction = extract_answer(case["text"], label(case.get("choices", PLACES)))
    assert (extraction.letter, extraction.outcome) == (case["letter"], case["outcome"])


READ = [case for case in CASES if case["letter"]]


@pytest.mark.parametrize("case", READ, ids=[case["id"] for case in READ])
def test_the_passage_of_a_letter_names_it(case: dict[str, Any]) -> None:
    choices = label(case.get("choices", PLACES))
    span = extract_answer(case["text"], choices).span
    assert span is not None
    passage = normalize(case["text"][slice(*span)]).text.lower()
    (option,) = [choice for choice in choices if choice.label == case["letter"]]
    assert option.label.lower() in passage or normalize_option(option.text) in passage


@pytest.mark.parametrize(
    ("text", "passage"),
    [
        pytest.param("It is A. No, wait.\n\n**The answer is B.** Ask away.", "answer is B", id="statement"),
        pytest.param("<think>B or D?</think>\\boxed{B}", "\\boxed{B}", id="boxed, after thoughts"),
        pytest.param("Money.\n\nB", "B", id="line"),
        pytest.param('{"reason": "A is quiet", "answer": "B"}', "B", id="json"),
    ],
)
def test_the_passage_is_where_the_letter_was_read(text: str, passage: str) -> None:
    start, end = extract_answer(text, CHOICES).span or (0, 0)
    assert text[start:end] == passage


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_the_example_of_a_rule_is_read(rule: Rule) -> None:
    assert extract_answer(rule.example, CHOICES).letter == "B"


FORMATTED = [
    ("final_line", "Money.\nI would choose B.", "B", "read"),
    ("json", '{"answer": "I would choose B."}', None, "unparsed"),
    ("letter", "B", "B", "read"),
    ("letter", "**(b)**", "B", "read"),
    ("letter", "B. bank", "B", "read"),
    ("letter", "\\boxed{B}", "B", "read"),
    ("letter", "Option B", "B", "read"),
    ("letter", "<think>Perhaps D.</think>\n\nB", "B", "read"),
    ("letter", "The answer is B because it is guarded.", None, "unparsed"),
    ("letter", "B\n\nIt is guarded.", None, "unparsed"),
    ("letter", "bank", None, "unparsed"),
    ("letter", "B?", None, "unparsed"),
    ("letter", "I can't answer that.", None, "refused"),
    ("letter", "A or D", None, "ambiguous"),
    ("letter", "B. mall", None, "ambiguous"),
    ("final_line", "A library is quiet.\nAnswer: B", "B", "read"),
    ("final_line", "A library is quiet.\n\n**B. bank**\n```\n", "B", "read"),
    ("final_line", "Answer: B\n\nIt is guarded.", None, "unparsed"),
    ("final_line", "A. library\nB. bank\nC. department store", None, "unparsed"),
    ("final_line", "\n\n", None, "unparsed"),
    ("final_line", "I'm sorry.\nI can't answer.", None, "refused"),
    ("json", '{"answer": "B"}', "B", "read"),
    ("json", '```json\n{"answer": "B. bank"}\n```', "B", "read"),
    ("json", 'A library is quiet.\n{"reason": "guarded", "answer": "(b)"}', "B", "read"),
    ("json", '{"answer": "bank"}', "B", "read"),
    ("json", '{"arguments": {"answer": "B"}}', "B", "read"),
    ("json", '<think>{"answer": "D"}</think>{"answer": "B"}', "B", "read"),
    ("json", "B", None, "unparsed"),
    ("json", '{"answer": "B"', None, "unparsed"),
    ("json", '{"answer": null}', None, "unparsed"),
    ("json", '{"answer": "I cannot answer this."}', None, "refused"),
    ("json", '{"choice": "A", "answer": "B"}', None, "ambiguous"),
    ("json", '{"answer": "B"}\n\nThe correct answer is D.', None, "ambiguous"),
    ("json", '{"rejected": {"answer": "C"}}', None, "unparsed"),
    (None, "I would choose B, since money is guarded.", "B", "read"),
]


@pytest.mark.parametrize(
    ("answer_format", "text", "letter", "outcome"), FORMATTED, ids=[f"{row[0]}: {row[1]!r}" for row in FORMATTED]
)
def test_a_format_is_read_in_its_place_alone(
    answer_format: AnswerFormat | None, text: str, letter: str | None, outcome: str
) -> None:
    extraction = read_as(text, CHOICES, answer_format)
    assert (extraction.letter, extraction.outcome) == (letter, outcome)
    assert letter is None or "b" in text[slice(*extraction.span or (0, 0))].lower()


@pytest.mark.parametrize(
    ("answer_format", "text", "candidates"),
    [
        pytest.param(None, "It is D or A.", ("A", "D"), id="two letters"),
        pytest.param("letter", "B. mall", ("B", "D"), id="another option's text"),
        pytest.param(None, '{"choice": "C", "answer": "A or B"}', ("A", "B", "C"), id="two fields"),
        pytest.param("json", '{"answer": "B"}\n\nThe correct answer is D.', ("B", "D"), id="place and whole text"),
    ],
)
def test_an_ambiguous_text_says_between_which_letters_it_stands(
    answer_format: AnswerFormat | None, text: str, candidates: tuple[str, ...]
) -> None:
    assert read_as(text, CHOICES, answer_format).candidates == candidates


SOME_CHOICES = st.sampled_from([CHOICES, label(["yes", "no"]), label(["3", "-3", "3.5"]), label(list("BCAD"))])
WORDS = ["I think ", " is correct", "bank", " through ", "\\boxed{", '"answer":', "<think>", "</think>", "none"]
PIECES = [*string.ascii_uppercase, *"aib.,:;?!()[]{}\"'*_`$#<>~-\\/\n ", " the answer is ", "Answer: ", " or ", "not "]
ANSWERLIKE = st.lists(st.sampled_from(PIECES + WORDS), max_size=30).map("".join)


@given(st.one_of(st.text(), ANSWERLIKE), SOME_CHOICES, st.sampled_from([None, "letter", "final_line", "json"]))
def test_a_letter_of_the_choices_comes_with_a_span_in_the_text(
    text: str, choices: list[Choice], answer_format: AnswerFormat | None
) -> None:
    extraction = read_as(text, choices, answer_format)
    start, end = extraction.span or (0, 0)
    assert (extraction.outcome == "read") == (extraction.letter in [choice.label for choice in choices])
    assert (extraction.span is None) == (extraction.letter is None)
    assert extraction.letter is None or 0 <= start < end <= len(text)
    assert (extraction.outcome == "ambiguous") == (len(set(extraction.candidates)) > 1)


@given(ANSWERLIKE, SOME_CHOICES, st.sampled_from(["{}", "\n {}\n ", "{}  "]))
def test_blanks_around_a_text_change_nothing(text: str, choices: list[Choice], frame: str) -> None:
    extraction, framed = extract_answer(text, choices), extract_answer(frame.format(text), choices)
    assert (extraction.letter, extraction.outcome) == (framed.letter, framed.outcome)


FRAMES = ["The answer is {0}.", "({0})", "{0}. {1}", "Answer: {0}", "**{0}**", "I'd go with option {0}.", "{0}"]
TEXTS = st.lists(st.from_regex(r"[a-z]{3,9}( [a-z]{3,9})?", fullmatch=True), min_size=2, max_size=26, unique=True)


@given(st.data(), st.sampled_from(FRAMES), st.sampled_from(["{}", "# {}", "> {}", "_{}_", "```\n{}\n```"]), TEXTS)
def test_the_common_frames_are_read_for_any_letter(
    data: st.DataObject, frame: str, markup: str, texts: list[str]
) -> None:
    choice = data.draw(st.sampled_from(label(texts)))
    text = markup.format(frame.format(choice.label, choice.text))
    assert extract_answer(text, label(texts)).letter == choice.label


HOSTILE = [
    " ",
    "\n",
    "(",
    "[",
    "A or ",
    "A\n",
    "answer is ",
    "**",
    "<",
    "<think>",
    "$",
    '{"a":',
    "not A but ",
    "no, ",
    "答案",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_takes_no_longer_than_it_is_long(piece: str) -> None:
    """Twice the text takes about twice the time, not four times; and what it ends with is read, or nothing is."""
    seconds = []
    for length in (3_000, 6_000, 12_000):
        text = piece * (length // len(piece)) + "\n\nThe final answer is B."
        started = perf_counter()
        extraction = extract_answer(text, CHOICES)
        seconds.append(perf_counter() - started)
        assert extraction.letter is None or extraction == Extraction("B", "read", extraction.span)
    assert seconds[-1] < 1  # in quiet 0.2


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        pytest.param('{"answer": "B"}', "B", id="the object"),
        pytest.param(' {\n  "answer" :\t"B"\n}\n', "B", id="white space where JSON allows it"),
        pytest.param('{"answer": "Z"}', None, id="a letter that is not shown"),
        pytest.param('{"answer": "b"}', None, id="a small letter"),
        pytest.param('{"answer": "B. bank"}', None, id="more than a letter"),
        pytest.param('{"answer": "B", "why": "money"}', None, id="another field"),
        pytest.param('{"letter": "B"}', None, id="another name"),
        pytest.param('{"answer": null}', None, id="nothing"),
        pytest.param('```json\n{"answer": "B"}\n```', None, id="a fence"),
        pytest.param('The answer is {"answer": "B"}', None, id="a text before it"),
        pytest.param('{"answer": "B"} {"answer": "A"}', None, id="two objects"),
        pytest.param("B", None, id="the letter alone"),
        pytest.param('"B"', None, id="a string"),
        pytest.param("", None, id="no text"),
    ],
)
def test_a_structured_answer_is_read_by_no_rule_of_texts(text: str, letter: str | None) -> None:
    extraction = read_structured(text, CHOICES)

    assert (extraction.letter, extraction.outcome) == (letter, "read" if letter else "unparsed")
    assert letter is None or (extraction.span and text[slice(*extraction.span)] == letter)
