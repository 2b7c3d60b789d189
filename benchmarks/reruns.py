"""What a rerun of infer costs: `python -m benchmarks.reruns [--questions 1221 ...]`.

Three runs at each size: the first, the same again, and one after every hundredth question was changed and load and
prepare ran again. The calls are those that the server counted.
"""

import json
import tempfile
from pathlib import Path

import click

from benchmarks.made import MadeProject
from benchmarks.measuring import count_calls, serve
from benchmarks.results import Rows, save

EVERY = 100


@click.command()
@click.option("--questions", "sizes", default=[1_221, 100_000], multiple=True, show_default=True)
def main(sizes: tuple[int, ...]) -> None:
    """Measure each size."""
    save("reruns", [row for size in sizes for row in rerun(size)])


def rerun(size: int) -> Rows:
    """Return a row for each of the three runs."""
    rows: Rows = []
    with tempfile.TemporaryDirectory() as name, serve() as address:
        project = MadeProject(Path(name), size - 1, validation=1)
        for run in ("first", "again", "1 % changed"):
            expected = {"first": size, "again": 0, "1 % changed": 0}[run]
            if run == "1 % changed":
                expected = project.change_questions(EVERY)
            if run != "again":
                project.run_stage("load")
                project.run_stage("prepare")
            before = count_calls(address)
            measured = project.run_stage("infer", address)
            log = json.loads((project.folder / "logs/infer.json").read_text())
            rows.append(
                {
                    "run": run,
                    "questions": size,
                    "to be asked": expected,
                    "calls": count_calls(address) - before,
                    "seconds": measured.seconds,
                    "without imports": float(log["seconds"]),
                    "CPU s": measured.cpu_s,
                    "peak MiB": measured.peak_mib,
                }
            )
    return rows


if __name__ == "__main__":
    main()
