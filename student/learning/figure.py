"""The figure of a kind of student: the accuracy of each, with intervals, beside guessing."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from matplotlib.figure import Figure

from potstill.comparing.wording import format_range, format_share
from potstill.core.wording import format_count
from potstill.quality.pictures import SERIES_LOOKS, Picture, draw, new_figure
from student.learning.measuring import Column, Learned

ONE, MEAN, FIRST = "o", "D", 0.4  # markers; and the room above the first line


class Line(NamedTuple):
    """A line of the figure; `is_mean` says whether it is of several seeds."""

    name: str
    column: Column
    is_mean: bool = False


def list_lines(learned: Learned) -> list[Line]:
    """Return the figure's lines from above: the teacher, before training, the control, and the trained."""
    lines = [Line(name, learned.columns[name]) for name in ("teacher", "untrained")]
    for arm in ("control", "trained"):
        seeds = [Line(f"{arm}, seed {seed.seed}", getattr(seed, arm)) for seed in learned.seeds]
        lines += [*seeds, Line(f"{arm}, mean", learned.columns[arm], is_mean=True)] if len(seeds) > 1 else seeds
    return lines


def draw_learning(learned: Learned) -> Picture:
    """Return the figure's files."""
    about = f"{learned.split}, {learned.kind} student, {format_count(learned.questions, 'question')}"
    return draw(partial(_draw_lines, list_lines(learned), learned.guessing, about))


def _draw_lines(lines: Sequence[Line], guessing: float, about: str) -> Figure:
    """Draw each line's accuracy with its interval, and where guessing lies."""
    figure, axes = new_figure(0, f"Accuracy, with 95 % intervals\n{about}", len(lines))
    axes.axvline(100 * guessing, color="#777777", linestyle="--", linewidth=1.2, label="guessing", zorder=1)
    for place, (_, (measures, low, high), is_mean) in enumerate(lines):
        middle = 100 * measures.accuracy
        axes.errorbar(
            [middle], [place], xerr=[[middle - 100 * low], [100 * high - middle]], fmt=MEAN if is_mean else ONE,
            color=SERIES_LOOKS["answered"][0], mfc=None if is_mean else "white", capsize=4, ms=8,
        )  # fmt: skip
    axes.set_yticks(range(len(lines)), [line.name for line in lines])
    axes.set(xlabel="questions answered rightly (%)", ylim=(len(lines) - 1 + FIRST, -FIRST))
    axes.grid(axis="x", color="#DDDDDD")
    axes.set_axisbelow(True)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    return figure


def describe_figure(learned: Learned) -> str:
    """Return the figure in words."""
    listed = "; ".join(
        f"{name}: {format_share(measures.accuracy)} ({format_range(low, high)})"
        for name, (measures, low, high), _ in list_lines(learned)
    )
    return f"Accuracy of each, with 95 % intervals. {listed}; guessing: {format_share(learned.guessing)}."
