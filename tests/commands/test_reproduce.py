"""Commits that are run again elsewhere: the same bytes, without a call."""

import re
from pathlib import Path

import pytest

from tests.engineers import OTHER_WORDS, another_engineer, first_engineer, share
from tests.project import Project
from tests.servers.teacher import TeacherServer
from tests.stores import folder_store

EXPORT = "data/export"


@pytest.fixture
def ada(project: Project, tmp_path: Path) -> Project:
    """An engineer whose project has a tag, v1, of three commits ago; all is pushed."""
    ada = first_engineer(project, folder_store(tmp_path))
    share(ada, "Run")
    ada.git("tag", "v1")
    for number in (12, 16):
        ada.edit_params(load__train=number)
        ada.repro("infer")
        ada.commit(f"Take {number}")
    ada.edit_params(prompts__letter__system=OTHER_WORDS)
    share(ada, "Ask in other words")
    ada.git("push", "-q", "--tags")
    return ada


def test_a_tag_of_three_commits_ago_gives_the_same_bytes_for_free_on_another_machine(
    ada: Project, teacher: TeacherServer
) -> None:
    asked = len(teacher.calls)
    grace = another_engineer(ada, teacher)

    where, told = grace.make_goal("reproduce", "REV=v1").splitlines()

    assert re.fullmatch(r"commit \w{10} \(Run; Ada, 20..-..-..\): running its stages in /\S+", where)
    assert told == (
        "0 calls made; the same bytes as in the commit: data/raw, data/requests, data/responses, data/answers, "
        "reports/figures, reports/index.html, reports/tables, data/export"
    )
    assert not Path(where.rsplit(" ", 1)[1]).exists()
    assert len(teacher.calls) == asked
    assert grace.run("git", "status", "--porcelain").stdout == ""


def test_where_an_answer_is_nowhere_no_call_is_made_for_it(project: Project, teacher: TeacherServer) -> None:
    project.commit("Run")
    project.environment["POTSTILL_JOURNAL"] = str(project.folder.parent / "empty.sqlite")
    done = project.goal("reproduce", "REV=HEAD")
    assert done.returncode != 0
    assert re.search(
        r"^Error: /\S+: POTSTILL_ASK=never: 13 requests have no answer in the journal or the ledger, and the teacher "
        r"may not be asked; ",
        done.stderr,
        re.MULTILINE,
    )
    assert teacher.calls == []
    assert not Path(done.stdout.rsplit(" ", 1)[1].strip()).exists()


def test_an_export_with_other_bytes_than_the_commit_names_is_told(project: Project) -> None:
    lock = project.read("dvc.lock")
    export = re.search(r"path: data/export\n\s+hash: md5\n\s+md5: (\w+)\.dir", lock)[1]
    (project.folder / "dvc.lock").write_text(lock.replace(export, "0" * 32))
    (project.folder / "requirements.lock").write_text("other packages\n")
    project.commit("Names an export that nobody made")
    project.git("checkout", "-q", "HEAD^", "--", "requirements.lock")
    done = project.goal("reproduce", "REV=HEAD")
    assert done.returncode != 0
    (told,) = [line for line in done.stdout.splitlines() if line.startswith("other bytes")]
    assert told.startswith(
        "other bytes: data/export (requirements.lock of that commit pins other packages than the ones here); look at /"
    )
    assert Path(told.rsplit(" ", 1)[1], EXPORT).is_dir()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        pytest.param("REV=", "REV: expected a commit, tag or branch to reproduce", id="none"),
        pytest.param("REV=nope", "REV: expected a commit, tag or branch, got nope", id="unknown"),
        pytest.param("REV=v0", "dvc.lock: expected an output data/export in commit ", id="before there was one"),
    ],
)
def test_a_revision_that_cannot_be_reproduced_is_told(project: Project, setting: str, sentence: str) -> None:
    (project.folder / "dvc.lock").unlink()
    project.commit("Nothing made")
    project.git("tag", "v0")
    done = project.goal("reproduce", setting)
    assert done.returncode != 0
    assert done.stderr.startswith(f"Error: {sentence}")
