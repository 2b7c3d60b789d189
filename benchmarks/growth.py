"""How seconds, CPU and memory grow with the questions: `python -m benchmarks.growth [--questions 10000 ...]`.

At each size all five stages are run as dvc.yaml runs them, each a process of its own, against a teacher on loopback
that answers at once; infer once more, when all is bought; `make repro` over all of it, from nothing; `make push` and
`make pull` of what it made. Sizes that are not measured again stay. The figure is drawn of all of them.
"""

import shutil
import tempfile
from pathlib import Path

import click
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.made import MadeProject
from benchmarks.measuring import ROOT, Measured, serve
from benchmarks.results import Rows, read, save
from potstill.quality.pictures import draw

STAGES = ("load", "prepare", "infer", "analyze", "export")
AGAIN, REPRO = "infer, all bought", "make repro"
DRAWN = (*STAGES, AGAIN, REPRO)
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")  # Okabe and Ito
MARKERS = "osD^vx*"
FITTED_FROM = 10_000  # below it, imports are most of the time
MB = 10**6
FIGURE = ROOT / "docs/images/growth.png"


@click.command()
@click.option("--questions", "sizes", default=[1_000, 10_000, 100_000, 1_000_000], multiple=True, show_default=True)
def main(sizes: tuple[int, ...]) -> None:
    """Measure each size, smallest first, and keep and draw what is known after each."""
    for size in sorted(sizes):
        with tempfile.TemporaryDirectory() as name:
            rows = run_size(MadeProject(Path(name), size - size // 10, size // 10), size)
        kept = [row for row in read("growth") if row["questions"] != size]
        save("growth", sorted([*kept, *rows], key=lambda row: row["questions"]))
        FIGURE.write_bytes(draw(lambda: draw_growth(read("growth"))).png)


def run_size(project: MadeProject, size: int) -> Rows:
    """Return a row for each stage, and what it left on the disk."""
    rows = []
    with serve() as address:
        for stage in STAGES:
            rows.append(describe(size, stage, project.run_stage(stage, address)))
            if stage == "infer":
                rows[-1] |= {"writes": "journal", "MB": project.journal_bytes() / MB}
                rows.append(describe(size, AGAIN, project.run_stage(stage, address)))
        page = sum((project.folder / "reports" / name).stat().st_size for name in ("index.html", "training_set.js"))
        rows[-2] |= {"writes": "page", "MB": page / MB}
        project.forget_answers()
        for part in ("raw", "requests", "answers", "export"):
            shutil.rmtree(project.folder / "data" / part)
        rows.append(describe(size, REPRO, project.run_goal("repro", endpoint=address)))
    project.run_goal("remote", f"URL={project.folder.parent / 'remote'}")
    rows.append(describe(size, "make push", project.run_goal("push")))
    project.forget_answers()
    for folder in ("data/ledger", "data/export", "data/requests", ".dvc/cache"):
        shutil.rmtree(project.folder / folder)
    rows.append(describe(size, "make pull", project.run_goal("pull")))
    return rows


def describe(size: int, name: str, measured: Measured) -> dict[str, object]:
    """Return a row of the table."""
    seconds, cpu_s, peak_mib = measured
    return {
        "questions": size,
        "process": name,
        "seconds": seconds,
        "CPU s": cpu_s,
        "peak MiB": peak_mib,
        "writes": None,
        "MB": None,
    }


def fit_exponents() -> Rows:
    """Return, for each process, the slopes of the logarithms over the sizes from 10,000 on, by least squares."""
    rows: Rows = []
    for name in dict.fromkeys(row["process"] for row in read("growth")):
        own = [row for row in read("growth") if row["process"] == name and row["questions"] >= FITTED_FROM]
        if len(own) > 1:
            sizes = np.log([row["questions"] for row in own])
            slopes = {
                f"exponent of {column}": float(np.polyfit(sizes, np.log([row[column] for row in own]), 1)[0])
                for column in ("seconds", "CPU s", "peak MiB")
            }
            rows.append({"process": name, **slopes})
    return rows


def draw_growth(rows: Rows) -> Figure:
    """Draw CPU seconds and the peak of memory against the number of questions."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    for axes, column, unit in zip(figure.subplots(1, 2), ("CPU s", "peak MiB"), ("seconds of CPU", "MiB"), strict=True):
        draw_lines(axes, rows, column)
        axes.set(xscale="log", xlabel="questions", ylabel=unit)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:,.10g}")
        axes.grid(color="#DDDDDD")
        axes.set_axisbelow(True)
    figure.axes[0].set_yscale("log")
    figure.axes[1].set_ylim(bottom=0)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right upper")
    figure.suptitle("What a run takes, by the number of questions", x=0.01, ha="left", fontsize=13)
    return figure


def draw_lines(axes: Axes, rows: Rows, column: str) -> None:
    """Draw a line for each process."""
    for name, colour, marker in zip(DRAWN, COLOURS, MARKERS, strict=True):
        points = [(row["questions"], row[column]) for row in rows if row["process"] == name]
        axes.plot(*zip(*points, strict=True), marker=marker, color=colour, label=name)


if __name__ == "__main__":
    main()
