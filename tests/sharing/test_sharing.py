"""What sharing is for: what one engineer buys and pushes, no other one pays for again."""

from pathlib import Path

from potstill.commands import pull, push
from tests.pipelines import QUESTIONS, Pipeline
from tests.servers.teacher import TeacherServer
from tests.stores import UNCLOSED

pytestmark = UNCLOSED


def test_what_one_machine_buys_another_has_and_adds_to(ada: Pipeline, teacher: TeacherServer, tmp_path: Path) -> None:
    said = ada.tell(push.main)
    assert f"{QUESTIONS} answers published as data/ledger/" in said
    ada.commit("Share")
    grace = ada.clone(tmp_path / "second")

    said = grace.tell(pull.main)

    assert f"answers new to the journal: {QUESTIONS} (segments in data/ledger: 1)" in said
    assert said.endswith("nothing is only here\n")
    assert grace.status() == {}
    assert grace.git("status", "--porcelain") == ""
    assert grace.repro("infer", force=True) == ["infer"]
    assert grace.read("data/responses/train.jsonl") == ada.read("data/responses/train.jsonl")
    assert teacher.calls == []

    grace.edit_params(prompts__letter__system="One of {labels}, please.")
    grace.prepare()
    assert grace.repro() == ["prepare", "infer", "analyze", "export"]
    assert len(teacher.calls) == QUESTIONS
    before = {file for file in (tmp_path / "store").rglob("*") if file.is_file()}
    assert f"{QUESTIONS} answers published as data/ledger/" in grace.tell(push.main)
    grace.commit("Ask in other words")
    assert before < {file for file in (tmp_path / "store").rglob("*") if file.is_file()}
    assert len(list(grace.ledger.iterdir())) == 2

    ada.git("pull", "-q")
    ada.tell(pull.main)
    assert ada.status() == {}
    assert ada.repro("infer", force=True) == ["infer"]
    assert len(teacher.calls) == QUESTIONS
