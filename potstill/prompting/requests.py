"""From a question and a prompt to the chat requests that the teacher is sent."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from potstill.core.catalogues import Prompt
from potstill.core.errors import InputError
from potstill.core.letters import rotate_choices, shown_letter
from potstill.core.params import Params
from potstill.core.progress import show_progress
from potstill.core.records import Message, Question, Request, read_rows, write_rows
from potstill.prompting.examples import WorkedExamples
from potstill.prompting.rendering import render_messages
from potstill.prompting.rotations import RotationCounts


@dataclass
class WrittenRequests:
    """How many requests each split has, and the most choices that one of them shows."""

    counts: dict[str, int]
    most_choices: int = 0

    def note_choices(self, requests: Iterable[Request]) -> Iterator[Request]:
        """Yield the requests as they are."""
        for request in requests:
            self.most_choices = max(self.most_choices, len(request.choices))
            yield request


def write_requests(params: Params, raw: Path, requests: Path) -> WrittenRequests:
    """Write the requests of each split in prepare.splits that has questions, and return what was written.

    Raise InputError if none of them has questions, or train has too few for the prompt's examples.
    """
    prompt, prepare = params.prompts[params.prompt], params.prepare
    settings = prompt.examples
    examples = WorkedExamples(params.prompt, prompt, settings, raw / "train.jsonl") if settings else None
    written = WrittenRequests(dict.fromkeys(prepare.splits, 0))
    for split in written.counts:
        file = raw / f"{split}.jsonl"
        questions = read_rows(file, Question)
        if first := next(questions, None):
            rotations = RotationCounts(prepare, read_rows(file, Question))
            rows = build_requests(chain([first], questions), prompt, examples, rotations, prepare.replicates)
            shown = show_progress(written.note_choices(rows), split, unit="request")
            written.counts[split] = write_rows(requests / f"{split}.jsonl", shown)
    if not any(written.counts.values()):
        sizes = ", ".join(f"load.{split}" for split in written.counts)
        raise InputError(
            f"params.yaml: prepare.splits: expected a split with questions, found none; raise one of {sizes}, or name "
            "another split"
        )
    return written


def build_requests(
    questions: Iterable[Question],
    prompt: Prompt,
    examples: WorkedExamples | None,
    rotations: RotationCounts,
    replicates: int,
) -> Iterator[Request]:
    """Yield each question's requests: every rotation that it is to be asked under, every replicate."""
    for question in questions:
        shown = examples.build_messages(question) if examples else []
        for rotation in range(rotations.count(question)):
            for replicate in range(replicates):
                yield build_request(question, prompt, shown, rotation, replicate)


def build_request(
    question: Question, prompt: Prompt, examples: Sequence[Message], rotation: int, replicate: int
) -> Request:
    """Return one question, its choices rotated, in the prompt's words, after the messages of its examples."""
    choices = rotate_choices(question.choices, rotation)
    gold = question.answer and shown_letter(question.answer, rotation, len(choices))
    return Request(
        id=f"{question.id}:{rotation}:{replicate}",
        question_id=question.id,
        question=question.question,
        choices=choices,
        answer=gold,
        rotation=rotation,
        replicate=replicate,
        messages=render_messages(prompt, question.question, choices, examples),
        structured=prompt.structured,
    )
