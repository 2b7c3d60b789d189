"""What our own work adds: `python -m benchmarks.overheads`.

A `make repro` that has nothing to do against DVC's own `dvc repro` in the same folder; and the five stages over the
bundled questions against what nobody could save of them: the import of the libraries that they use, and the bundled
teacher's time, asked the same by a bare loop. What is compared takes turns.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import click

from benchmarks.growth import STAGES
from benchmarks.made import MadeProject
from benchmarks.measuring import ROOT, Measured
from benchmarks.results import Rows, save

EVERYWHERE = "click, dotenv, msgspec, psutil, pydantic, ruamel.yaml"
IMPORTS = {
    "load": "datasets, huggingface_hub",
    "prepare": "array",
    "infer": "aiohttp, azure.ai.inference.aio, azure.core.pipeline.transport, tqdm",
    "analyze": "jinja2, matplotlib.backends.backend_agg, matplotlib.backends.backend_svg, pandas, scipy.stats",
    "export": "huggingface_hub, jinja2, numpy",
}


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each has its turn.")
def main(rounds: int) -> None:
    """Print two tables."""
    with tempfile.TemporaryDirectory() as name:
        project = MadeProject(Path(name), 1, 1)
        project.edit_params(dataset="bundled", teacher="smollm2", load__train=64, load__validation=32)
        stages = list(compare_stages(project, rounds))
        total = {"stage": "all five"} | {head: sum(row[head] for row in stages) for head in [*stages[0]][1:]}
        save(
            "bundled", [row | {"ratio": row["s"] / (row["imports, s"] + row["teacher, s"])} for row in [*stages, total]]
        )
        project.run_goal("repro")
        save("no_op", compare_no_ops(project, rounds))


def take_turns(rounds: int, *runs: Callable[[], Measured]) -> list[float]:
    """Return the median of each one's seconds."""
    taken = [[run().seconds for run in runs] for _ in range(rounds)]
    return [median(seconds) for seconds in zip(*taken, strict=True)]


def compare_stages(project: MadeProject, rounds: int) -> Iterator[dict[str, object]]:
    """Yield a row for each stage, run from nothing."""
    ask = [sys.executable, str(ROOT / "benchmarks/bare_teacher.py"), "data/requests"]
    for stage in STAGES:

        def run_anew(stage: str = stage) -> Measured:
            """Run the stage, which knows no answer."""
            if stage == "infer":
                project.forget_answers()
            return project.run_stage(stage)

        imports = [sys.executable, "-c", f"import {EVERYWHERE}, {IMPORTS[stage]}"]
        others = [imports, ask] if stage == "infer" else [imports]
        seconds = take_turns(rounds, run_anew, *(partial(project.run, *command) for command in others))
        yield {"stage": stage, "s": seconds[0], "imports, s": seconds[1], "teacher, s": sum(seconds[2:], 0.0)}


def compare_no_ops(project: MadeProject, rounds: int) -> Rows:
    """Return a row for each command that has nothing to do."""
    seconds = take_turns(rounds, partial(project.run, "dvc", "repro"), partial(project.run_goal, "repro"))
    return [
        {"command": name, "s": own, "ratio": own / seconds[0]}
        for name, own in zip(("dvc repro", "make repro"), seconds, strict=True)
    ]


if __name__ == "__main__":
    main()
