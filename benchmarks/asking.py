"""How fast the infer stage asks, and how fast it finds what was bought: against the ideal, in CPU a row, in memory.

python -m benchmarks.asking [--rows 20000]

benchmarks.server answers. Every line is a process of its own, one after the other; the ideal is rows * latency / calls
in flight. CPU time is that of the process, imports and all, and then without what a run of one row takes.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import click
from ruamel.yaml import YAML

from potstill.core.records import Choice, Message, Request, write_rows
from tests.project import ROOT, arguments

CHOICES = [Choice(label=label, text=f"the place {label}") for label in "ABCDE"]
SYSTEM = Message(role="system", content="You answer multiple-choice questions. Reply with one letter only, A to E.")
QUESTION = (
    "Question: Where would you put number {} if you had no more use for it and it was still good?\nAnswer Choices:\n"
    "A. a drawer\nB. a second-hand shop\nC. the sea\nD. a museum\nE. the moon\nAnswer:"
)


@dataclass(frozen=True)
class Spent:
    """What one run took: seconds of asking and writing as it logs them, seconds of all, of CPU, peak memory, calls."""

    seconds: float
    wall: float
    cpu: float
    peak_mb: float
    calls: int


@click.command()
@click.option("--rows", default=20_000, show_default=True, help="How many requests to make.")
def main(rows: int) -> None:
    """Print the table."""
    for concurrency in (64, 256):
        with tempfile.TemporaryDirectory() as name, serving(latency_ms=200) as address:
            spent = Project(Path(name), address, concurrency).run(rows)
        ideal = rows * 0.2 / concurrency
        click.echo(f"{concurrency} in flight, 0.2 s each: {ideal / spent.seconds:.3f} of the ideal; {describe(spent)}")
    with tempfile.TemporaryDirectory() as name, serving(latency_ms=0) as address:
        project = Project(Path(name), address, 64)
        start = project.run(1)
        runs = {"cold": project.run(rows), "warm": project.run(rows), "1 % changed": project.run(rows, changed=0.01)}
    click.echo(f"one row: {describe(start)}")
    for title, spent in runs.items():
        a_row, without = (1000 * cpu / rows for cpu in (spent.cpu, spent.cpu - start.cpu))
        click.echo(f"{title}: {a_row:.3f} ms of CPU a row, {without:.3f} without imports; {describe(spent)}")


def describe(spent: Spent) -> str:
    """Return what a run took."""
    return (
        f"{spent.wall:.1f} s, {spent.seconds:.1f} of them asking and writing, {spent.cpu:.1f} s of CPU, "
        f"{spent.peak_mb:.0f} MB, {spent.calls} calls"
    )


@dataclass(frozen=True)
class Project:
    """A folder with no more than infer needs, whose teacher is at an address."""

    folder: Path
    address: str
    concurrency: int

    def run(self, rows: int, changed: float = 0.0) -> Spent:
        """Ask so many requests, a part of which is changed, in a process of its own."""
        self._configure()
        self._write_requests(rows, round(rows * changed))
        calls, started = count_calls(self.address), monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "stages.infer", *arguments("infer")],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT),
                "POTSTILL_JOURNAL": f"{self.folder}/journal.sqlite",
                "TEACHER_MODEL_ENDPOINT": self.address,
                "TEACHER_MODEL_KEY": "none",
            },
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise click.ClickException(f"the stage ended with {process.returncode}")
        logged = json.loads((self.folder / "logs/infer.json").read_text())
        return Spent(
            seconds=logged["seconds"],
            wall=monotonic() - started,
            cpu=usage.ru_utime + usage.ru_stime,
            peak_mb=usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024),
            calls=count_calls(self.address) - calls,
        )

    def _configure(self) -> None:
        """Write params.yaml, derived from the one of the tests."""
        yaml = YAML()
        params = yaml.load(ROOT / "tests/params.yaml")
        params["teacher"], params["teachers"]["loopback"] = "loopback", {"provider": "azure", "model": "m"}
        params["runtime"]["concurrency"] = self.concurrency
        yaml.dump(params, self.folder / "params.yaml")

    def _write_requests(self, rows: int, changed: int) -> None:
        """Write the requests, of which the first ones differ from those of other runs."""
        write_rows(
            self.folder / "data/requests/train.jsonl",
            (build_request(number, "changed " if number < changed else "") for number in range(rows)),
        )


def build_request(number: int, change: str) -> Request:
    """Return a request as prepare writes it."""
    question = QUESTION.format(f"{change}{number}")
    return Request(
        id=f"train-{number}:0:0",
        question_id=f"train-{number}",
        question=question,
        choices=CHOICES,
        answer="A",
        rotation=0,
        replicate=0,
        messages=[SYSTEM, Message(role="user", content=question)],
    )


@contextmanager
def serving(latency_ms: int) -> Iterator[str]:
    """Serve for a block, and yield the address."""
    command = [sys.executable, "-m", "benchmarks.server", "--latency-ms", str(latency_ms)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def count_calls(address: str) -> int:
    """Return how many calls the server took."""
    with urllib.request.urlopen(f"{address}/stats") as stats:
        return int(json.load(stats).get("calls", 0))


if __name__ == "__main__":
    main()
