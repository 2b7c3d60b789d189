"""From exchanges to letters, outcomes and votes, one question at a time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from potstill.core.errors import InputError
from potstill.core.letters import original_letter
from potstill.core.records import OUTCOMES, Answer, AnswerFormat, Outcome, Question, Reading, read_rows
from potstill.reading.exchanges import Exchange, JudgedExchange, read_exchanges
from potstill.reading.extraction import read_as

DECIMALS = 6


@dataclass(frozen=True)
class JudgedQuestion:
    """A question's concept, its exchanges in the order of the requests, and its answer."""

    concept: str | None
    exchanges: list[JudgedExchange]
    answer: Answer


def judge_split(
    raw: Path, requests: Path, responses: Path, answer_format: AnswerFormat | None
) -> Iterator[JudgedQuestion]:
    """Yield a split's questions in order, judged; raise InputError at the first row that does not fit the others."""
    questions = read_rows(raw, Question)
    exchanges_by_question = groupby(read_exchanges(requests, responses), lambda exchange: exchange.request.question_id)
    for question_id, group in exchanges_by_question:
        question = next((one for one in questions if one.id == question_id), None)
        if question is None:
            raise InputError(
                f"{raw}: expected the questions of {requests} in its order, found no {question_id!r} after the one "
                "before; run `make repro`"
            )
        exchanges = list(group)
        if len({(request.rotation, request.replicate) for request, _ in exchanges}) < len(exchanges):
            raise InputError(
                f"{requests}: question {question_id!r} is there twice; each needs an id of its own: run `make repro`"
            )
        yield judge_question(question.concept, exchanges, answer_format)


def judge_question(
    concept: str | None, exchanges: Sequence[Exchange], answer_format: AnswerFormat | None = None
) -> JudgedQuestion:
    """Judge every response to a question, and answer it by their vote."""
    judged = [judge_exchange(exchange, answer_format) for exchange in exchanges]
    return JudgedQuestion(concept, judged, answer_question(judged))


def judge_exchange(exchange: Exchange, answer_format: AnswerFormat | None = None) -> JudgedExchange:
    """Read a letter as shown and compare it with gold; only what the teacher finished is read."""
    request, response = exchange
    if response.status != "answered":
        return JudgedExchange(*exchange, Reading(request_id=request.id, answer=None, outcome=response.status))
    extraction = read_as(response.content or "", request.choices, answer_format)
    outcome = _compare(extraction.letter, request.answer) if extraction.outcome == "read" else extraction.outcome
    reading = Reading(request_id=request.id, answer=extraction.letter, outcome=outcome)
    return JudgedExchange(*exchange, reading, extraction.span, extraction.candidates)


def answer_question(exchanges: Sequence[JudgedExchange]) -> Answer:
    """Return the letter, in the original order, that most readings have, as the answer to their question."""
    first, votes, readings = exchanges[0].request, Counter[str](), [exchange.reading for exchange in exchanges]
    for request, _, reading, *_ in exchanges:
        if reading.answer is not None:
            votes[original_letter(reading.answer, request.rotation, len(request.choices))] += 1
    leaders = [letter for letter, count in votes.items() if count == max(votes.values())]
    answer = leaders[0] if len(leaders) == 1 else None
    gold = first.answer and original_letter(first.answer, first.rotation, len(first.choices))
    shares = {letter: round(count / votes.total(), DECIMALS) for letter, count in sorted(votes.items())}
    return Answer(
        question_id=first.question_id,
        answer=answer,
        outcome=_compare(answer, gold) if answer else _unanswered_outcome(readings, is_tied=bool(votes)),
        confidence=shares[answer] if answer else None,
        distribution=shares,
        readings=readings,
    )


def _compare(letter: str | None, gold: str | None) -> Outcome:
    """Return the outcome of a letter that was read."""
    if gold is None:
        return "unjudged"
    return "correct" if letter == gold else "wrong"


def _unanswered_outcome(readings: Sequence[Reading], *, is_tied: bool) -> Outcome:
    """Return why there is no answer: a tied vote, or the most frequent reason why no letter was read."""
    counts = Counter(reading.outcome for reading in readings)
    return "ambiguous" if is_tied else max(OUTCOMES, key=lambda outcome: counts[outcome])
