"""What `make gc` removes from DVC's cache, and what it never does."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from potstill.commands import gc, pull, push
from tests.clones import Clone, set_remote
from tests.conftest import copy_small
from tests.stores import UNCLOSED

pytestmark = UNCLOSED


def contents(clone: Clone) -> set[bytes]:
    return {file.read_bytes() for file in clone.objects() if file.suffix != ".dir"}


@pytest.fixture(scope="module")
def history_template(small_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions of an export, two of a ledger, all of them pushed."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "remote").mkdir()
    first = set_remote(copy_small(small_template, folder), "../../remote")
    for text, bought in (("one", "a"), ("two", None), ("three", "b")):
        if bought:
            first.buy(bought)
        first.keep("data/export", train=text)
        first.output(push.main)
        first.commit(text)
    return folder


@pytest.fixture
def history(history_template: Path, tmp_path: Path) -> Clone:
    return copy_small(history_template, tmp_path)


def test_what_the_remote_has_and_nothing_here_needs_goes_and_comes_back(history: Clone) -> None:
    said = history.output(gc.main)
    assert re.fullmatch(r"\d files, \d+ bytes removed from DVC's cache\n", said)
    assert {b"one", b"two"} & contents(history) == set()
    assert b"three" in contents(history)
    history.git("checkout", "-q", "HEAD~2")
    history.output(pull.main)
    assert (history.folder / "data/export/train.jsonl").read_text() == "one"


def test_the_ledger_of_every_commit_stays(history: Clone) -> None:
    before = {file for file in history.objects() if re.match(rb"\x1f\x8b|.*\.jsonl\.gz", file.read_bytes())}
    assert len(before) == 4  # two segments, and a listing for each of two commits
    history.git("checkout", "-q", "HEAD~1")
    history.output(gc.main)
    assert before <= history.objects()


def test_what_only_this_machine_has_stays(history: Clone) -> None:
    history.keep("data/export", train="four")
    history.commit("Not pushed to the remote", pushed=False)
    history.keep("data/export", train="five")
    history.commit("Neither", pushed=False)
    history.keep("data/export", train="nameless")
    history.keep("data/export", train="five")
    said = history.output(gc.main)
    assert {b"four", b"five", b"nameless"} <= contents(history)
    assert b"two" not in contents(history)
    assert re.search(
        r"\n4 files, \d+ bytes stay, since only this machine has them: `make push ALL=1` shares what commits name; "
        r"`make gc UNPUSHED=1` removes the 2 of them that no commit names\n",
        said,
    )
    said = history.output(gc.main, "--unpushed")
    assert b"nameless" not in contents(history)
    assert {b"four", b"five"} <= contents(history)
    assert re.search(r"\n2 files, \d+ bytes stay, since commits name them and only this machine has them: ", said)


def drop_last_commit(clone: Clone) -> None:
    clone.git("reset", "-q", "--hard", "HEAD^")
    shutil.rmtree(clone.folder / "data/export")
    clone.output(pull.main)


def test_what_a_dropped_commit_or_a_stash_names_stays_while_git_remembers_it(history: Clone) -> None:
    history.keep("data/export", train="stashed")
    history.git("stash", "push", "-q")
    history.keep("data/export", train="dropped")
    history.commit("To be dropped", pushed=False)
    drop_last_commit(history)
    history.output(gc.main, "--unpushed")
    assert {b"dropped", b"stashed"} <= contents(history)


def test_experiments_stay_until_they_are_let_go(history: Clone) -> None:
    history.keep("data/export", train="variant")
    variant = history.commit("Variant", pushed=False)
    history.output(push.main)
    history.git("update-ref", "refs/exps/12/34/variant", variant)
    drop_last_commit(history)
    history.output(gc.main)
    assert b"variant" in contents(history)
    history.output(gc.main, "--experiments")
    assert b"variant" not in contents(history)


def away(remote: Path) -> None:
    remote.rename(remote.with_name("away"))


def unset(remote: Path) -> None:
    config = remote.parent / "first/.dvc/config"
    config.write_text(config.read_text().replace("remote = store", ""))


@pytest.mark.parametrize(
    ("arrange", "sentence"),
    [
        pytest.param(unset, "nothing is removed, since all of it is only here: no remote", id="no remote"),
        pytest.param(away, "it is not there", id="a remote that is away"),
    ],
)
def test_without_a_remote_that_can_be_asked_nothing_goes(
    history: Clone, tmp_path: Path, arrange: Callable[[Path], None], sentence: str
) -> None:
    before = history.objects()
    arrange(tmp_path / "remote")
    assert sentence in history.refuse(gc.main)
    assert history.objects() == before


def test_a_copy_in_the_remote_that_is_cut_short_is_no_copy(history: Clone, tmp_path: Path) -> None:
    (cut,) = [file for file in (tmp_path / "remote").rglob("*") if file.is_file() and file.read_bytes() == b"one"]
    cut.chmod(0o644)
    cut.write_bytes(b"o")
    cut.chmod(0o444)  # as DVC leaves files that it takes for safe
    history.output(gc.main)
    assert b"one" in contents(history)
    assert b"two" not in contents(history)


def test_what_others_may_need_is_not_judged_by_this_clone(history: Clone, tmp_path: Path) -> None:
    def refuse(clone: Clone) -> str:
        return clone.refuse(gc.main, "--unpushed").removeprefix("UNPUSHED: ")

    running = history.folder / ".dvc/tmp/exps/standalone"
    running.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"], cwd=running) as process:
        assert refuse(history).startswith("an experiment is running")
        process.kill()
    history.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    assert refuse(history).startswith("this repository has other worktrees")
    history.git("worktree", "remove", str(tmp_path / "tree"))
    private = history.folder / ".dvc/config.local"
    private.write_text(f"[cache]\n    dir = {tmp_path}/cache\n")
    assert refuse(history).startswith("the cache in ")
    private.unlink()
    history.git("clone", "-q", "--depth", "1", f"file://{tmp_path}/upstream.git", str(tmp_path / "shallow"))
    assert refuse(Clone(tmp_path / "shallow", history.journal)).startswith("this clone is shallow")
    history.output(gc.main, "--unpushed")
