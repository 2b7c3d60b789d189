"""Commits that are run again elsewhere: the same bytes, without a call."""

import re
from pathlib import Path

import pytest

from potstill.commands import push, reproduce
from tests.engineers import OTHER_WORDS, another_engineer, first_engineer, share
from tests.pipelines import QUESTIONS, Pipeline
from tests.project import Project
from tests.servers.teacher import TeacherServer
from tests.stores import UNCLOSED, folder_store

pytestmark = UNCLOSED


def test_a_tag_gives_the_same_bytes_for_free_on_another_machine(
    ada: Pipeline, teacher: TeacherServer, tmp_path: Path
) -> None:
    ada.output(push.main)
    ada.commit("Share")
    ada.git("tag", "v1")
    ada.git("push", "-q", "--tags")
    ada.edit_params(prompts__letter__system=OTHER_WORDS)
    ada.commit("Other words")
    grace = ada.clone(tmp_path / "second")

    first, second = grace.output(reproduce.main, "--revision", "v1").splitlines()

    assert re.fullmatch(r"commit \w{10} \(Share; t@localhost, 20..-..-..\): running its stages in /\S+", first)
    assert second.startswith("0 calls made; the same bytes as in the commit: data/raw, data/requests, data/responses, ")
    assert second.endswith("data/export")
    assert not Path(first.rsplit(" ", 1)[1]).exists()
    assert teacher.calls == []
    assert grace.git("status", "--porcelain") == ""


def test_where_an_answer_is_nowhere_no_call_is_made_for_it(ada: Pipeline, teacher: TeacherServer) -> None:
    ada.environment["POTSTILL_JOURNAL"] = str(ada.folder.parent / "empty.sqlite")
    done = ada.invoke(reproduce.main, "--revision", "HEAD")
    assert done.exit_code == 1
    assert re.search(
        rf"^Error: /\S+: POTSTILL_ASK=never: {QUESTIONS} requests have no answer in the journal or the ledger, and the "
        r"teacher may not be asked; ",
        done.stderr,
        re.MULTILINE,
    )
    assert teacher.calls == []
    assert not Path(done.stdout.rsplit(" ", 1)[1].strip()).exists()


def test_an_export_with_other_bytes_than_the_commit_names_is_kept_to_look_at(ada: Pipeline) -> None:
    lock = ada.read("dvc.lock")
    export = re.search(r"path: data/export\n\s+hash: md5\n\s+md5: (\w+)\.dir", lock)[1]
    head, _, tail = lock.rpartition(export)
    (ada.folder / "dvc.lock").write_text(f"{head}{'0' * 32}{tail}")
    (ada.folder / "requirements.lock").write_text("other packages\n")
    ada.commit("Names an export that nobody made")
    ada.git("rm", "-q", "requirements.lock")
    done = ada.invoke(reproduce.main, "--revision", "HEAD")
    assert done.exit_code == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("other bytes")]
    assert line.startswith(
        "other bytes: data/export (requirements.lock of that commit pins other packages than the ones here); look at /"
    )
    assert Path(line.rsplit(" ", 1)[1], "data/export").is_dir()


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [
        pytest.param("", "REV: expected a commit, tag or branch to reproduce", id="none"),
        pytest.param("nope", "REV: expected a commit, tag or branch, got nope", id="unknown"),
        pytest.param("HEAD", "dvc.lock: expected an output data/export in commit ", id="before there was one"),
    ],
)
def test_a_revision_that_cannot_be_reproduced_is_refused(ada: Pipeline, revision: str, sentence: str) -> None:
    ada.git("rm", "-q", "dvc.lock")
    ada.git("commit", "-qm", "Nothing made")
    assert ada.refuse(reproduce.main, "--revision", revision).startswith(sentence)


@pytest.mark.slow
def test_the_whole_project_at_an_earlier_tag_gives_the_same_bytes_for_free(
    project: Project, teacher: TeacherServer, tmp_path: Path
) -> None:
    ada = first_engineer(project, folder_store(tmp_path))
    share(ada, "Run")
    ada.git("tag", "v1")
    ada.edit_params(load__train=12)
    ada.repro("infer")
    share(ada, "Take 12")
    ada.git("push", "-q", "--tags")
    asked = len(teacher.calls)
    assert (
        "0 calls made; the same bytes as in the commit: data/raw, data/requests, data/responses, data/answers, "
        "reports/figures, reports/index.html, reports/tables, data/export, reports/training_set.js\n"
    ) in another_engineer(ada, teacher).make_goal("reproduce", "REV=v1")
    assert len(teacher.calls) == asked
