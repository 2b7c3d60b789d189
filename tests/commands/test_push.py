"""What `make push` brings to the remote, and what it says of the rest."""

import re
from pathlib import Path

import pytest

from potstill.commands import gc, pull, push
from potstill.sharing.formatting import format_size
from tests.clones import Clone, set_remote
from tests.stores import UNCLOSED

pytestmark = UNCLOSED


def stored(tmp_path: Path) -> set[str]:
    return {file.parent.name + file.name for file in (tmp_path / "remote").rglob("*") if file.is_file()}


def test_the_ledger_and_the_outputs_go_with_one_command(first: Clone, tmp_path: Path) -> None:
    first.buy("a", "b")
    first.keep("data/export", train="rows")
    said = first.output(push.main)
    assert re.match(r"2 answers published as data/ledger/\w{16}\.jsonl\.gz\n4 files, \d+ bytes pushed to /", said)
    assert len(stored(tmp_path)) == 4  # a segment, an output's file, and the two listings
    assert "not committed: `git add " in said
    first.commit("Share")
    assert first.output(push.main).splitlines() == [
        "no new answers to publish",
        f"0 files, 0 bytes pushed to {tmp_path}/remote",
        "nothing is only here",
    ]


def test_outputs_of_commits_from_before_there_was_a_remote_are_only_here_until_all_is_said(
    local: Clone, tmp_path: Path
) -> None:
    local.keep("data/export", train="old")
    local.commit("Before the remote")
    local.keep("data/export", train="new")
    set_remote(local, tmp_path / "remote")
    said = local.output(push.main)
    assert re.search(
        r"^outputs of other commits not in the remote: 2 files, \d+ bytes: `make push ALL=1`$", said, re.MULTILINE
    )
    assert "2 files, " in local.output(push.main, "--all-commits").splitlines()[1]
    assert local.output(push.main).splitlines()[-1] == "nothing is only here"
    assert len(stored(tmp_path)) == 4


def last_line(clone: Clone) -> str:
    return clone.output(push.main).splitlines()[-1]


def test_commits_that_are_not_pushed_come_with_the_command_that_pushes_them(first: Clone) -> None:
    first.git("commit", "-q", "--allow-empty", "-m", "On main")
    assert last_line(first) == "commits not pushed: 1: `git push`"
    first.git("push", "-q")
    first.git("checkout", "-qb", "new")
    assert last_line(first) == "nothing is only here"
    first.git("commit", "-q", "--allow-empty", "-m", "On a new branch")
    assert last_line(first) == "commits not pushed: 1: `git push --set-upstream origin HEAD`"
    first.git("checkout", "-q", "main")
    assert last_line(first) == "commits not pushed: 1: `git push --all`, and `git push --tags`"
    first.git("checkout", "-q", "--detach", "new")
    assert last_line(first) == (
        "commits not pushed: 1: `git switch --create NAME`, and then `git push --set-upstream origin HEAD`"
    )


def test_a_project_without_a_git_remote_is_told_how_to_add_one(first: Clone) -> None:
    first.git("remote", "remove", "origin")
    assert last_line(first).startswith("git has no remote to push commits to: ")
    assert first.refuse(push.main, "--experiments").startswith("git: expected a remote to share experiments through")


def test_an_experiment_whose_commit_is_only_here_is_counted_until_it_is_pushed(first: Clone, tmp_path: Path) -> None:
    first.git("update-ref", "refs/exps/12/34/variant", "HEAD")
    assert last_line(first) == "experiments not in git's remote origin: 1: `make push EXPS=1`"
    (tmp_path / "upstream.git").rename(tmp_path / "away.git")
    assert "git's remote origin cannot be asked which of 1 experiments it has" in first.output(push.main)
    for command in (push.main, pull.main):
        assert first.refuse(command, "--experiments").startswith("experiments: git's remote origin did not ")
    (tmp_path / "away.git").rename(tmp_path / "upstream.git")
    first.git("push", "-q", "origin", "refs/exps/12/34/variant")
    assert last_line(first) == "nothing is only here"


def test_files_that_are_not_committed_are_named_as_a_shell_takes_them(first: Clone) -> None:
    (first.folder / "dvc.yaml").write_text("stages: {}\n")
    (first.folder / "two words.txt").write_text("x")
    first.git("mv", ".gitattributes", "moved")
    assert last_line(first) == "not committed: `git add .gitattributes dvc.yaml moved 'two words.txt' && git commit`"


def test_before_the_first_commit_outputs_are_pushed_and_nothing_fails(first: Clone) -> None:
    first.keep("data/export", train="rows")
    first.git("update-ref", "-d", "HEAD")
    assert "2 files, " in first.output(push.main)


def test_a_lock_with_the_marks_of_a_merge_stops_every_command(first: Clone) -> None:
    first.keep("data/export", train="rows")
    first.buy("a")
    (first.folder / "dvc.lock").write_text("<<<<<<< ours\nstages: {}\n=======\n>>>>>>> theirs\n")
    before = first.objects()
    for command, options in ((push.main, ()), (pull.main, ()), (gc.main, ("--unpushed",))):
        sentence = first.refuse(command, *options)
        assert sentence.startswith(
            "dvc.lock: expected what DVC writes, got something else, such as the marks of a merge"
        )
    assert first.objects() == before
    assert not first.ledger.exists()


def test_without_a_remote_nothing_is_written_and_the_way_to_one_is_shown(local: Clone) -> None:
    local.buy("a")
    for command in (push.main, pull.main):
        assert local.refuse(command) == (
            ".dvc/config: no remote storage is set: `make remote URL=azure://container/path` "
            "(or s3://, gs://, ssh://, a folder)"
        )
    assert not local.ledger.exists()


def test_a_damaged_file_of_the_cache_never_reaches_the_remote(first: Clone, tmp_path: Path) -> None:
    first.keep("data/export", train="rows")
    (damaged,) = [file for file in first.objects() if file.read_bytes() == b"rows"]
    damaged.chmod(0o644)
    damaged.write_text("half")
    damaged.chmod(0o444)  # as DVC leaves files that it takes for safe
    sentence = first.refuse(push.main)
    assert sentence.startswith(f"{damaged}: expected the content that its name is made of, got another")
    assert stored(tmp_path) == set()
    damaged.chmod(0o644)
    said = first.output(push.main)
    assert "0 files, 0 bytes pushed" in said
    assert "neither here nor in the remote: data/export of workspace; " in said


def test_a_folder_of_which_a_file_is_lost_is_named_and_its_listing_does_not_go(first: Clone, tmp_path: Path) -> None:
    first.keep("data/export", train="rows", validation="more")
    made = first.commit("Export")
    (lost,) = [file for file in first.objects() if file.read_bytes() == b"rows"]
    lost.unlink()
    said = first.output(push.main)
    assert "neither here nor in the remote: data/export of workspace; `make repro` there makes them again" in said
    assert [name for name in stored(tmp_path) if name.endswith(".dir")] == []
    assert "1 file, " in said  # the other one
    assert f"data/export of commit {made[:10]} (Export; t@localhost, 20" in first.output(push.main, "--all-commits")


@pytest.mark.parametrize(
    ("size", "text"), [(999, "999 bytes"), (1000, "1.0 kB"), (25_700_000, "25.7 MB"), (3 * 10**15, "3000.0 TB")]
)
def test_sizes_are_in_units_of_a_thousand(size: int, text: str) -> None:
    assert format_size(size) == text
