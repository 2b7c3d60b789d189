"""From a student's weights to its answers and what is to be known of them."""

from itertools import pairwise
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.records import Request, read_rows, write_json, write_rows
from potstill.reading.debiasing import Debiasing
from potstill.reading.judging import judge_split
from potstill.teacher.api.bundled import count_parameters
from potstill.teacher.plan import open_plan
from potstill.teacher.run import infer
from student.core.training_set import read_questions

AS_IT_IS = Debiasing(method="none", methods=("none",))


def answer_split(params: Params, split: str, raw: Path, requests: Path, ledger: Path, answers: Path) -> None:
    """Ask a student each question of a split once, and write its answers and their facts.

    Raise InputError if the teacher was not asked these questions, or more rows failed than may.
    """
    rows = select_requests(raw, requests, split)
    with TemporaryDirectory() as name:
        asked, responses = Path(name, "requests"), Path(name, "responses")
        write_rows(asked / f"{split}.jsonl", rows)
        infer(params, asked, responses, ledger, Path(name, "log.json"))
        sources, sent, came = (folder / f"{split}.jsonl" for folder in (raw, asked, responses))
        judged = judge_split(sources, sent, came, params.prompts[params.prompt].answer_format, AS_IT_IS)
        write_rows(answers / "answers.jsonl", (question.answer for question in judged))
        seconds = measure_seconds(params, asked, ledger)
    write_json(answers / "facts.json", describe_student(params) | {"seconds": seconds, "questions": len(rows)})


def select_requests(raw: Path, requests: Path, split: str) -> list[Request]:
    """Return the request of each question with its choices as they are; raise InputError if one has none."""
    questions = [question.id for question in read_questions(raw, split)]
    file = requests / f"{split}.jsonl"
    if not file.is_file() or not file.stat().st_size:
        raise InputError(
            f"{file}: expected the questions that students are judged by, found none; add {split} to prepare.splits in "
            "params.yaml and run `make repro`"
        )
    rows = [row for row in read_rows(file, Request) if row.rotation == row.replicate == 0]
    if [row.question_id for row in rows] != questions:
        raise InputError(f"{file}: expected each question of {raw} once as it is, found others; run `make repro`")
    return rows


def measure_seconds(params: Params, requests: Path, ledger: Path) -> float | None:
    """Return how long all answers took, one after the other, by when each arrived; None if that cannot be known.

    It is the same whether they were asked just now or found in the journal. A pause that is longer than an answer may
    take lay between two runs.
    """
    with open_plan(params, requests, ledger) as plan:
        arrivals = sorted(origin.asked_at for origin in plan.origins())
    taken = [later - earlier for earlier, later in pairwise(arrivals) if later - earlier <= params.runtime.timeout_s]
    return round(fmean(taken) * len(arrivals), 3) if taken else None


def describe_student(params: Params) -> dict[str, object]:
    """Return what is to be known of the student itself."""
    student = params.teachers[params.teacher]
    return {
        "model": student.model,
        "parameters": count_parameters(student),
        "bytes": Path(student.weights or "").stat().st_size,
        "sha256": student.sha256,
    }
