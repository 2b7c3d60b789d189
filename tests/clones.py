"""A small project that DVC tracks and its clones, each with the journal of the engineer whose it is."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from stages.records import Usage
from stages.teacher.journal import Journal
from stages.teacher.ledger import read_segment, record_uses
from stages.teacher.projects import project_id
from stages.teacher.replies import Reply

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
DRIVER = re.search(r"git config merge\.dvc\.driver '(.*)'", (ROOT / "Makefile").read_text())
IDENTITY = {f"GIT_{who}_{what}": "t@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Clone:
    """An engineer's clone of a small project, and the engineer's journal."""

    def __init__(self, folder: Path, journal: Path) -> None:
        self.folder = folder
        self.ledger = folder / "data" / "ledger"
        self.pointer = folder / "data" / "ledger.dvc"
        self.journal = journal
        self.environment = os.environ | IDENTITY
        self.environment |= {"POTSTILL_JOURNAL": str(journal), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        self.environment |= {"PYTHONPATH": str(ROOT)}

    def attempt(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    def run(self, *command: str) -> str:
        done = self.attempt(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments)

    def setup(self, driver: bool = True) -> None:
        """Do what `make setup` does for merges, with this Python's `dvc`."""
        if driver:
            assert DRIVER
            recipe = DRIVER[1].replace("$(CURDIR)/.venv/bin", str(BIN)).replace("$$", "$")
            self.git("config", "merge.dvc.driver", recipe)

    def clone(self, folder: Path) -> "Clone":
        """Clone what was pushed, as another engineer would who has bought nothing yet."""
        self.git("clone", "-q", "-b", "main", str(self.folder.parent / "upstream.git"), str(folder))
        clone = Clone(folder, folder.parent / f"{folder.name}.sqlite")
        clone.setup()
        return clone

    def buy(self, *keys: str) -> None:
        usage = Usage(prompt_tokens=11, completion_tokens=3)
        with Journal(self.journal) as journal:
            for key in keys:
                reply = Reply("answered", f"answer to {key}", None, "stop", "m", usage, None)
                journal.record(key, 16, reply, "models.example")
            record_uses(journal, project_id(self.folder), [(key, 16) for key in keys])

    def publish(self) -> str:
        return self.run(sys.executable, "-m", "stages.publish", "--ledger", "data/ledger")

    def share(self, *keys: str) -> None:
        """Buy, publish and commit."""
        self.buy(*keys)
        self.publish()
        self.git("add", "data/ledger.dvc")
        self.git("commit", "-qm", f"Publish {', '.join(keys)}")

    def answers(self) -> set[str]:
        """The keys of all answers in the ledger's folder."""
        return {answer.key for segment in self.ledger.glob("*.jsonl.gz") for answer in read_segment(segment)}


def new_project(folder: Path) -> Clone:
    """Begin a project, with an upstream for git and no remote for DVC."""
    (folder / "first").mkdir()
    clone = Clone(folder / "first", folder / "first.sqlite")
    clone.git("init", "-q", "-b", "main")
    for name in (".gitignore", ".gitattributes", ".dvcignore", ".dvc/config", ".dvc/.gitignore"):
        (clone.folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, clone.folder / name)
    clone.git("add", "--all")
    clone.git("commit", "-qm", "Begin")
    clone.git("clone", "-q", "--bare", ".", str(folder / "upstream.git"))
    clone.git("remote", "add", "origin", str(folder / "upstream.git"))
    clone.git("push", "-q", "--set-upstream", "origin", "main")
    clone.setup()
    return clone


def set_remote(clone: Clone, url: Path | str) -> Clone:
    """Name a default remote, make it where it is a folder, and push that upstream."""
    if isinstance(url, Path):
        url.mkdir()
    clone.run("dvc", "remote", "add", "--quiet", "--default", "store", str(url))
    clone.git("commit", "-qam", "Name a remote")
    clone.git("push", "-q", "origin", "main")
    return clone
