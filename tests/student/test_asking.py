"""The bundled model as a chat student: asked as the teacher was, and judged."""

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from potstill.core.letters import letter_choices
from potstill.core.params_file import load_params
from potstill.core.records import Question, write_rows
from potstill.prompting.requests import write_requests
from potstill.teacher.api.bundled import find_bundled_weights
from student.ask import main
from tests.conftest import Workspace
from tests.project import ROOT

QUESTIONS = [
    Question("v1", "Where does a cat sleep?", letter_choices(["on a sofa", "in a volcano"]), "A", None),
    Question("v2", "What do you drink from?", letter_choices(["a hammer", "a cup"]), "B", None),
    Question("v3", "Who flies a plane?", letter_choices(["a pilot", "a baker", "a farmer"]), None, None),
]
FOLDERS = {"raw": "data/raw", "requests": "data/requests", "ledger": "data/ledger", "served": "served"}

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def asked(workspace: Workspace) -> Workspace:
    """A project whose teacher was asked under two rotations, with the bundled weights as a student's."""
    workspace.write("student/params.yaml", (ROOT / "student/params.yaml").read_text(encoding="utf-8"))
    workspace.edit(prepare={"rotations": 2, "splits": ["validation"]})
    write_rows(workspace.folder / "data/raw/validation.jsonl", QUESTIONS)
    write_requests(load_params(), Path("data/raw"), Path("data/requests"))
    Path("served").mkdir()
    Path("served/model.gguf").symlink_to(find_bundled_weights())
    return workspace


def ask(run: str) -> Result:
    options = [word for name, path in FOLDERS.items() for word in (f"--{name}", path)]
    return CliRunner().invoke(main, ["--run", run, *options, "--answers", f"answers/{run}"])


def test_a_student_answers_each_question_once_and_again_from_the_journal_in_the_same_bytes(asked: Workspace) -> None:
    first = ask("trained-0")
    rows, facts = asked.read_rows("answers/trained-0/answers.jsonl"), asked.read_json("answers/trained-0/facts.json")
    files = {path: path.read_bytes() for path in (asked.folder / "answers/trained-0").iterdir()}
    again = ask("trained-0")

    assert (first.exit_code, again.exit_code) == (0, 0), first.output + again.output
    assert "3 requests: 3 asked" in first.output
    assert "3 requests: 0 asked, 3 found in the journal" in again.output
    assert {path: path.read_bytes() for path in files} == files
    assert [(row["question_id"], len(row["readings"])) for row in rows] == [("v1", 1), ("v2", 1), ("v3", 1)]
    weights = find_bundled_weights()
    assert facts.pop("seconds") > 0
    assert facts == {
        "model": "student-trained-0",
        "parameters": 134515008,
        "bytes": weights.stat().st_size,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "questions": 3,
    }


def test_a_student_is_not_asked_what_the_teacher_was_not(asked: Workspace) -> None:
    Path("data/requests/validation.jsonl").unlink()
    expected = "expected the questions that students are judged by, found none; add validation to prepare.splits"
    assert expected in ask("untrained").output

    asked.edit(prepare={"rotations": 1})
    write_rows(Path("data/raw/validation.jsonl"), QUESTIONS[:2])
    write_requests(load_params(), Path("data/raw"), Path("data/requests"))
    write_rows(Path("data/raw/validation.jsonl"), QUESTIONS)
    assert "expected each question of data/raw once as it is, found others" in ask("untrained").output


def test_a_student_without_weights_is_named(asked: Workspace) -> None:
    (asked.folder / "served/model.gguf").unlink()
    assert "served/model.gguf: expected the weights of a student, found none" in ask("untrained").output


def test_a_question_that_exceeds_the_context_stops_the_stage_with_its_name(asked: Workspace) -> None:
    long = Question("long", "Why? " * 5000, letter_choices(["yes", "no"]), "A", None)
    write_rows(asked.folder / "data/raw/validation.jsonl", [*QUESTIONS, long])
    write_requests(load_params(), Path("data/raw"), Path("data/requests"))
    done = ask("untrained")

    assert done.exit_code == 1
    assert "1 of 4 requests failed, the last (long" in done.output
    assert "exceeds the available context size (4096 tokens)" in done.output
    assert not Path("answers").exists()
