"""A teacher that prefers a letter, asked over HTTP for logprobs, and freed of the preference by PriDe."""

import csv
import json
from typing import TYPE_CHECKING

import pytest

from potstill.core.records import Request, read_rows, write_rows
from stages import analyze, infer, prepare
from tests.preferring import PreferringTeacher
from tests.servers.teacher import Answer, TeacherServer

if TYPE_CHECKING:
    from tests.conftest import Workspace

PRIOR = [0.1, 0.1, 0.6, 0.1, 0.1]
QUESTIONS, ROTATED = 40, 4


@pytest.mark.usefixtures("clean_environment")
def test_pride_frees_a_teacher_of_its_preference_at_few_calls(
    workspace: "Workspace", teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEACHER_MODEL_ENDPOINT", teacher.endpoint)
    monkeypatch.setenv("TEACHER_MODEL_KEY", "not-a-secret")
    extras = {"logprobs": True, "top_logprobs": 20}
    entry = {"provider": "azure", "model": "m", "max_tokens": 16, "extras": extras}
    workspace.edit(teacher="stand-in", teachers={"stand-in": entry}, analyze={"debias": "pride", "explorer_rows": 0})
    workspace.edit(prepare={"rotations": 5, "splits": ["train"]})
    choices = [{"label": letter, "text": f"option {letter}"} for letter in "ABCDE"]
    questions = [
        {"id": f"q{n}", "question": f"What is {n}?", "choices": choices, "answer": "ABCDE"[n % 5], "concept": None}
        for n in range(QUESTIONS)
    ]
    workspace.write_rows("data/raw/train.jsonl", questions)
    workspace.write("data/raw/source.json", json.dumps({"dataset": "made", "skipped": []}))
    workspace.run(prepare.main)
    file = workspace.folder / "data/requests/train.jsonl"
    asked = [one for one in read_rows(file, Request) if int(one.question_id[1:]) < ROTATED or one.rotation == 0]
    write_rows(file, asked)
    preferring = PreferringTeacher(2, PRIOR)
    for request in asked:
        teacher.script_for(request.messages[-1].content, Answer(preferring.complete(request)))

    workspace.run(infer.main)
    workspace.run(analyze.main)

    assert len(teacher.calls) == QUESTIONS + 4 * ROTATED
    assert all(call.body["logprobs"] is True for call in teacher.calls)
    answers = workspace.read_rows("data/answers/train.jsonl")
    right = [preferring.knows(row["id"], row["answer"]) for row in questions]
    assert [row["outcome"] == "correct" for row in answers] == right
    with (workspace.folder / "reports/tables/methods.csv").open(newline="") as table:
        methods = {row["method"]: row for row in csv.DictReader(table)}
    assert float(methods["pride"]["accuracy"]) == sum(right) / QUESTIONS
    assert float(methods["none"]["accuracy"]) < sum(right) / QUESTIONS - 0.1
    with (workspace.folder / "reports/tables/letter_prior.csv").open(newline="") as table:
        priors = [float(row["prior"]) for row in csv.DictReader(table)]
    assert priors == pytest.approx(PRIOR, abs=1e-5)
    page = (workspace.folder / "reports/index.html").read_text(encoding="utf-8")
    assert "Letters and meaning in train" in page
    for name in ("letter_preference", "reliability", "risk_coverage"):
        assert f'<figure id="train_{name}">' in page
        assert (workspace.folder / f"reports/figures/train_{name}.svg").is_file()
