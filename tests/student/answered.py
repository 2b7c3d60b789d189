"""Made answers of a teacher and of students, in the folders that the report reads."""

import json
import random
from collections.abc import Mapping
from pathlib import Path

from potstill.core.letters import letter_choices
from potstill.core.records import Answer, Outcome, Question, Reading, encode_row
from student.learning.measuring import Learned, measure_learning
from student.learning.reading import read_compared
from tests.judged import FRUIT
from tests.project import ROOT
from tests.training_set.manifests import make_manifest, make_split

MANIFEST = make_manifest(
    source={"dataset": "riddles", "path": "me/riddles", "revision": None, "license": "mit"},
    teacher={"name": "big", "model": "big-model"},
    prompt={"name": "letter", "system": "One letter.", "user": "{question}"},
    splits={"train": make_split(rows={"messages": 900, "soft_labels": 900})},
)


def make_questions(count: int) -> list[Question]:
    """Questions of five options, whose gold goes round the letters."""
    return [
        Question(
            id=f"q{place}", question=f"Is it {place}?", choices=letter_choices(FRUIT[:5]), answer="ABCDE"[place % 5],
            concept=None,
        )
        for place in range(count)
    ]  # fmt: skip


def answer(question: Question, letter: str | None) -> Answer:
    outcome: Outcome = "unparsed" if letter is None else "correct" if letter == question.answer else "wrong"
    readings = [Reading(request_id=f"{question.id}:0:0", answer=letter, outcome=outcome)]
    return Answer(
        question_id=question.id, answer=letter, outcome=outcome, confidence=None, distribution={}, readings=readings
    )


def draw_letters(questions: list[Question], accuracy: float, seed: str) -> list[str | None]:
    """Letters right at a rate; whether a question is hard, which half of it goes by, is the same for everyone."""
    letters: list[str | None] = []
    for question in questions:
        hard, luck = (random.Random(f"{question.id} {one}").random() for one in ("hard", seed))
        right = (hard if luck < 0.5 else random.Random(f"{question.id} {seed} again").random()) < accuracy
        wrong = random.Random(f"{question.id} {seed} wrong").choice([one for one in "ABCDE" if one != question.answer])
        letters.append(question.answer if right else wrong)
    return letters


def write_rows(path: Path, rows: list[Question] | list[Answer]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(encode_row(row) + b"\n" for row in rows))


def write_answers(path: Path, questions: list[Question], letters: list[str | None]) -> None:
    write_rows(path, [answer(question, letter) for question, letter in zip(questions, letters, strict=True)])


def write_run(folder: Path, questions: list[Question], letters: list[str | None], seconds: float | None = 60.0) -> None:
    write_answers(folder / "answers.jsonl", questions, letters)
    facts = {"model": "tiny", "parameters": 134_500_000, "bytes": 144_000_000, "sha256": "ab" * 32, "seconds": seconds}
    (folder / "facts.json").write_text(json.dumps({**facts, "questions": len(questions)}))


def write_project(folder: Path, count: int, rates: Mapping[str, Mapping[str, float]], seeds: int = 3) -> list[Question]:
    """Write questions, a teacher that has half of them right, and students that are right at `rates`."""
    questions = make_questions(count)
    write_rows(folder / "data/raw/validation.jsonl", questions)
    write_answers(folder / "data/answers/validation.jsonl", questions, draw_letters(questions, 0.5, "teacher"))
    for name, content in (("data/export/manifest.json", json.dumps(MANIFEST)), ("data/responses/train.jsonl", "{}\n")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "student").mkdir()
    text = (ROOT / "student/params.yaml").read_text()
    (folder / "student/params.yaml").write_text(text.replace("seeds: [0, 1, 2]", f"seeds: {list(range(seeds))}"))
    for kind, arms in rates.items():
        for arm, rate in arms.items():
            for run in [arm] if arm == "untrained" else [f"{arm}-{seed}" for seed in range(seeds)]:
                write_run(folder / f"student/answers/{kind}/{run}", questions, draw_letters(questions, rate, run))
    return questions


def measure(folder: Path, seeds: list[int]) -> list[Learned]:
    """Return what the report says of each kind of student in a project."""
    compared = read_compared(
        folder / "data/raw", "validation", folder / "data/answers", folder / "student/answers", seeds
    )
    return [measure_learning(one, seeds) for one in compared]
