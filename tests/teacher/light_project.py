"""A folder with no more than infer needs, for tests that run the stage without DVC."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from potstill.core.records import Choice, Message, Request, Response, read_rows, write_rows
from stages.infer import main
from tests.project import ROOT, arguments
from tests.servers.teacher import TeacherServer

KEY = "not-a-real-key-8f3a"


@dataclass
class LightProject:
    """A folder with params.yaml and data/requests, whose teacher is a server on loopback."""

    folder: Path
    teacher: TeacherServer

    def configure(
        self,
        max_tokens: int = 16,
        price: dict[str, float] | None = None,
        provider: str = "azure",
        model: str = "m",
        credentials: Sequence[str] = ("TEACHER_MODEL",),
        **runtime: object,
    ) -> None:
        """Write params.yaml, derived from the one of the tests."""
        yaml = YAML()
        params = yaml.load(ROOT / "tests/params.yaml")
        entry = {"provider": provider, "model": model, "max_tokens": max_tokens}
        entry["credentials"] = credentials[0] if len(credentials) == 1 else [*credentials]
        params["teacher"], params["teachers"]["stand-in"] = "stand-in", entry
        if price:
            params["price_per_million"]["stand-in"] = price
        params["runtime"].update({"concurrency": 4, "timeout_s": 5, "max_attempts": 2, **runtime})
        yaml.dump(params, self.folder / "params.yaml")

    def write_requests(self, split: str, questions: Sequence[str]) -> None:
        """Write one request for each question; ids are numbered by position."""
        rows = [request(f"{split}-{number}:0:0", text) for number, text in enumerate(questions)]
        write_rows(self.folder / f"data/requests/{split}.jsonl", rows)

    def run(self) -> Result:
        """Run the stage in this process."""
        return CliRunner().invoke(main, arguments("infer"))

    def succeed(self) -> Result:
        """Run the stage, which must end well."""
        run = self.run()
        assert run.exit_code == 0, run.output
        return run

    def refuse(self) -> str:
        """Run the stage, which must end in exit code 1 with one error sentence, and return that."""
        run = self.run()
        assert run.exit_code == 1, run.output
        assert isinstance(run.exception, SystemExit)
        errors = [line for line in run.output.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1
        assert run.output.endswith(errors[0] + "\n")
        assert KEY not in run.output
        return errors[0]

    @contextmanager
    def start(self, name: str | None = None, stderr: int = subprocess.STDOUT) -> "Iterator[subprocess.Popen[str]]":
        """Start the stage in a process that does not outlive the block; a `name` is where its rows and its log go."""
        paths = {"data/responses": name, "logs/infer.json": f"{name}.json"} if name else {}
        with subprocess.Popen(
            [sys.executable, "-m", "stages.infer", *[paths.get(word, word) for word in arguments("infer")]],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as run:
            try:
                yield run
            finally:
                run.kill()

    def wait_for_calls(self, count: int) -> None:
        """Wait until the teacher was called so often."""
        deadline = time.monotonic() + 60
        while len(self.teacher.calls) < count:
            assert time.monotonic() < deadline, f"only {len(self.teacher.calls)} of {count} calls came"
            time.sleep(0.01)

    def responses(self, split: str = "train") -> list[Response]:
        """Read what the stage wrote."""
        return list(read_rows(self.folder / f"data/responses/{split}.jsonl", Response))

    def bytes_written(self, folder: str = "data/responses") -> dict[str, bytes]:
        """Return each file of responses as it is."""
        return {file.name: file.read_bytes() for file in (self.folder / folder).iterdir()}

    def log(self) -> dict[str, object]:
        """Read logs/infer.json."""
        logged: dict[str, object] = json.loads((self.folder / "logs/infer.json").read_text())
        return logged


def make_light_project(folder: Path, teacher: TeacherServer, patch: pytest.MonkeyPatch) -> LightProject:
    """Make a folder with six requests, enter it, and let the environment name this teacher."""
    folder.mkdir()
    patch.chdir(folder)
    patch.setenv("TEACHER_MODEL_ENDPOINT", teacher.endpoint)
    patch.setenv("TEACHER_MODEL_KEY", KEY)
    project = LightProject(folder, teacher)
    project.configure()
    project.write_requests("train", numbered(6))
    return project


def request(request_id: str, question: str, replicate: int = 0) -> Request:
    return Request(
        id=request_id,
        question_id=request_id.partition(":")[0],
        question=question,
        choices=[Choice(label="A", text="yes"), Choice(label="B", text="no")],
        answer="A",
        rotation=0,
        replicate=replicate,
        messages=[Message(role="system", content="Reply with one letter."), Message(role="user", content=question)],
    )


def numbered(count: int) -> list[str]:
    return [f"question {number}?" for number in range(count)]
