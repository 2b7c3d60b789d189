"""What `make status` says, in a project as people have it."""

import re

import pytest

from tests.engineers import OTHER_WORDS, another_engineer, first_engineer, share
from tests.project import QUESTIONS, Project
from tests.servers.teacher import TeacherServer
from tests.stores import Store, folder_store

NO_REMOTE = "no remote storage is set: `make remote URL=azure://container/path` (or s3://, gs://, ssh://, a folder)"


@pytest.fixture
def place(tmp_path) -> Store:
    return folder_store(tmp_path)


def test_where_all_is_done_and_shared_nothing_is_left_to_say(project: Project, place: Store) -> None:
    ada = first_engineer(project, place)
    share(ada, "Run")
    assert ada.make_goal("status").splitlines() == [
        "nothing would run: all stages are up to date",
        "nothing is only here",
    ]


def test_what_is_unpublished_uncommitted_and_without_a_remote_is_told(project: Project) -> None:
    assert project.make_goal("status").splitlines() == [
        "nothing would run: all stages are up to date",
        f"answers not published: {QUESTIONS}: `make publish`",
        "not committed: `git add dvc.lock reports/metrics.json && git commit`",
        "git has no remote to push commits to: `git remote add origin URL`",
        NO_REMOTE,
    ]


def test_an_edit_is_told_with_what_it_changes_and_costs_before_anything_runs(
    project: Project, teacher: TeacherServer
) -> None:
    project.edit_params(prompts__letter__system=OTHER_WORDS, load__train=12)
    project.edit_params(teachers__loopback__price_per_million={"input": 1000, "output": 1000})
    before = project.read("data/requests/train.jsonl")
    said = project.make_goal("status").splitlines()
    assert said[0] == "load would run: load.train 8 → 12"
    assert re.fullmatch(
        r"prepare would run: prompts\.letter\.system You answer .*… → One of \{labels\}, please\.", said[1]
    )
    assert said[2].startswith("infer would run: teachers.loopback.price_per_million nothing → {'input': 1000")
    assert said[4] == "after that, where their inputs change: export"
    counted = dict(line.split(maxsplit=1) for line in said[5:])
    assert counted["requests"] == "17, 17 of them distinct"
    assert re.fullmatch(r"\d+\.\d{4} USD", counted["cost"])
    assert said[7] == "to ask       17"
    assert project.read("data/requests/train.jsonl") == before
    assert teacher.calls == []


def test_in_a_clone_that_has_pulled_nothing_it_says_what_is_not_here(project: Project, place: Store) -> None:
    ada = first_engineer(project, place)
    share(ada, "Run")
    grace = another_engineer(ada)
    said = grace.make_goal("status")
    assert "load would run: data/raw is not here\n" in said
    assert "what it would cost is not known: data/ledger.dvc: expected the 1 files that it names" in said
    assert re.search(
        r"^not here: data/answers; data/export; data/ledger and 6 others; `make pull` fetches what others made; until "
        r"then `make repro` asks nothing$",
        said,
        re.MULTILINE,
    )


def test_a_remote_that_is_away_hides_nothing_else(project: Project, place: Store, tmp_path) -> None:
    ada = first_engineer(project, place)
    (tmp_path / "store").rmdir()
    said = ada.make_goal("status").splitlines()
    assert said[:3] == [
        "nothing would run: all stages are up to date",
        f"answers not published: {QUESTIONS}: `make publish`",
        "not committed: `git add .dvc/config dvc.lock reports/metrics.json && git commit`",
    ]
    assert said[-1].startswith(f"remote store ({place.url}): it is not there (")


@pytest.mark.parametrize("choice", ["dataset", "prompt", "teacher"])
def test_a_name_that_is_not_known_is_told_in_a_sentence(project: Project, choice: str) -> None:
    project.edit_params(**{choice: "nope"})
    done = project.goal("status")
    assert done.returncode != 0
    assert done.stderr.startswith("Error: ")
    assert "nope" in done.stderr
    assert "Traceback" not in done.stderr
