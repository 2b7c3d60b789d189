from pathlib import Path

import pytest

from potstill.core.errors import InputError
from potstill.core.letters import letter_choices
from potstill.core.records import Answer, Outcome, Question, Reading, Status, write_rows
from potstill.reading.judging import answer_question, judge_response, judge_split, read_exchanges
from tests.judged import make_request, make_response


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
def test_judge_response(
    content: str | None, status: Status, gold: str | None, answer: str | None, outcome: Outcome
) -> None:
    request = make_request(gold=gold)
    expected = Reading(request_id=request.id, answer=answer, outcome=outcome)
    assert judge_response(request, make_response(request, content, status)) == expected


def vote(*letters: str | None, gold: str | None = "A", outcomes: tuple[Outcome, ...] = ()) -> Answer:
    """Answer a question of four choices, one rotation for each letter; gold is given in the original order."""
    pairs = []
    for rotation, letter in enumerate(letters):
        shown = gold and "ABCD"[("ABCD".index(gold) - rotation) % 4]
        outcome: Outcome = outcomes[rotation] if outcomes else "wrong" if letter else "unparsed"
        request = make_request(gold=shown, rotation=rotation)
        pairs.append((request, Reading(request_id=request.id, answer=letter, outcome=outcome)))
    return answer_question(pairs)


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
    ("responses", "message"),
    [
        pytest.param(
            [0, 2], r"validation\.jsonl: line 2: expected the response to 'q1:0:0', got the one to 'q2", id="id"
        ),
        pytest.param([0], r"validation\.jsonl: line 2: expected .*'q1:0:0', got the end of the file", id="too short"),
        pytest.param([0, 1, 2], r"validation\.jsonl: line 3: expected the end of the file, got .*'q2", id="too long"),
    ],
)
def test_responses_that_do_not_match_are_named(tmp_path: Path, responses: list[int], message: str) -> None:
    asked, came = tmp_path / "requests/validation.jsonl", tmp_path / "responses/validation.jsonl"
    write_rows(asked, [make_request(number) for number in range(2)])
    write_rows(came, [make_response(make_request(number), "C") for number in responses])
    with pytest.raises(InputError, match=rf"responses/{message}"):
        list(read_exchanges(asked, came))


def test_questions_pass_in_order_with_their_concepts_and_rows(tmp_path: Path) -> None:
    raw, asked, came = (tmp_path / f"{name}/train.jsonl" for name in ("raw", "requests", "responses"))
    concepts = ["cat", None, "dog"]
    choices = letter_choices(["yes", "no"])
    write_rows(
        raw,
        [
            Question(id=f"q{n}", question="?", choices=choices, answer="A", concept=concept)
            for n, concept in enumerate(concepts)
        ],
    )
    requests = [make_request(0), make_request(2, "A", 0), make_request(2, "D", 1)]  # question 1 was not asked
    write_rows(asked, requests)
    write_rows(came, [make_response(request, "A") for request in requests])

    judged = list(judge_split(raw, asked, came, None))

    assert [one.concept for one in judged] == ["cat", "dog"]
    assert [[request.id for request, _, _ in one.rows] for one in judged] == [["q0:0:0"], ["q2:0:0", "q2:1:0"]]
    assert [one.answer.question_id for one in judged] == ["q0", "q2"]


def test_a_request_whose_question_is_not_there_is_named(tmp_path: Path) -> None:
    raw, asked, came = (tmp_path / f"{name}/train.jsonl" for name in ("raw", "requests", "responses"))
    write_rows(raw, [])
    write_rows(asked, [make_request(4)])
    write_rows(came, [make_response(make_request(4), "A")])
    with pytest.raises(InputError, match=r"raw/train\.jsonl: expected the questions of .* found no 'q4' after"):
        list(judge_split(raw, asked, came, None))


def test_two_questions_with_one_id_are_not_taken_for_one(tmp_path: Path) -> None:
    raw, asked, came = (tmp_path / f"{name}/train.jsonl" for name in ("raw", "requests", "responses"))
    choices = letter_choices(["yes", "no"])
    write_rows(raw, [Question(id="q0", question="?", choices=choices, answer="A", concept=None)] * 2)
    write_rows(asked, [make_request(0), make_request(0)])
    write_rows(came, [make_response(make_request(0), "A")] * 2)
    with pytest.raises(InputError, match=r"requests/train\.jsonl: question 'q0' is there twice"):
        list(judge_split(raw, asked, came, None))
