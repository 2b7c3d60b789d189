"""How near infer comes to the ideal, which is the teacher's own time: `python -m benchmarks.asking [--rows 20480]`.

The ideal is rows * latency / calls in flight.
"""

import json
import tempfile
from pathlib import Path

import click

from benchmarks.made import MadeProject
from benchmarks.measuring import serve
from benchmarks.results import save

LATENCY_MS, IN_FLIGHT = 200, (64, 256)


@click.command()
@click.option("--rows", default=20_480, show_default=True, help="How many requests to make.")
def main(rows: int) -> None:
    """Print a line for each number of calls in flight."""
    with tempfile.TemporaryDirectory() as name, serve(LATENCY_MS) as address:
        project = MadeProject(Path(name), rows - 1, validation=1)
        for stage in ("load", "prepare"):
            project.run_stage(stage)
        save("asking", [ask(project, address, rows, calls) for calls in IN_FLIGHT])


def ask(project: MadeProject, address: str, rows: int, calls: int) -> dict[str, object]:
    """Return what it takes to ask all rows with so many calls in flight."""
    project.forget_answers()
    project.edit_params(runtime__concurrency=calls)
    measured = project.run_stage("infer", address)
    seconds = float(json.loads((project.folder / "logs/infer.json").read_text())["seconds"])
    return {
        "in flight": calls,
        "rows": rows,
        "rows/s": rows / seconds,
        "of the ideal": rows * LATENCY_MS / 1000 / calls / seconds,
        "ms of CPU a row, with imports": 1000 * measured.cpu_s / rows,
        "peak MiB": measured.peak_mib,
    }


if __name__ == "__main__":
    main()
