"""A copy of this project in a folder of its own, for tests that run `dvc` and `make` in it."""

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from click.testing import CliRunner
from dvc.repo import Repo
from ruamel.yaml import YAML

from tests.servers.teacher import TeacherServer

ROOT = Path(__file__).parents[1]
QUESTIONS = 8 + 5
COMMANDS = {
    name: shlex.split(stage["cmd"]) for name, stage in YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"].items()
}
STAGES = list(COMMANDS)
# What no stage and no goal reads.
# What was trained here, if anything was, is not in the copy's cache.
TRAINED = ("dvc.yaml", "dvc.lock", "metrics.json")
NOT_COPIED = [":!benchmarks", ":!docs", ":!tests", *(f":!student/{name}" for name in TRAINED)]


def arguments(stage: str) -> list[str]:
    """Return the options of a stage in dvc.yaml: its paths."""
    return COMMANDS[stage][3:]


def command(stage: str) -> list[str]:
    """Return the command of a stage in dvc.yaml, with the Python of the tests."""
    return [sys.executable, *COMMANDS[stage][1:]]


def stages_that_ran(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the stages that a `dvc repro` did not take from its cache, those that failed included."""
    return [stage for stage in STAGES if f"Running stage '{stage}'" in done.stdout]


class Project:
    """A clone of this project in a folder of its own, with a cache and a journal of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.author = "t"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("TEACHER_MODEL")}
        self.environment |= {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "POTSTILL_JOURNAL": str(folder / "journal.sqlite"),
            "HF_HOME": str(folder / "huggingface"),
        }

    def make(self) -> None:
        """Copy what git would commit of this project, and choose a teacher on loopback and a small sample."""
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *NOT_COPIED],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)
        shutil.copy2(ROOT / "tests/params.yaml", self.folder / "params.yaml")
        self.edit_params(
            teacher="loopback",
            teachers__loopback={"provider": "azure", "model": "loopback"},
            load__train=8,
            load__validation=5,
        )
        self.git("init", "-q")
        self.commit("Use the loopback teacher")
        self.git("gc", "-q")  # one file in place of hundreds, of which each test makes a copy

    def use(self, teacher: TeacherServer) -> None:
        """Let .env name this teacher."""
        (self.folder / ".env").write_text(
            f"TEACHER_MODEL_ENDPOINT={teacher.endpoint}\nTEACHER_MODEL_KEY=not-a-secret\n"
        )

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.folder, check=True)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def goal(self, name: str, *settings: str) -> subprocess.CompletedProcess[str]:
        """Run a goal of the Makefile as people do, but with the Python of the tests."""
        return self.run("make", "--no-print-directory", "--assume-old=.venv/.ready", name, *settings)

    def make_goal(self, name: str, *settings: str) -> str:
        """Run a goal that succeeds, and return what it printed."""
        done = self.goal(name, *settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit all that git sees."""
        self.git("add", "--all")
        self.git("-c", f"user.name={self.author}", "-c", "user.email=t@localhost", "commit", "-qm", message)

    def repro(self, *options: str) -> list[str]:
        """Run `dvc repro`, and return the stages that really ran."""
        done = self.run("dvc", "repro", *options)
        assert done.returncode == 0, done.stderr
        return stages_that_ran(done)

    def run_stage(self, stage: str) -> None:
        """Run a stage in the process of the tests and with its environment."""
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(import_module(f"stages.{stage}").main, arguments(stage), catch_exceptions=False)
        assert done.exit_code == 0, done.output

    def changed_stages(self) -> list[str]:
        """Return the stages whose params, deps or outputs differ from dvc.lock."""
        with contextlib.chdir(self.folder), Repo() as repo:
            status = repo.status()
        return [stage for stage in STAGES if stage in status]

    def edit_params(self, **edits: object) -> None:
        """Set params, `a__b=1` for a.b."""
        path = self.folder / "params.yaml"
        yaml = YAML()
        params = yaml.load(path.read_text())
        for key, value in edits.items():
            *parents, last = key.split("__")
            section = params
            for parent in parents:
                section = section[parent]
            section[last] = value
        with path.open("w") as file:
            yaml.dump(params, file)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def rows(self, name: str) -> list[dict]:
        return [json.loads(line) for line in self.read(name).splitlines()]
