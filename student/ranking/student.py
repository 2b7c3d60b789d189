"""One ranking student, from its params to its model, its curves and its answers."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sentence_transformers import SentenceTransformer

from potstill.core.records import write_json, write_rows
from student.core.params import Rank
from student.core.runs import UNTRAINED, Run
from student.core.training_set import read_questions
from student.ranking.answering import answer_questions
from student.ranking.checkpoints import Checkpoint, hash_weights, name_checkpoint
from student.ranking.encoder import check_lengths, load_encoder, measure_model, naming_memory
from student.ranking.lessons import read_lessons, shuffle_lessons
from student.ranking.training import Log, train


@dataclass(frozen=True)
class Folders:
    """Where a student finds what it learns, and leaves what it made; no model is kept where `model` is None."""

    raw: Path
    export: Path
    checkpoints: Path
    answers: Path
    model: Path | None
    curves: Path | None


@naming_memory()
def make_student(run: Run, settings: Rank, split: str, folders: Folders) -> tuple[int, int]:
    """Train a student as its run says, and write what it is and answers; return its right answers, and of how many."""
    asked = read_questions(folders.raw, split)
    encoder = load_encoder(settings.model, settings.revision)
    texts = ([one.question, *(choice.text for choice in one.choices)] for one in asked)
    check_lengths(encoder, folders.raw / f"{split}.jsonl", texts)
    if run.arm != UNTRAINED:
        teach(encoder, run, settings, folders)
    start = time.perf_counter()
    answers = answer_questions(encoder, asked, settings.scale)
    seconds = time.perf_counter() - start
    parameters, size = write_model(encoder, folders.model)
    write_rows(folders.answers / "answers.jsonl", answers)
    facts = {
        "model": settings.model,
        "parameters": parameters,
        "bytes": size,
        "sha256": hash_weights(encoder),
        "seconds": round(seconds, 3),
        "questions": len(asked),
    }
    write_json(folders.answers / "facts.json", facts)
    return sum(one.outcome == "correct" for one in answers), len(answers)


def teach(encoder: SentenceTransformer, run: Run, settings: Rank, folders: Folders) -> None:
    """Train an encoder on the export, for a control with its labels shuffled."""
    path, lessons = read_lessons(folders.export, folders.raw, settings.labels)
    check_lengths(encoder, path, ([one.question, *one.options] for one in lessons))
    if run.arm == "control":
        lessons = shuffle_lessons(lessons, run.seed)
    name = name_checkpoint(str(run), encoder, lessons, settings, run.seed)
    checkpoint = Checkpoint(folders.checkpoints / "rank" / name)
    with drawing_curves(folders.curves) as log:
        train(encoder, lessons, settings, run.seed, log, checkpoint)
    checkpoint.remove()


@contextmanager
def drawing_curves(folder: Path | None) -> Iterator[Log]:
    """Yield what writes each step's numbers into a folder that `dvc plots` reads."""
    if folder is None:
        yield lambda _: None
        return
    from dvclive import Live  # noqa: PLC0415 (it takes seconds, and only what is trained has curves)

    with Live(dir=str(folder), save_dvc_exp=False, dvcyaml=None, report=None) as live:

        def log(numbers: dict[str, float]) -> None:
            for name, number in numbers.items():
                live.log_metric(name, number)
            live.next_step()

        yield log


def write_model(encoder: SentenceTransformer, folder: Path | None) -> tuple[int, int]:
    """Write an encoder to a folder, if one is named; return its parameters, and its bytes on disk."""
    with TemporaryDirectory() as temporary:
        encoder.save_pretrained(temporary, create_model_card=False)
        measured = measure_model(encoder, Path(temporary))
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(temporary, folder)
    return measured
