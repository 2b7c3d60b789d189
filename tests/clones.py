"""A small project that DVC tracks and its clones, each with the journal of the engineer whose it is."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from dvc.repo import Repo

from potstill.commands import publish
from potstill.core.records import Usage
from potstill.sharing.repository import repair_locks
from potstill.teacher.api.replies import Reply
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.ledger import read_segment, record_uses
from potstill.teacher.store.projects import project_id

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
RECIPE = re.search(r"git config merge\.dvc\.driver '(.*)'", (ROOT / "Makefile").read_text())[1]
# What `make setup` registers for merges, with this Python's `dvc`.
MERGE_DRIVER = RECIPE.replace("$(CURDIR)/.venv/bin", str(BIN)).replace("$$", "$")
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

    def setup(self) -> None:
        """Do what `make setup` does for merges."""
        self.git("config", "merge.dvc.driver", MERGE_DRIVER)

    def clone(self, folder: Path) -> "Clone":
        """Clone what was pushed, as another engineer would who has bought nothing yet."""
        self.git("clone", "-q", "-b", "main", str(self.folder.parent / "upstream.git"), str(folder))
        clone = Clone(folder, folder.parent / f"{folder.name}.sqlite")
        clone.environment = self.environment | {"POTSTILL_JOURNAL": str(clone.journal)}
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
        return self.output(publish.main)

    def share(self, *keys: str) -> None:
        """Buy, publish and commit."""
        self.buy(*keys)
        self.publish()
        self.git("add", "data/ledger.dvc")
        self.git("commit", "-qm", f"Publish {', '.join(keys)}")

    def keep(self, name: str, **files: str) -> None:
        """Write a folder of files, by their names without suffix, and let DVC keep it as it keeps a stage's output."""
        for stem, text in files.items():
            file = self.folder / name / f"{stem}.jsonl"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            file.write_text(text)
        with self.active(), Repo() as repo:
            repair_locks(repo)  # as our commands do: one that was killed may have left DVC's list cut off
            repo.add(name)

    def commit(self, message: str, *, pushed: bool = True) -> str:
        """Commit all that git sees, push it, and return its id."""
        self.git("add", "--all")
        self.git("commit", "-qm", message)
        if pushed:
            self.git("push", "-q")
        return self.git("rev-parse", "HEAD").strip()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Be this engineer in this folder, in the process of the tests."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            yield

    def invoke(self, stage: click.Command, *options: str) -> Result:
        """Run a command as this engineer, in the process of the tests."""
        with self.active():
            return CliRunner().invoke(stage, [*self.arguments(stage), *options], catch_exceptions=False)

    def arguments(self, stage: click.Command) -> list[str]:
        """The paths that the Makefile gives a command."""
        paths = {name: f"data/{name}" for name in ("source", "raw", "requests", "responses", "ledger", "export")}
        paths |= {"log": "logs/infer.json", "document": "logs/provenance.json"}
        paths |= {"answers": "data/answers", "reports": "reports"}
        wanted = [param.name for param in stage.params if isinstance(param.type, click.Path)]
        return [word for name in wanted for word in (f"--{name}", paths[name])]

    def output(self, stage: click.Command, *options: str) -> str:
        """Run a command that succeeds, and return what it said."""
        done = self.invoke(stage, *options)
        assert done.exit_code == 0, done.output
        return done.output

    def refuse(self, stage: click.Command, *options: str) -> str:
        """Run a command that must stop with one plain sentence, and return it."""
        done = self.invoke(stage, *options)
        assert done.exit_code == 1, done.output
        sentence = done.stderr.splitlines()[-1]
        assert sentence.startswith("Error: "), done.stderr
        assert "Traceback" not in done.output
        return sentence.removeprefix("Error: ")

    def objects(self) -> set[Path]:
        """The files of DVC's cache."""
        return {file for file in (self.folder / ".dvc/cache").rglob("*") if file.is_file()}

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
    config = clone.folder / ".dvc/config"
    config.write_text(f"{config.read_text()}    remote = store\n['remote \"store\"']\n    url = {url}\n")
    clone.git("commit", "-qam", "Name a remote")
    clone.git("push", "-q", "origin", "main")
    return clone
