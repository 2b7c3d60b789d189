"""The project that a command opens: DVC's locks as living and killed commands leave them, and folders that are none."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from potstill.commands import provenance, pull, push, remote, status
from potstill.sharing.repository import shorten_command
from tests.clones import Clone
from tests.pipelines import Pipeline
from tests.stores import UNCLOSED

pytestmark = UNCLOSED

HOLD = """
import time
from dvc.repo import Repo, lock_repo
with Repo() as repo, lock_repo(repo):
    print("held", flush=True)
    time.sleep(60)
"""


def hold_lock(clone: Clone) -> "subprocess.Popen[str]":
    """Start another command that holds DVC's lock on the project."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=clone.folder, env=clone.environment, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_lock_is_refused_while_its_process_lives_and_taken_over_when_it_was_killed(first: Clone) -> None:
    with hold_lock(first) as holder:
        sentence = first.refuse(push.main)
        holder.kill()
        holder.wait(10)
    assert sentence.startswith("another DVC command is at work in this project")
    assert f"(process {holder.pid}, python" in sentence
    started = time.monotonic()
    first.output(push.main)
    assert time.monotonic() - started < 30


def test_during_a_run_its_process_is_named_and_no_path(ada: Pipeline, tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as running:
        claim = {"pid": running.pid, "cmd": f"{tmp_path}/.venv/bin/dvc repro"}
        claims = {"write": {str(ada.folder / "data/responses"): claim}, "read": {}}  # as DVC writes it
        Path(ada.folder, ".dvc/tmp/rwlock").write_text(json.dumps(claims))
        done = ada.invoke(status.main)
        running.kill()
    assert done.stderr == (
        f"Error: another DVC command is at work in this project (process {running.pid}, sleep 60); wait for it, or "
        "stop it, and run this again\n"
    )
    assert ada.output(status.main).startswith("nothing would run")


@pytest.mark.parametrize(
    ("command", "text"),
    [
        pytest.param(["/p/bin/python3.11", "/p/bin/dvc", "repro", "--force"], "dvc repro", id="script"),
        pytest.param(["/p/bin/python", "-m", "potstill", "push", "--ledger", "d"], "potstill push", id="module"),
        pytest.param(["/p/bin/python", "-c", "key = 'secret'"], "python", id="code"),
        pytest.param(["dvc", "remote", "modify", "--local", "secret"], "dvc remote", id="what may be secret"),
    ],
)
def test_a_process_is_named_by_its_program_and_first_argument(command: list[str], text: str) -> None:
    assert shorten_command(command) == text


def test_what_a_killed_command_left_unreadable_is_removed_and_what_is_readable_stays(first: Clone) -> None:
    claims = first.folder / ".dvc/tmp/rwlock"
    first.keep("data/export", train="rows")
    claims.write_text('{"write": {"data/led')
    done = first.invoke(push.main)
    assert done.exit_code == 0, done.output
    assert done.stderr == ".dvc/tmp/rwlock: a run that was killed had left it unreadable, so it was removed\n"
    claims.write_text('{"read": {}, "write": {}}')
    assert "rwlock" not in first.invoke(push.main).stderr
    assert claims.exists()


def test_a_folder_that_is_no_project_is_refused_with_the_way_on(first: Clone, tmp_path: Path) -> None:
    outside = Clone(tmp_path / "empty", first.journal)
    outside.folder.mkdir()
    assert outside.refuse(push.main) == f"{tmp_path}/empty: expected a DVC project, found no .dvc here or above"
    below = Clone(first.folder / "data", first.journal)
    below.folder.mkdir()
    assert f"expected the project's own folder, {first.folder}; run this there" in below.refuse(push.main)


def test_an_archive_without_git_is_refused_with_the_way_on(ada: Pipeline) -> None:
    (ada.folder / ".git").rename(ada.folder.parent / "elsewhere")
    for command in (status.main, push.main, pull.main, remote.main, provenance.main):
        assert ada.refuse(command).startswith(f"{ada.folder}: expected a git repository, which DVC needs, found none; ")
    for words in (["init", "-q"], ["add", "--all"], ["commit", "-q", "--message", "Start"]):  # as the sentence says
        ada.git(*words)
    assert "nothing would run" in ada.output(status.main)


def test_without_git_there_is_a_sentence(first: Clone, tmp_path: Path) -> None:
    first.environment["PATH"] = str(tmp_path)
    done = first.attempt(sys.executable, "-m", "potstill", "push", *first.arguments(push.main))
    assert done.stderr.splitlines()[-1] == "Error: git: expected it on the PATH, found none; install git"
