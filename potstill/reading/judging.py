"""From what was asked and what came back to letters, outcomes and votes; questions pass one at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import Path

from potstill.core.errors import InputError
from potstill.core.letters import original_letter
from potstill.core.records import (
    OUTCOMES,
    Answer,
    AnswerFormat,
    Outcome,
    Question,
    Reading,
    Request,
    Response,
    read_rows,
)
from potstill.reading.extraction import read_as

DECIMALS = 6

Exchange = tuple[Request, Response]


@dataclass(frozen=True)
class Judged:
    """One question: its concept, its requests, their responses, and its answer, whose readings are in their order."""

    concept: str | None
    requests: list[Request]
    responses: list[Response]
    answer: Answer

    @property
    def rows(self) -> Iterator[tuple[Request, Response, Reading]]:
        """Yield each request with what came and what was read in it."""
        return zip(self.requests, self.responses, self.answer.readings, strict=True)


def judge_split(raw: Path, asked: Path, came: Path, answer_format: AnswerFormat | None) -> Iterator[Judged]:
    """Judge a split's questions in order; an InputError names the first row that does not fit the others."""
    questions = read_rows(raw, Question)
    for question_id, exchanges in groupby(read_exchanges(asked, came), key=lambda pair: pair[0].question_id):
        question = next((one for one in questions if one.id == question_id), None)
        if question is None:
            raise InputError(
                f"{raw}: expected the questions of {asked} in its order, found no {question_id!r} after the one "
                "before; run `make repro`"
            )
        yield judge_question(question.concept, check_once(asked, exchanges), answer_format)


def check_once(asked: Path, exchanges: Iterable[Exchange]) -> list[Exchange]:
    """List a question's exchanges; an InputError tells of two that ask the same, as two questions with one id do."""
    listed = list(exchanges)
    places = Counter((request.rotation, request.replicate) for request, _ in listed)
    if max(places.values()) > 1:
        raise InputError(
            f"{asked}: question {listed[0][0].question_id!r} is there twice; each needs an id of its own: run "
            "`make repro`"
        )
    return listed


def read_exchanges(asked: Path, came: Path) -> Iterator[Exchange]:
    """Yield each request with its response; an InputError names the first line that is not the request's response."""
    rows = zip_longest(read_rows(asked, Request), read_rows(came, Response))
    for line, (request, response) in enumerate(rows, start=1):
        if request is None or response is None or request.id != response.id:
            expected = f"the response to {request.id!r}" if request else "the end of the file"
            found = f"the one to {response.id!r}" if response else "the end of the file"
            raise InputError(f"{came}: line {line}: expected {expected}, got {found}; run `make repro`")
        yield request, response


def judge_question(
    concept: str | None, exchanges: Sequence[Exchange], answer_format: AnswerFormat | None = None
) -> Judged:
    """Judge every response to a question, and answer it by their vote."""
    requests, responses = [request for request, _ in exchanges], [response for _, response in exchanges]
    readings = [judge_response(request, response, answer_format) for request, response in exchanges]
    answer = answer_question(list(zip(requests, readings, strict=True)))
    return Judged(concept, requests, responses, answer)


def judge_response(request: Request, response: Response, answer_format: AnswerFormat | None = None) -> Reading:
    """Read a letter as shown and compare it with gold; only what the teacher finished is read."""
    if response.status != "answered":
        return Reading(request_id=request.id, answer=None, outcome=response.status)
    extraction = read_as(response.content or "", request.choices, answer_format)
    if extraction.outcome != "read":
        return Reading(request_id=request.id, answer=None, outcome=extraction.outcome)
    return Reading(request_id=request.id, answer=extraction.letter, outcome=_compare(extraction.letter, request.answer))


def answer_question(pairs: Sequence[tuple[Request, Reading]]) -> Answer:
    """Answer with the letter, in the original order, that most readings gave."""
    first, votes = pairs[0][0], Counter[str]()
    for request, reading in pairs:
        if reading.answer is not None:
            votes[original_letter(reading.answer, request.rotation, len(request.choices))] += 1
    leaders = [letter for letter, count in votes.items() if count == max(votes.values())]
    answer = leaders[0] if len(leaders) == 1 else None
    gold = first.answer and original_letter(first.answer, first.rotation, len(first.choices))
    shares = {letter: round(count / votes.total(), DECIMALS) for letter, count in sorted(votes.items())}
    return Answer(
        question_id=first.question_id,
        answer=answer,
        outcome=_compare(answer, gold) if answer else _unanswered([reading for _, reading in pairs], bool(votes)),
        confidence=shares[answer] if answer else None,
        distribution=shares,
        readings=[reading for _, reading in pairs],
    )


def _compare(letter: str | None, gold: str | None) -> Outcome:
    """Say whether a letter is gold's."""
    if gold is None:
        return "unjudged"
    return "correct" if letter == gold else "wrong"


def _unanswered(readings: Sequence[Reading], tied: bool) -> Outcome:
    """Say why there is no answer: a tied vote, or the most frequent reason why no letter was read."""
    counts = Counter(reading.outcome for reading in readings)
    return "ambiguous" if tied else max(OUTCOMES, key=lambda outcome: counts[outcome])
