"""What `make status` prints, in a project as people have it."""

import re
from pathlib import Path

import pytest

from potstill.commands import push, status
from tests.engineers import OTHER_WORDS
from tests.pipelines import QUESTIONS, Pipeline
from tests.project import QUESTIONS as ALL_QUESTIONS
from tests.project import Project
from tests.servers.teacher import TeacherServer
from tests.stores import UNCLOSED

pytestmark = UNCLOSED

NO_REMOTE = "no remote storage is set: `make remote URL=azure://container/path` (or s3://, gs://, ssh://, a folder)"
UP_TO_DATE = "nothing would run: all stages are up to date"
UNPUBLISHED = f"answers not published: {QUESTIONS}: `make publish`"


def test_what_is_unpublished_uncommitted_and_without_a_remote_is_listed_until_it_is_shared(ada: Pipeline) -> None:
    config = (ada.folder / ".dvc/config").read_text()
    (ada.folder / ".dvc/config").write_text(config.replace("remote = store", ""))
    ada.git("remote", "remove", "origin")
    assert ada.output(status.main).splitlines() == [
        UP_TO_DATE,
        UNPUBLISHED,
        "not committed: `git add .dvc/config && git commit`",
        "git has no remote to push commits to: `git remote add origin URL`",
        NO_REMOTE,
    ]
    (ada.folder / ".dvc/config").write_text(config)
    ada.git("remote", "add", "origin", str(ada.folder.parent / "upstream.git"))
    ada.output(push.main)
    ada.commit("Share", pushed=False)
    ada.git("push", "-q", "--set-upstream", "origin", "main")
    assert ada.output(status.main).splitlines() == [UP_TO_DATE, "nothing is only here"]


def test_an_edit_is_described_with_what_it_changes_and_costs_before_anything_runs(
    ada: Pipeline, teacher: TeacherServer
) -> None:
    ada.edit_params(
        prompts__letter__system=OTHER_WORDS,
        teachers__loopback__max_tokens=99,
        price_per_million__loopback={"input": 1000, "output": 1000},
    )
    before = ada.read("data/requests/train.jsonl")
    lines = ada.output(status.main).splitlines()
    assert re.fullmatch(
        r"prepare would run: prompts\.letter\.system You answer .*… → One of \{labels\}, please\.", lines[0]
    )
    assert lines[1] == "infer would run: teachers.loopback.max_tokens nothing → 99"
    assert lines[2].startswith("analyze would run: price_per_million.loopback nothing → {'input': 1000")
    assert lines[3] == "after that, where their inputs change: export"
    counts = dict(line.split(maxsplit=1) for line in lines[4:9])
    assert counts["requests"] == f"{QUESTIONS}, {QUESTIONS} of them distinct"
    assert re.fullmatch(r"at most \d\.\d\d USD", counts["cost"])
    assert lines[6] == f"to ask       {QUESTIONS}"
    assert ada.read("data/requests/train.jsonl") == before
    assert teacher.calls == []


def test_in_a_clone_that_has_pulled_nothing_it_names_what_is_not_here(ada: Pipeline, tmp_path: Path) -> None:
    ada.output(push.main)
    ada.commit("Share")
    text = ada.clone(tmp_path / "second").output(status.main)
    assert "load would run: data/raw is not here\n" in text
    assert "what it would cost is not known: " in text
    assert re.search(
        r"^not here: data/answers; data/export; data/ledger and 3 others; `make pull` fetches what others made; until "
        r"then `make repro` asks nothing$",
        text,
        re.MULTILINE,
    )


def test_a_remote_that_is_away_hides_nothing_else(ada: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "store").rmdir()
    lines = ada.output(status.main).splitlines()
    assert lines[:2] == [UP_TO_DATE, UNPUBLISHED]
    assert lines[-1].startswith(f"remote store ({tmp_path}/store): it is not there (")


@pytest.mark.parametrize("choice", ["dataset", "prompt", "teacher"])
def test_a_name_that_is_not_known_is_refused_in_a_sentence(ada: Pipeline, choice: str) -> None:
    ada.edit_params(**{choice: "nope"})
    assert "nope" in ada.refuse(status.main)


@pytest.mark.slow
def test_an_edit_of_the_sample_is_counted_with_what_load_would_write(project: Project, teacher: TeacherServer) -> None:
    project.edit_params(load__train=12)
    lines = project.make_goal("status").splitlines()
    assert lines[0] == "load would run: load.train 8 → 12"
    assert f"requests     {ALL_QUESTIONS + 4}, {ALL_QUESTIONS + 4} of them distinct" in lines
    assert "to ask       4" in lines
    assert teacher.calls == []
