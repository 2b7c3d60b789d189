"""Judged questions for tests: what potstill.reading.judging yields, made from a few letters."""

from collections.abc import Sequence
from typing import Any

from potstill.core.letters import letter_choices, shown_letter
from potstill.core.records import Request, Response, Status
from potstill.quality.frames import FrameBuilder, Frames
from potstill.reading.judging import Judged, judge_question

FRUIT = ["apple", "plum", "pear", "fig", "lime", "date", "kiwi", "lemon", "peach", "grape"]
FRUIT += ["mango", "melon", "olive", "papaya", "quince", "cherry", "guava", "banana", "orange", "apricot"]


def make_request(number: int = 0, gold: str | None = "A", rotation: int = 0, **given: Any) -> Request:
    """A request whose gold is given as shown."""
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
    return Request.model_validate(row | given)


def make_response(request: Request, content: str | None, status: Status = "answered", **given: Any) -> Response:
    """What came back for a request; a failed one says why."""
    error = "HTTP 503" if status == "failed" else None
    row = {"id": request.id, "key": request.id, "status": status, "content": content, "error": error}
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    return Response.model_validate(row | {"model": "served-model", "usage": usage} | given)


def judge(
    number: int,
    letters: Sequence[str | None],
    gold: str | None = "A",
    *,
    n_choices: int = 4,
    concept: str | None = None,
    text: str | None = None,
    reasoning: str | None = None,
    **given: Any,
) -> Judged:
    """Judge a question asked in one rotation for each letter; gold is in the original order, None means unread.

    `text` is what the teacher said for None.
    """
    exchanges = []
    for rotation, letter in enumerate(letters):
        shown = gold and shown_letter(gold, rotation, n_choices)
        choices = letter_choices(FRUIT[:n_choices])
        request = make_request(number, shown, rotation, **{"choices": choices, **given})
        exchanges.append((request, make_response(request, letter or text or "", reasoning=reasoning)))
    return judge_question(concept, exchanges)


def frames_of(**splits: Sequence[Judged]) -> Frames:
    """Put judged questions into frames."""
    builder = FrameBuilder()
    for split, questions in splits.items():
        for one in questions:
            builder.add(split, one)
    return builder.build()
