"""Ledgers as people share them: real `dvc` and `git`, a folder for a remote, one journal for each engineer."""

import os
import re
import shutil
from pathlib import Path

import pytest

from potstill.commands import publish, pull, push
from potstill.core.errors import InputError
from potstill.teacher.store.ledger import check_complete
from tests.clones import BIN, Clone
from tests.pipelines import QUESTIONS, Pipeline
from tests.servers.teacher import TeacherServer
from tests.stores import UNCLOSED

pytestmark = UNCLOSED


def test_what_was_bought_is_written_tracked_and_pushed(first: Clone) -> None:
    first.buy("a", "b", "c")
    assert re.fullmatch(
        r"3 answers published as (data/ledger/\w{16}\.jsonl\.gz); 2 files, \d+ bytes pushed; "
        r"now `git add data/ledger\.dvc && git commit`\n",
        first.publish(),
    )
    assert first.answers() == {"a", "b", "c"}
    assert first.git("status", "--porcelain", "-uall").split() == ["??", "data/ledger.dvc"]


def files_of(remote: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in remote.rglob("*") if file.is_file()}


def test_only_a_new_segment_travels_and_what_did_not_is_pushed_later(first: Clone, tmp_path: Path) -> None:
    first.share("a")
    old = files_of(tmp_path / "remote")
    first.share("b")
    new = files_of(tmp_path / "remote")
    assert old.items() <= new.items()
    assert len(new) == len(old) + 2  # the segment and the listing
    shutil.rmtree(tmp_path / "remote")
    (tmp_path / "remote").mkdir()
    assert first.publish().startswith("no new answers to publish; 3 files, ")
    assert len(files_of(tmp_path / "remote")) == 3


def test_the_pointer_is_replaced_and_never_half_written(first: Clone) -> None:
    first.share("a")
    with first.pointer.open() as opened_before:
        old = first.pointer.read_text()
        first.share("b")
        assert opened_before.read() == old != first.pointer.read_text()


def test_without_a_remote_the_segment_is_kept_and_the_way_on_is_said(local: Clone) -> None:
    local.buy("a")
    said = local.publish()
    assert said.startswith("1 answers published as data/ledger/")
    assert "; not pushed, since no remote storage is set: `make remote URL=azure://container/path` " in said
    assert said.count("\n") == 1
    assert local.answers() == {"a"}
    assert "nfiles: 1" in local.pointer.read_text()


def test_with_nothing_bought_nothing_is_made(local: Clone) -> None:
    assert local.publish() == "no new answers to publish; the ledger is empty\n"
    assert local.git("status", "--porcelain") == ""


def test_a_remote_that_cannot_be_written_is_told_in_one_sentence(first: Clone, tmp_path: Path) -> None:
    (tmp_path / "remote").rmdir()
    (tmp_path / "remote").write_text("a file where the folder should be")
    first.buy("a")
    assert re.fullmatch(
        r"remote store \([^\n]+/remote\): [^\n]+; the segment is kept, run `make publish` again [^\n]+",
        first.refuse(publish.main),
    )
    (tmp_path / "remote").unlink()
    (tmp_path / "remote").mkdir()
    assert " pushed; " in first.publish()


def test_a_ledger_that_was_not_pulled_is_not_published_over(first: Clone, tmp_path: Path) -> None:
    first.share("a")
    first.git("push", "-q", "origin", "main")
    second = first.clone(tmp_path / "second")
    second.buy("b")
    for command in (publish.main, push.main):
        assert "run `make pull`, or the answers in them would be bought again" in second.refuse(command)
    second.output(pull.main)
    assert second.publish().startswith("1 answers published")
    assert second.answers() == {"a", "b"}


def test_what_a_killed_publish_leaves_is_no_part_of_the_ledger(local: Clone) -> None:
    local.ledger.mkdir(parents=True)
    (local.ledger / "4711.part").write_text("half")
    local.share("a")
    assert "nfiles: 1" in local.pointer.read_text()
    check_complete(local.ledger, local.pointer)
    assert local.git("status", "--porcelain", "--untracked-files=all") == ""


@pytest.mark.slow
def test_a_merge_unites_two_ledgers_of_which_no_ancestor_had_one(local: Clone) -> None:
    local.git("branch", "other")
    local.share("a")
    local.git("checkout", "-q", "other")
    shutil.rmtree(local.ledger)
    local.share("b")
    local.git("merge", "-q", "-m", "Merge", "main")
    local.run("dvc", "checkout", "--quiet", "data/ledger.dvc")
    assert len(list(local.ledger.iterdir())) == 2
    check_complete(local.ledger, local.pointer)


def test_a_merge_unites_what_two_engineers_published(first: Clone, tmp_path: Path) -> None:
    first.share("z")
    first.git("push", "-q", "origin", "main")
    second = first.clone(tmp_path / "second")
    second.output(pull.main)
    second.share("b")
    first.share("a")
    first.git("push", "-q", "origin", "main")
    second.environment["PATH"] = os.environ["PATH"].replace(str(BIN), "")  # whoever merges need not be in .venv

    second.git("pull", "-q", "--no-rebase", "origin", "main")

    assert "answers new to the journal: 1 (segments in data/ledger: 3)" in second.output(pull.main)
    assert second.answers() == {"a", "b", "z"}


def test_without_the_driver_a_merge_is_a_conflict_that_is_told(first: Clone) -> None:
    first.git("branch", "other")
    first.share("a")
    first.git("checkout", "-q", "other")
    shutil.rmtree(first.ledger)
    first.buy("b")
    first.share("b")
    first.git("config", "--unset", "merge.dvc.driver")
    assert first.attempt("git", "merge", "main").returncode != 0
    with pytest.raises(InputError, match=r"ledger\.dvc: expected .* marks of a merge"):
        check_complete(first.ledger, first.pointer)


@pytest.mark.slow
def test_an_experiment_in_a_folder_of_its_own_goes_on_with_what_the_journal_knows(
    ada: Pipeline, teacher: TeacherServer
) -> None:
    ada.share()
    shutil.rmtree(ada.ledger)
    for segment in [file for file in ada.objects() if file.read_bytes()[:2] == b"\x1f\x8b"]:
        segment.unlink()
    done = ada.attempt("dvc", "exp", "run", "--temp", "--set-param", "+teachers.loopback.max_tokens=9")
    assert f"{QUESTIONS} requests: 0 asked" in done.stdout, done.stderr
    assert teacher.calls == []
