"""The files of a split side by side: each request, its response and, once they are judged, what was read in it."""

from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest
from pathlib import Path
from typing import NamedTuple, TypeVar

from potstill.core.errors import InputError
from potstill.core.progress import count_lines, show_progress
from potstill.core.records import Answer, Reading, Request, Response, read_rows

# A file beside the answers of a teacher that failed a strict gate: its error, at which export stops.
STRICT_GATES_FAILED = "strict_gates_failed.json"

First = TypeVar("First")
Second = TypeVar("Second")


class Exchange(NamedTuple):
    """A request and its response."""

    request: Request
    response: Response


class JudgedExchange(NamedTuple):
    """A request, its response, what was read in it, and where in its content: (start, end), or None if not known.

    `candidates` are the letters, as shown, that an ambiguous response stands between.
    `probabilities` are those of the letters shown where the letter was read, which add up to 1, and `mass_outside` is
    the probability there of what is no letter; both None without logprobs.
    """

    request: Request
    response: Response
    reading: Reading
    span: tuple[int, int] | None = None
    candidates: tuple[str, ...] = ()
    probabilities: dict[str, float] | None = None
    mass_outside: float | None = None


def read_exchanges(requests: Path, responses: Path) -> Iterator[Exchange]:
    """Yield each request with its response; raise InputError at the first row that is not the request's response."""
    sent = ((request.id, request) for request in read_rows(requests, Request))
    replies = ((response.id, response) for response in read_rows(responses, Response))
    return (Exchange(*pair) for pair in _pair(sent, responses, replies))


def show_exchanges(requests: Path, responses: Path, doing: str) -> Iterator[Exchange]:
    """Yield what `read_exchanges` does, with a bar that says what is done with each."""
    return show_progress(read_exchanges(requests, responses), f"{doing} {requests.stem}", count_lines(requests))


def read_judged_questions(
    requests: Path, responses: Path, answers: Path
) -> Iterator[tuple[Answer, list[JudgedExchange]]]:
    """Yield each question's answer with its exchanges; raise InputError at the first row that is of another request."""
    exchanges = ((exchange.request.id, exchange) for exchange in read_exchanges(requests, responses))
    readings = (
        (reading.request_id, (answer, reading)) for answer in read_rows(answers, Answer) for reading in answer.readings
    )
    pairs = _pair(exchanges, answers, readings)
    for _, group in groupby(pairs, lambda pair: pair[1][0].question_id):
        judged = list(group)
        yield judged[0][1][0], [JudgedExchange(*exchange, reading) for exchange, (_, reading) in judged]


def _pair(
    firsts: Iterable[tuple[str, First]], file: Path, seconds: Iterable[tuple[str, Second]]
) -> Iterator[tuple[First, Second]]:
    """Yield what has the same request id; raise InputError, naming the second's file and row, where the ids differ."""
    for number, (first, second) in enumerate(zip_longest(firsts, seconds), start=1):
        if first is None or second is None or first[0] != second[0]:
            expected, found = (f"request {one[0]!r}" if one else "the end of the file" for one in (first, second))
            raise InputError(f"{file}: row {number}: expected {expected}, got {found}; run `make repro`")
        yield first[1], second[1]
