"""What sharing is for: what one engineer buys and pushes, no other one pays for again."""

import re
from pathlib import Path

import pytest

from potstill.commands import pull, push
from tests.documents import merge_recipe, with_tests_python
from tests.engineers import OTHER_WORDS, another_engineer, first_engineer, share
from tests.pipelines import QUESTIONS, Pipeline
from tests.project import QUESTIONS as ALL_QUESTIONS
from tests.project import Project
from tests.servers.teacher import TeacherServer
from tests.stores import UNCLOSED, Store, folder_store

pytestmark = UNCLOSED


def test_what_one_machine_buys_another_has_and_adds_to(ada: Pipeline, teacher: TeacherServer, tmp_path: Path) -> None:
    said = ada.output(push.main)
    assert f"{QUESTIONS} answers published as data/ledger/" in said
    ada.commit("Share")
    grace = ada.clone(tmp_path / "second")

    said = grace.output(pull.main)

    assert f"answers new to the journal: {QUESTIONS} (segments in data/ledger: 1)" in said
    assert said.endswith("nothing is only here\n")
    assert grace.status() == {}
    assert grace.git("status", "--porcelain") == ""
    assert grace.repro("infer", force=True) == ["infer"]
    assert grace.read("data/responses/train.jsonl") == ada.read("data/responses/train.jsonl")
    assert teacher.calls == []

    grace.edit_params(prompts__letter__system=OTHER_WORDS)
    grace.prepare()
    assert grace.repro() == ["prepare", "infer", "analyze", "export"]
    assert len(teacher.calls) == QUESTIONS
    before = {file for file in (tmp_path / "store").rglob("*") if file.is_file()}
    assert f"{QUESTIONS} answers published as data/ledger/" in grace.output(push.main)
    grace.commit("Ask in other words")
    assert before < {file for file in (tmp_path / "store").rglob("*") if file.is_file()}
    assert len(list(grace.ledger.iterdir())) == 2

    ada.git("pull", "-q")
    ada.output(pull.main)
    assert ada.status() == {}
    assert ada.repro("infer", force=True) == ["infer"]
    assert len(teacher.calls) == QUESTIONS


@pytest.mark.slow
@pytest.mark.parametrize("store", ["azure", "s3"], indirect=True)
def test_the_whole_project_is_shared_by_its_goals_over_real_services(
    project: Project, teacher: TeacherServer, store: Store
) -> None:
    ada = first_engineer(project, store)
    said = share(ada, "Run")
    files = store.files()
    assert re.search(rf"^{len(files)} files, [\d.]+ [kM]?B pushed to", said, re.MULTILINE)

    grace = another_engineer(ada, teacher)
    said = grace.make_goal("pull")
    assert f"{len(files)} files, " in said
    assert f"answers new to the journal: {ALL_QUESTIONS} (segments in data/ledger: 1)" in said
    for name in ("reports/index.html", "data/export/question_answer/train.jsonl", "data/responses/train.jsonl"):
        assert grace.read(name) == ada.read(name)
    assert grace.repro() == []
    assert grace.run("git", "status", "--porcelain").stdout == ""
    assert teacher.calls == []

    grace.edit_params(load__train=28)
    assert grace.repro("infer") == ["load", "prepare", "infer"]
    assert len(teacher.calls) == 20
    assert "20 answers published as data/ledger/" in share(grace, "Ask 20 more")
    assert files.items() <= store.files().items()  # nothing that was there travelled again
    ada.git("pull", "-q")
    ada.make_goal("pull")
    assert ada.repro("infer") == []
    assert ada.repro("--force", "--single-item", "infer") == ["infer"]
    assert len(teacher.calls) == 20


@pytest.mark.slow
def test_experiments_are_pushed_pulled_and_compared_on_another_machine(
    project: Project, teacher: TeacherServer, tmp_path: Path
) -> None:
    ada = first_engineer(project, folder_store(tmp_path))
    share(ada, "Run")
    done = ada.run("dvc", "exp", "run", "--name", "thinking", "--set-param", "prompt=chain_of_thought")
    assert done.returncode == 0, done.stderr
    assert len(teacher.calls) == ALL_QUESTIONS
    ada.make_goal("restore")
    assert "outputs of experiments not in the remote: " in ada.make_goal("push")
    said = ada.make_goal("push", "EXPS=1")
    assert "experiments pushed to git's remote origin: 1\n" in said
    assert "outputs of experiments" not in said
    share(ada, "Publish what the experiment bought")

    grace = another_engineer(ada, teacher)
    assert "experiments fetched from git's remote origin: 1: " in grace.make_goal("pull", "EXPS=1")
    shown = grace.run("dvc", "exp", "show", "--all-commits", "--md", "--only-changed").stdout
    assert "thinking" in shown
    assert "chain_of_thought" in shown
    assert grace.run("dvc", "exp", "apply", "thinking").returncode == 0
    assert grace.repro() == []
    assert grace.repro("--force", "--single-item", "infer") == ["infer"]
    assert len(teacher.calls) == ALL_QUESTIONS


@pytest.mark.slow
def test_two_branches_that_both_bought_are_merged_as_the_recipe_says_with_nothing_lost(
    project: Project, teacher: TeacherServer, tmp_path: Path
) -> None:
    ada = first_engineer(project, folder_store(tmp_path))
    share(ada, "Run")
    grace = another_engineer(ada, teacher)
    grace.make_goal("pull")
    ada.edit_params(load__train=12)
    ada.repro("infer")
    share(ada, "Take 4 more")
    grace.edit_params(prompts__letter__system=OTHER_WORDS)
    grace.repro("infer")
    grace.make_goal("push")
    grace.commit("Ask in other words")
    assert len(teacher.calls) == 4 + ALL_QUESTIONS

    grace.git("fetch", "-q")
    assert grace.run("git", "merge", "origin/HEAD").returncode != 0
    for command in merge_recipe():
        done = grace.run("bash", "-c", with_tests_python(command))
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    # 4 of the questions are new in Grace's words, and only those are asked: what both bought is found.
    assert len(teacher.calls) == 4 + ALL_QUESTIONS + 4
    assert len(list((grace.folder / "data/ledger").glob("*.jsonl.gz"))) == 4
    grace.git("checkout", "-q", "--detach", "HEAD^2")
    grace.make_goal("pull")
    assert grace.repro("--force", "--single-item", "infer") == ["infer"]
    assert len(teacher.calls) == 4 + ALL_QUESTIONS + 4
