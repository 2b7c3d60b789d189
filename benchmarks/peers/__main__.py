"""Ask the same questions in several ways, against the same teacher on loopback: `python -m benchmarks.peers`.

Each way is a process of its own, and each library has an environment of its own in .peers/, which is made first. The
ways take turns, so that what else the machine does meets all of them.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import click

from benchmarks.made import MadeProject
from benchmarks.measuring import ROOT, Measured, count_calls, measure, serve
from benchmarks.results import save

FOLDER = Path(__file__).parent
OURS, ONE_BY_ONE = "potstill, infer", "azure-ai-inference, one by one"
WAYS = {
    OURS: "potstill/stage.py",
    ONE_BY_ONE: "azure/one_by_one.py",
    "azure-ai-inference, threads": "azure/threads.py",
    "azure-ai-inference, async": "azure/gather.py",
    "openai, async": "openai/gather.py",
    "litellm, acompletion": "litellm/gather.py",
    "bespokelabs-curator": "curator/data_set.py",
    "distilabel": "distilabel/pipeline.py",
}
QUESTIONS, LATENCY_MS, IN_FLIGHT, WITH_FAULTS, FAULT_RATE = 1221, 200, (32, 64, 256), 64, 0.05
IN_A_LOOP = 100  # questions of the loop, which would take four minutes for all
QUIET = {
    "DISTILABEL_LOG_LEVEL": "WARNING",
    "HF_HUB_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "TELEMETRY_ENABLED": "false",
}


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each way has its turn.")
@click.option("--only", "names", type=click.Choice(list(WAYS)), multiple=True, help="May be repeated; left out: all.")
def main(rounds: int, names: tuple[str, ...]) -> None:
    """Print two tables: how fast each way asks, and what it loses where one call in twenty fails at first."""
    names = names or tuple(WAYS)
    for library in {WAYS[name].partition("/")[0] for name in names} - {"potstill"}:
        install(library)
    with asking_project() as project:
        turns = [(name, calls) for name in names for calls in (IN_FLIGHT if name != ONE_BY_ONE else (1,))]
        taken = {turn: list[tuple[Measured, dict]]() for turn in turns}
        for turn in turns * rounds:
            taken[turn].append(ask(project, *turn))
        save("peers", [describe_speed(name, taken) for name in names])
        save("faults", [describe_losses(name, *ask(project, name, WITH_FAULTS, FAULT_RATE)) for name in names])


@contextmanager
def asking_project() -> Iterator[MadeProject]:
    """Make a folder with the questions' requests in it."""
    with tempfile.TemporaryDirectory() as name:
        project = MadeProject(Path(name), QUESTIONS, validation=1)
        project.edit_params(prepare__splits=["train"])
        for stage in ("load", "prepare"):
            project.run_stage(stage)
        yield project


def install(library: str) -> None:
    """Make the library's environment anew, unless its requirements are those that it was made for."""
    requirements, folder = FOLDER / library / "requirements.txt", ROOT / ".peers" / library
    made_for = folder / "made_for.txt"
    if made_for.exists() and made_for.read_text() == requirements.read_text():
        return
    uv = [str(Path(sys.executable).with_name("uv"))]
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
    options = ["--quiet", "--compile-bytecode", "--python", folder, "-r", requirements]
    subprocess.run([*uv, "pip", "install", *options], check=True)
    made_for.write_text(requirements.read_text())


def ask(project: MadeProject, name: str, in_flight: int, fault_rate: float = 0) -> tuple[Measured, dict]:
    """Ask in one way, and return what its process took, and its report with the server's count of calls."""
    way, report = FOLDER / WAYS[name], project.folder / "report.json"
    ours = way.parent.name == "potstill"
    python = sys.executable if ours else str(ROOT / ".peers" / way.parent.name / "bin/python")
    requests = project.folder / "data/requests/train.jsonl"
    if name == ONE_BY_ONE and not fault_rate:
        requests = project.first_requests(IN_A_LOOP)
    project.forget_answers()
    project.edit_params(runtime__concurrency=in_flight)
    with serve(LATENCY_MS, fault_rate) as address, tempfile.TemporaryDirectory() as home:
        endpoint = f"{address}/v1"
        apart = {} if ours else {"PYTHONPATH": "", "HOME": home, "CURATOR_CACHE_DIR": home, "HF_HOME": home}
        environment = project.environment(endpoint) | QUIET | apart
        command = [python, "-P", FOLDER / "launch.py", way, requests, endpoint, in_flight, report]
        measured = measure([str(word) for word in command], project.folder, environment)
        calls = count_calls(address)
    click.echo(f"{name}, {in_flight} in flight: {measured.seconds:.1f} s with imports", err=True)
    return measured, json.loads(report.read_text()) | {"calls": calls}


def describe_speed(name: str, taken: dict[tuple[str, int], list[tuple[Measured, dict]]]) -> dict[str, object]:
    """Return the table's row of a way: medians over the rounds."""
    row: dict[str, object] = {"way": name}

    def rate(way: str, in_flight: int) -> float:
        """Return rows a second without imports."""
        turns = taken.get((way, in_flight)) or taken[way, 1]
        return median(len(report["texts"]) / report["seconds"] for _, report in turns)

    for in_flight in IN_FLIGHT:
        row[f"rows/s at {in_flight}"] = rate(name, in_flight)
    turns = taken.get((name, WITH_FAULTS)) or taken[name, 1]
    row[f"potstill, times as fast at {WITH_FAULTS}"] = (
        rate(OURS, WITH_FAULTS) / rate(name, WITH_FAULTS) if (OURS, WITH_FAULTS) in taken else None
    )
    row[f"ms of CPU a row at {WITH_FAULTS}"] = median(
        1000 * report["cpu_s"] / len(report["texts"]) for _, report in turns
    )
    row["with imports"] = median(1000 * measured.cpu_s / len(report["texts"]) for measured, report in turns)
    row["peak MiB"] = median(measured.peak_mib for measured, _ in turns)
    return row


def describe_losses(name: str, measured: Measured, report: dict) -> dict[str, object]:
    """Return the table's row of a way that met faults."""
    texts = report["texts"]
    lost, right = texts.count(None), sum(text in {*"ABCDE"} for text in texts)
    return {
        "way": name,
        "answered": right,
        "lost": lost,
        "an error's text for an answer": len(texts) - right - lost,
        "calls": report["calls"],
        "seconds": report["seconds"],
    }


if __name__ == "__main__":
    main()
