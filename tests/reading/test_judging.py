from pathlib import Path

import pytest

from potstill.core.errors import InputError
from potstill.core.records import Answer, Outcome, Question, Reading, Request, Status, write_rows
from potstill.reading.debiasing import Debiasing, answer_by_methods
from potstill.reading.exchanges import Exchange, JudgedExchange, read_exchanges
from potstill.reading.judging import JudgedQuestion, answer_question, judge_exchange, judge_split
from tests.judged import make_request, make_response, question_of


@pytest.mark.parametrize(
    ("content", "status", "gold", "answer", "outcome"),
    [
        pytest.param("C", "answered", "C", "C", "correct", id="correct"),
        pytest.param("C", "answered", "A", "C", "wrong", id="wrong"),
        pytest.param("C", "answered", None, "C", "unjudged", id="no gold"),
        pytest.param("I'm sorry, I cannot answer that.", "answered", "A", None, "refused", id="refused"),
        pytest.param("", "answered", "A", None, "unparsed", id="empty"),
        pytest.param(None, "answered", "A", None, "unparsed", id="no content"),
        pytest.param("Answer: C", "truncated", "C", None, "truncated", id="truncated is not read"),
        pytest.param(None, "filtered", "A", None, "filtered", id="filtered"),
        pytest.param(None, "failed", None, None, "failed", id="failed"),
    ],
)
def test_judge_exchange(
    content: str | None, status: Status, gold: str | None, answer: str | None, outcome: Outcome
) -> None:
    request = make_request(gold=gold)
    expected = Reading(request_id=request.id, answer=answer, outcome=outcome)
    exchange = judge_exchange(Exchange(request, make_response(request, content, status)))
    assert exchange.reading == expected
    assert (exchange.span is None) == (answer is None)


@pytest.mark.parametrize(("structured", "outcome"), [(True, "unparsed"), (False, "correct")], ids=["held", "free"])
def test_a_request_says_whether_its_answer_is_held_to_an_object(structured: bool, outcome: Outcome) -> None:
    request = make_request(gold="C", structured=structured)

    exchange = judge_exchange(Exchange(request, make_response(request, 'I say {"answer": "C"}')), "json")

    assert exchange.reading.outcome == outcome


def vote(*letters: str | None, gold: str | None = "A", outcomes: tuple[Outcome, ...] = ()) -> Answer:
    """Answer a question of four choices, one rotation for each letter; gold is in the original order."""
    exchanges = []
    for rotation, letter in enumerate(letters):
        shown = gold and "ABCD"[("ABCD".index(gold) - rotation) % 4]
        outcome: Outcome = outcomes[rotation] if outcomes else "wrong" if letter else "unparsed"
        request = make_request(gold=shown, rotation=rotation)
        reading = Reading(request_id=request.id, answer=letter, outcome=outcome)
        exchanges.append(JudgedExchange(request, make_response(request, letter), reading))
    return answer_question(exchanges, answer_by_methods(exchanges, Debiasing())["vote"])


@pytest.mark.parametrize(
    ("letters", "gold", "answer", "outcome", "distribution"),
    [
        pytest.param("B", "B", "B", "correct", {"B": 1.0}, id="one reading"),
        pytest.param("CBA", "C", "C", "correct", {"C": 1.0}, id="the same choice in every rotation"),
        pytest.param("CCC", "C", None, "ambiguous", {"A": 0.333333, "C": 0.333333, "D": 0.333333}, id="position"),
        pytest.param("CBB", "A", "C", "wrong", {"C": 0.666667, "D": 0.333333}, id="plurality"),
        pytest.param("C-D", None, None, "ambiguous", {"B": 0.5, "C": 0.5}, id="tie"),
        pytest.param("C--", "C", "C", "correct", {"C": 1.0}, id="unread ones do not vote"),
        pytest.param("C", None, "C", "unjudged", {"C": 1.0}, id="no gold"),
    ],
)
def test_question_is_answered_by_plurality(
    letters: str,
    gold: str | None,
    answer: str | None,
    outcome: Outcome,
    distribution: dict[str, float],
) -> None:
    row = vote(*[None if letter == "-" else letter for letter in letters], gold=gold)
    assert (row.answer, row.outcome, row.distribution) == (answer, outcome, distribution)
    assert row.confidence == (distribution[answer] if answer else None)
    assert list(row.distribution) == sorted(distribution)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        pytest.param(("failed", "refused", "failed"), "failed", id="most frequent"),
        pytest.param(
            ("failed", "truncated", "unparsed", "truncated", "unparsed"), "unparsed", id="tie: first in order"
        ),
        pytest.param(("filtered",), "filtered", id="one"),
    ],
)
def test_question_without_a_letter_has_its_most_frequent_outcome(
    outcomes: tuple[Outcome, ...], expected: Outcome
) -> None:
    row = vote(*[None] * len(outcomes), outcomes=outcomes)
    assert (row.answer, row.outcome, row.confidence, row.distribution) == (None, expected, None, {})


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        pytest.param([0, 2], r"row 2: expected request 'q1:0:0', got request 'q2:0:0'; run `make repro`", id="id"),
        pytest.param([0], r"row 2: expected request 'q1:0:0', got the end of the file", id="too short"),
        pytest.param([0, 1, 2], r"row 3: expected the end of the file, got request 'q2:0:0'", id="too long"),
    ],
)
def test_responses_that_do_not_match_are_named(tmp_path: Path, numbers: list[int], message: str) -> None:
    requests, responses = tmp_path / "requests.jsonl", tmp_path / "responses.jsonl"
    write_rows(requests, [make_request(number) for number in range(2)])
    write_rows(responses, [make_response(make_request(number), "C") for number in numbers])
    with pytest.raises(InputError, match=rf"responses\.jsonl: {message}"):
        list(read_exchanges(requests, responses))


def judge_files(folder: Path, questions: list[Question], requests: list[Request]) -> list[JudgedQuestion]:
    """Judge a split of these questions and requests; each response is A."""
    raw, asked, replies = (folder / f"{name}.jsonl" for name in ("raw", "requests", "responses"))
    write_rows(raw, questions)
    write_rows(asked, requests)
    write_rows(replies, [make_response(request, "A") for request in requests])
    return list(judge_split(raw, asked, replies, None))


def test_questions_pass_in_order_with_their_concepts_and_rows(tmp_path: Path) -> None:
    questions = [question_of(make_request(n), concept) for n, concept in enumerate(["cat", None, "dog"])]
    requests = [make_request(0), make_request(2, "A", 0), make_request(2, "D", 1)]  # question 1 was not asked

    judged = judge_files(tmp_path, questions, requests)

    assert [question.concept for question in judged] == ["cat", "dog"]
    assert [[row.request.id for row in question.exchanges] for question in judged] == [["q0:0:0"], ["q2:0:0", "q2:1:0"]]
    assert [question.answer.question_id for question in judged] == ["q0", "q2"]


@pytest.mark.parametrize(
    ("questions", "requests", "message"),
    [
        pytest.param([0], [0, 4], r"raw\.jsonl: expected the questions of .* found no 'q4' after", id="no question"),
        pytest.param([0, 0], [0, 0], r"requests\.jsonl: question 'q0' is there twice", id="two with one id"),
    ],
)
def test_requests_of_no_question_or_of_two_are_named(
    tmp_path: Path, questions: list[int], requests: list[int], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        judge_files(tmp_path, [question_of(make_request(n)) for n in questions], [make_request(n) for n in requests])
