"""Judged questions for tests: what potstill.reading.judging yields, made from a few letters."""

from collections.abc import Sequence
from typing import Any

import msgspec

from potstill.core.letters import letter_choices, original_letter, shown_letter
from potstill.core.records import Question, Request, Response, Status
from potstill.quality.frames import FrameBuilder, Frames
from potstill.reading.exchanges import Exchange
from potstill.reading.judging import JudgedQuestion, judge_question

FRUIT = ["apple", "plum", "pear", "fig", "lime", "date", "kiwi", "lemon", "peach", "grape"]
FRUIT += ["mango", "melon", "olive", "papaya", "quince", "cherry", "guava", "banana", "orange", "apricot"]


def make_request(number: int = 0, gold: str | None = "A", rotation: int = 0, **fields: Any) -> Request:
    """A request whose gold is in the order shown."""
    row = {
        "id": f"q{number}:{rotation}:0",
        "question_id": f"q{number}",
        "question": "What is it?",
        "choices": letter_choices(FRUIT[:4]),
        "answer": gold,
        "rotation": rotation,
        "replicate": 0,
        "messages": [{"role": "user", "content": "What is it?"}],
    }
    return msgspec.convert(row | fields, Request)


def make_response(request: Request, content: str | None, status: Status = "answered", **fields: Any) -> Response:
    """The response to a request; a failed one says why."""
    error = "HTTP 503" if status == "failed" else None
    row = {"id": request.id, "key": request.id, "status": status, "content": content, "error": error}
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    return msgspec.convert(row | {"model": "served-model", "usage": usage} | fields, Response)


def question_of(request: Request, concept: str | None = None) -> Question:
    """The question that a request asks, as `load` wrote it."""
    gold = request.answer and original_letter(request.answer, request.rotation, len(request.choices))
    texts = {"question": request.question, "choices": request.choices, "concept": concept}
    return Question(id=request.question_id, answer=gold, **texts)


def judge(
    number: int,
    letters: Sequence[str | None],
    gold: str | None = "A",
    *,
    n_choices: int = 4,
    concept: str | None = None,
    text: str | None = None,
    reasoning: str | None = None,
    **fields: Any,
) -> JudgedQuestion:
    """Judge a question asked in one rotation for each letter; gold is in the original order, None means unread.

    `text` is the response for None.
    """
    exchanges = []
    for rotation, letter in enumerate(letters):
        shown = gold and shown_letter(gold, rotation, n_choices)
        choices = letter_choices(FRUIT[:n_choices])
        request = make_request(number, shown, rotation, choices=choices, **fields)
        exchanges.append(Exchange(request, make_response(request, letter or text or "", reasoning=reasoning)))
    return judge_question(concept, exchanges)


def frames_of(**splits: Sequence[JudgedQuestion]) -> Frames:
    """Put judged questions into frames."""
    builder = FrameBuilder()
    for split, questions in splits.items():
        for question in questions:
            builder.add(split, question)
    return builder.build()
