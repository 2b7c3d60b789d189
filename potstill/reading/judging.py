"""From exchanges to letters, outcomes and votes, one question at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from potstill.core.errors import InputError
from potstill.core.intervals import wilson_interval
from potstill.core.records import Answer, AnswerFormat, DebiasMethod, Question, Reading, read_rows
from potstill.reading.debiasing import (
    DECIMALS,
    Debiasing,
    MethodAnswer,
    answer_by_methods,
    compare,
    count_votes,
    measure_agreement,
    measure_flips,
)
from potstill.reading.exchanges import Exchange, JudgedExchange, show_exchanges
from potstill.reading.extraction import read_as, read_structured
from potstill.reading.letter_probabilities import read_probabilities

VOTE = Debiasing()


@dataclass(frozen=True)
class JudgedQuestion:
    """A question's concept, its exchanges in the order of the requests, its answer, and that of each method.

    `chosen` is the method's answer that became the answer.
    """

    concept: str | None
    exchanges: list[JudgedExchange]
    answer: Answer
    chosen: MethodAnswer
    methods: Mapping[DebiasMethod, MethodAnswer] = field(default_factory=dict)


def judge_split(
    raw: Path,
    requests: Path,
    responses: Path,
    answer_format: AnswerFormat | None,
    debiasing: Debiasing = VOTE,
) -> Iterator[JudgedQuestion]:
    """Yield a split's questions in order, judged; raise InputError at the first row that does not fit the others."""
    questions = read_rows(raw, Question)
    rows = show_exchanges(requests, responses, "judging")
    exchanges_by_question = groupby(rows, lambda exchange: exchange.request.question_id)
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
        yield judge_question(question.concept, exchanges, answer_format, debiasing)


def judge_question(
    concept: str | None,
    exchanges: Sequence[Exchange],
    answer_format: AnswerFormat | None = None,
    debiasing: Debiasing = VOTE,
) -> JudgedQuestion:
    """Judge every response to a question, and answer it by each method; the chosen one's answer is its answer."""
    judged = [judge_exchange(exchange, answer_format) for exchange in exchanges]
    methods = answer_by_methods(judged, debiasing)
    chosen = methods[debiasing.method]
    return JudgedQuestion(concept, judged, answer_question(judged, chosen), chosen, methods)


def judge_exchange(exchange: Exchange, answer_format: AnswerFormat | None = None) -> JudgedExchange:
    """Read a letter as shown and compare it with gold; only what the teacher finished is read."""
    request, response = exchange
    if response.status != "answered":
        return JudgedExchange(*exchange, Reading(request_id=request.id, answer=None, outcome=response.status))
    content = response.content or ""
    if request.structured:
        extraction = read_structured(content, request.choices)
    else:
        extraction = read_as(content, request.choices, answer_format)
    outcome = compare(extraction.letter, request.answer) if extraction.outcome == "read" else extraction.outcome
    judged = JudgedExchange(
        *exchange,
        Reading(request_id=request.id, answer=extraction.letter, outcome=outcome),
        extraction.span,
        extraction.candidates,
    )
    if not (response.logprobs and extraction.letter and extraction.span):
        return judged
    shown = [choice.label for choice in request.choices]
    found = read_probabilities(response.logprobs, content, extraction.span, extraction.letter, shown)
    return judged._replace(probabilities=found.letters, mass_outside=found.outside) if found else judged


def answer_question(exchanges: Sequence[JudgedExchange], chosen: MethodAnswer) -> Answer:
    """Return the row of a question that the chosen method answered."""
    votes, low, high = chosen.votes, None, None
    if votes is None:
        votes = count_votes(exchanges)
    elif chosen.letter:
        low, high = wilson_interval(votes[chosen.letter], votes.total())
    return Answer(
        question_id=exchanges[0].request.question_id,
        answer=chosen.letter,
        outcome=chosen.outcome,
        confidence=chosen.confidence,
        confidence_low=None if low is None else round(low, DECIMALS),
        confidence_high=None if high is None else round(high, DECIMALS),
        agreement=measure_agreement(votes),
        flip_rate=measure_flips(exchanges),
        distribution=chosen.distribution,
        readings=[exchange.reading for exchange in exchanges],
    )
