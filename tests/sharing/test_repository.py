"""DVC's locks on a project, as living and as killed commands leave them."""

import subprocess
import sys
import time
from pathlib import Path

from dvc.repo import Repo

from potstill.commands import push
from tests.clones import Clone

HOLD = """
import time
from dvc.repo import Repo, lock_repo
from tests.stores import UNCLOSED

pytestmark = UNCLOSED
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


def test_a_lock_that_a_living_command_holds_is_told_with_its_process(first: Clone) -> None:
    with hold_lock(first) as holder:
        sentence = first.refuse(push.main)
        holder.kill()
    assert sentence.startswith(".dvc/tmp/lock: another DVC command is at work in this project")
    assert f"(process {holder.pid}, python" in sentence


def test_a_lock_that_a_killed_command_held_is_taken_over(first: Clone) -> None:
    with hold_lock(first) as holder:
        holder.kill()
        holder.wait(10)
    started = time.monotonic()
    first.tell(push.main)
    assert time.monotonic() - started < 30


def test_what_a_killed_command_left_unreadable_is_removed_and_told(first: Clone) -> None:
    claims = first.folder / ".dvc/tmp/rwlock"
    first.keep("data/export", train="rows")
    claims.write_text('{"write": {"data/led')
    done = first.say(push.main)
    assert done.exit_code == 0, done.output
    assert done.stderr == ".dvc/tmp/rwlock: a run that was killed had left it unreadable, so it was removed\n"
    assert "data/export" not in first.say(push.main).stderr


def test_what_a_living_command_noted_stays(first: Clone) -> None:
    claims = Path(first.folder / ".dvc/tmp/rwlock")
    claims.parent.mkdir(exist_ok=True)
    claims.write_text('{"read": {}, "write": {}}')
    first.tell(push.main)
    assert claims.read_text().startswith("{")


def test_outside_a_project_there_is_a_sentence(first: Clone, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    elsewhere = Clone(tmp_path / "empty", first.journal)
    assert elsewhere.refuse(push.main) == f"{tmp_path}/empty: expected a DVC project, found no .dvc here or above"
    with Repo(str(first.folder)) as repo:
        assert repo.root_dir == str(first.folder)
