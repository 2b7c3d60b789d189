"""What the benchmarks share: a process with its seconds, CPU and peak of memory, and a teacher on loopback."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import click

ROOT = Path(__file__).parents[1]
KIB_PER_MIB = 1024
LAST_WORDS = 2000  # characters
signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that whoever stops a benchmark leaves no child of it


class Measured(NamedTuple):
    """What a process and those that it started took; the peak is that of the largest one."""

    seconds: float
    cpu_s: float
    peak_mib: float


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Measured:
    """Run a command, which must end well; nothing that it started outlives it."""
    kept = {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as output, tempfile.NamedTemporaryFile() as report:
        timed = [sys.executable, "-I", "-S", ROOT / "benchmarks/timed.py", report.name, *command]
        process = subprocess.Popen(
            timed, cwd=folder, env=kept, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            process.wait()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode:
            output.seek(0)
            words = output.read().decode(errors="replace")[-LAST_WORDS:]
            raise click.ClickException(f"{' '.join(command)}: exit code {process.returncode}: {words}")
        seconds, cpu_s, peak_kib = json.load(report)
    return Measured(seconds, cpu_s, peak_kib / KIB_PER_MIB)


@contextmanager
def serve(latency_ms: float = 0, fault_rate: float = 0) -> Iterator[str]:
    """Serve a teacher in a process of its own, and yield its address."""
    options = [f"--latency-ms={latency_ms}", f"--fault-rate={fault_rate}"]
    command = [sys.executable, "-m", "benchmarks.server", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def count_calls(address: str) -> int:
    """Return how many calls a teacher has had."""
    with urlopen(f"{address}/stats") as response:
        return int(json.load(response).get("calls", 0))
