"""From a question and a prompt to the chat requests that the teacher is sent."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from potstill.core.errors import InputError
from potstill.core.letters import rotate_choices, shown_letter
from potstill.core.params import Params, Prompt
from potstill.core.records import Message, Question, Request, read_rows, write_rows
from potstill.prompting.rendering import render_choices, render_labels


def write_requests(params: Params, raw: Path, requests: Path) -> dict[str, int]:
    """Write the requests of each split in prepare.splits that has questions, and return how many each split has.

    Raise InputError if none of them has questions.
    """
    prompt, prepare = params.prompts[params.prompt], params.prepare
    counts: dict[str, int] = dict.fromkeys(prepare.splits, 0)
    for split in counts:
        questions = read_rows(raw / f"{split}.jsonl", Question)
        if first := next(questions, None):
            rows = build_requests(chain([first], questions), prompt, prepare.rotations, prepare.replicates)
            counts[split] = write_rows(requests / f"{split}.jsonl", rows)
    if not any(counts.values()):
        sizes = ", ".join(f"load.{split}" for split in counts)
        raise InputError(
            f"params.yaml: prepare.splits: expected a split with questions, found none; raise one of {sizes}, or name "
            "another split"
        )
    return counts


def build_requests(questions: Iterable[Question], prompt: Prompt, rotations: int, replicates: int) -> Iterator[Request]:
    """Yield each question's requests: every rotation (no more than it has choices), every replicate."""
    for question in questions:
        for rotation in range(min(rotations, len(question.choices))):
            for replicate in range(replicates):
                yield build_request(question, prompt, rotation, replicate)


def build_request(question: Question, prompt: Prompt, rotation: int, replicate: int) -> Request:
    """Return one question, its choices rotated, in the prompt's words."""
    choices = rotate_choices(question.choices, rotation)
    values = {
        "question": question.question,
        "answer_choices": render_choices(choices),
        "labels": render_labels(choices),
    }
    gold = question.answer and shown_letter(question.answer, rotation, len(choices))
    return Request(
        id=f"{question.id}:{rotation}:{replicate}",
        question_id=question.id,
        question=question.question,
        choices=choices,
        answer=gold,
        rotation=rotation,
        replicate=replicate,
        messages=[
            Message(role="system", content=prompt.system.format(**values)),
            Message(role="user", content=prompt.user.format(**values)),
        ],
    )
