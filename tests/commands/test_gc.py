"""What `make gc` removes from DVC's cache, and what it never does."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from potstill.commands import gc, pull, push
from tests.clones import Clone
from tests.stores import UNCLOSED

pytestmark = UNCLOSED


def contents(clone: Clone) -> set[bytes]:
    return {file.read_bytes() for file in clone.objects() if file.suffix != ".dir"}


@pytest.fixture
def history(first: Clone) -> Clone:
    """Three versions of an export, two of a ledger; the first two versions are pushed."""
    first.buy("a")
    for text in ("one", "two"):
        first.keep("data/export", train=text)
        first.tell(push.main)
        first.commit(text)
    first.buy("b")
    first.keep("data/export", train="three")
    first.tell(push.main)
    first.commit("three")
    return first


def test_what_the_remote_has_and_nothing_here_needs_goes_and_comes_back(history: Clone) -> None:
    said = history.tell(gc.main)
    assert re.fullmatch(r"\d files, \d+ bytes removed from DVC's cache\n", said)
    assert {b"one", b"two"} & contents(history) == set()
    assert b"three" in contents(history)
    history.git("checkout", "-q", "HEAD~2")
    history.tell(pull.main)
    assert (history.folder / "data/export/train.jsonl").read_text() == "one"


def test_the_ledger_of_every_commit_stays(history: Clone) -> None:
    before = {file for file in history.objects() if file.read_bytes()[:2] == b"\x1f\x8b"}
    assert len(before) == 2
    history.git("checkout", "-q", "HEAD~1")
    history.tell(gc.main)
    assert before <= history.objects()


def test_what_only_this_machine_has_stays_and_is_told(history: Clone) -> None:
    history.keep("data/export", train="four")
    history.commit("Not pushed to the remote", pushed=False)
    history.keep("data/export", train="five")
    history.commit("Neither", pushed=False)
    history.keep("data/export", train="nameless")
    history.keep("data/export", train="five")
    said = history.tell(gc.main)
    assert {b"four", b"five", b"nameless"} <= contents(history)
    assert b"two" not in contents(history)
    assert re.search(
        r"\n4 files, \d+ bytes stay, since only this machine has them: `make push ALL=1` shares what commits name; "
        r"`make gc UNPUSHED=1` removes the 2 of them that no commit names\n",
        said,
    )
    said = history.tell(gc.main, "--unpushed")
    assert b"nameless" not in contents(history)
    assert {b"four", b"five"} <= contents(history)
    assert re.search(r"\n2 files, \d+ bytes stay, since commits name them and only this machine has them: ", said)


def test_what_a_dropped_commit_named_counts_as_named_while_git_remembers_it(history: Clone) -> None:
    history.keep("data/export", train="dropped")
    history.commit("To be dropped", pushed=False)
    history.git("reset", "-q", "--hard", "HEAD^")
    history.run("dvc", "checkout", "--quiet")
    history.tell(gc.main, "--unpushed")
    assert b"dropped" in contents(history)


def test_experiments_stay_until_they_are_let_go(history: Clone) -> None:
    history.keep("data/export", train="variant")
    variant = history.commit("Variant", pushed=False)
    history.tell(push.main)
    history.git("update-ref", "refs/exps/12/34/variant", variant)
    history.git("reset", "-q", "--hard", "HEAD^")
    history.run("dvc", "checkout", "--quiet")
    history.tell(gc.main)
    assert b"variant" in contents(history)
    history.tell(gc.main, "--experiments")
    assert b"variant" not in contents(history)


def test_without_a_remote_nothing_goes(local: Clone) -> None:
    local.keep("data/export", train="one")
    local.commit("one")
    local.keep("data/export", train="two")
    before = local.objects()
    assert local.refuse(gc.main).startswith(
        "nothing is removed, since all of it is only here: no remote storage is set"
    )
    assert local.objects() == before


def test_a_remote_that_cannot_be_reached_removes_nothing(history: Clone, tmp_path: Path) -> None:
    before = history.objects()
    (tmp_path / "remote").rename(tmp_path / "away")
    assert "it is not there" in history.refuse(gc.main)
    assert history.objects() == before


def test_it_runs_in_the_projects_own_folder_alone(history: Clone) -> None:
    before = history.objects()
    below = Clone(history.folder / "data", history.journal)
    below.environment = history.environment
    assert "expected the project's own folder, " in below.refuse(gc.main, "--unpushed")
    assert history.objects() == before


def test_a_copy_in_the_remote_that_is_cut_short_is_no_copy(history: Clone, tmp_path: Path) -> None:
    (cut,) = [file for file in (tmp_path / "remote").rglob("*") if file.is_file() and file.read_bytes() == b"one"]
    cut.chmod(0o644)
    cut.write_bytes(b"o")
    history.tell(gc.main)
    assert b"one" in contents(history)
    assert b"two" not in contents(history)


def shared_cache(clone: Clone) -> None:
    clone.run("dvc", "config", "--local", "cache.dir", str(clone.folder.parent / "cache"))


def worktree(clone: Clone) -> None:
    clone.git("worktree", "add", "-q", "--detach", str(clone.folder.parent / "tree"))


@pytest.mark.parametrize(
    ("arrange", "sentence"),
    [
        pytest.param(shared_cache, "UNPUSHED: the cache in ", id="a cache that may serve others"),
        pytest.param(worktree, "UNPUSHED: this repository has other worktrees", id="worktree"),
    ],
)
def test_what_others_may_need_is_not_judged_by_this_clone(
    history: Clone, arrange: Callable[[Clone], None], sentence: str
) -> None:
    arrange(history)
    assert history.refuse(gc.main, "--unpushed").startswith(sentence)
    history.tell(gc.main)


def test_a_shallow_clone_does_not_know_what_no_commit_names(history: Clone, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/upstream.git"
    history.git("clone", "-q", "--depth", "1", url, str(tmp_path / "shallow"))
    shallow = Clone(tmp_path / "shallow", history.journal)
    assert shallow.refuse(gc.main, "--unpushed").startswith("UNPUSHED: this clone is shallow")


def test_files_of_a_running_experiment_are_not_taken_for_nobodys(history: Clone) -> None:
    folder = history.folder / ".dvc/tmp/exps/standalone"
    folder.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"], cwd=folder) as running:
        assert history.refuse(gc.main, "--unpushed").startswith("UNPUSHED: an experiment is running")
        running.kill()
    history.tell(gc.main, "--unpushed")
