"""The answers that are compared: the teacher's and each run's, to the same questions in the same order."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import msgspec

from potstill.core.errors import InputError
from potstill.core.records import Answer, Question, read_json, read_rows
from student.core.runs import Run, list_runs
from student.core.training_set import FORMATS, read_questions


class Facts(msgspec.Struct, frozen=True):
    """What a run's facts.json says of the model that answered, and of its answering; None where nobody knows."""

    model: str
    questions: int
    bytes: int | None = None
    parameters: int | None = None
    sha256: str | None = None
    seconds: float | None = None


class Answers(NamedTuple):
    """One answerer's letter to each question, in the original order of its choices, and what is known of it."""

    letters: list[str | None]
    facts: Facts


class Compared(NamedTuple):
    """A kind of student: the questions, and the answers of the teacher and of each run."""

    kind: str
    split: str
    questions: list[Question]
    teacher: Answers
    runs: dict[Run, Answers]


def read_compared(raw: Path, split: str, teacher: Path, answers: Path, seeds: list[int]) -> list[Compared]:
    """Return each kind of student that there are answers of; raise InputError if they cannot be compared."""
    questions = read_questions(raw, split)
    if not any(question.answer for question in questions):
        raise InputError(
            f"{raw / split}.jsonl: expected gold, found none, so no answer can be judged; choose another "
            "ask.split in student/params.yaml"
        )
    taught = read_teacher(teacher / f"{split}.jsonl", questions)
    kinds = [kind for kind in FORMATS if (answers / kind).is_dir()]
    if not kinds:
        raise InputError(f"{answers}: expected answers of students, found none; run `make student`")
    return [
        Compared(kind, split, questions, taught, {run: read_run(answers / kind / str(run), questions) for run in runs})
        for runs in [list_runs(seeds)]
        for kind in kinds
    ]


def read_teacher(path: Path, questions: Sequence[Question]) -> Answers:
    """Return the teacher's answers; raise InputError if it was not asked these questions."""
    if not path.is_file():
        raise InputError(
            f"{path}: expected the teacher's answers, which students are compared with, found none; add {path.stem} to "
            "prepare.splits in params.yaml, or choose another ask.split in student/params.yaml"
        )
    return Answers(read_letters(path, questions), Facts("teacher", len(questions)))


def read_run(folder: Path, questions: Sequence[Question]) -> Answers:
    """Return a run's answers and facts; raise InputError if there are none, or they are to other questions."""
    if not (folder / "answers.jsonl").is_file():
        raise InputError(f"{folder}: expected this run's answers, found none; run `make student`")
    path = folder / "facts.json"
    try:
        facts = msgspec.convert(read_json(path), Facts)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {error}; run `make student`") from None
    return Answers(read_letters(folder / "answers.jsonl", questions), facts)


def read_letters(path: Path, questions: Sequence[Question]) -> list[str | None]:
    """Return the letter of each answer; raise InputError if they are not to these questions in this order."""
    answers = list(read_rows(path, Answer))
    expected, found = [question.id for question in questions], [answer.question_id for answer in answers]
    for number, (right, here) in enumerate(zip_longest(expected, found), start=1):
        if right != here:
            raise InputError(
                f"{path}: line {number}: expected {_describe_answer(right)}, got {_describe_answer(here)}; teacher and "
                "students are compared on the same questions only: run `make student`, which asks all of them again"
            )
    return [answer.answer for answer in answers]


def _describe_answer(question_id: str | None) -> str:
    """Return which answer a line is, or that there is none."""
    return "no further answer" if question_id is None else f"the answer to {question_id!r}"
