"""The report's figures: from readings and counts to matplotlib Figures, and to bytes that are the same in every run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from stages.quality.slices import SLICES
from stages.quality.statistics import (
    NONE,
    Counts,
    comparable,
    compared_counts,
    cross_counts,
    letter_counts,
    letters_shown,
    total_variation,
    whole_percent,
)

# Okabe and Ito's palette, told apart by the colour-blind; each colour has a hatch besides, for print without colour.
SERIES_LOOKS = {"answered": ("#0072B2", ""), "gold": ("#E69F00", "//"), "uniform": ("#BBBBBB", "..")}
COLOUR_MAP = "cividis"
MIDDLE_LUMINANCE = 0.179  # from here on black is read more easily than white (WCAG 2.1, contrast ratio)
FEW = 10
PNG_DPI = 150
STEPS = (1, 2, 5, 10)
CHARACTERS_PER_INCH = 10
WITHOUT_DATE = {"Date": None, "Creator": None}
STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "potstill",
}


Cells = dict[tuple[int, int], Text]


@dataclass(frozen=True)
class Picture:
    """One figure, drawn."""

    svg: bytes
    png: bytes


def draw_split(split: str, teacher: str, readings: pd.DataFrame) -> dict[str, Picture]:
    """Draw every figure of one split's readings; the keys are the names of the files."""
    return {name: draw(make) for name, make in plan_figures(split, teacher, readings).items()}


def plan_figures(split: str, teacher: str, readings: pd.DataFrame) -> dict[str, Callable[[], Figure]]:
    """Return what makes each figure of one split's readings, by name."""
    shown = letters_shown(readings)
    columns, has_gold = [*shown, NONE], readings["gold"] != NONE
    gold = [*(shown if has_gold.any() else []), *([] if has_gold.all() else [NONE])]
    about = f"{split}, {teacher}, {_rows(len(readings))}"
    return {
        "answers_per_letter": partial(answers_per_letter, columns, letter_counts(readings["answer"], columns), about),
        "actual_against_expected": partial(_expected_of, readings, shown, about),
        "confusion": partial(confusion, gold, columns, cross_counts(readings, gold, columns), about),
        "answer_by_type": partial(_slices_of, readings, "question_type", "by question type", about),
        "answer_by_length": partial(_slices_of, readings, "length_band", "by length of the question in words", about),
    }


def draw(make: Callable[[], Figure]) -> Picture:
    """Draw a figure under our own style, whatever the machine's matplotlibrc says, without a clock in the files.

    savefig would draw twice and lay out four times for the same two files, in twice the time.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        figure, svg, png = make(), BytesIO(), BytesIO()
        figure.set_dpi(PNG_DPI)
        if engine := figure.get_layout_engine():
            engine.execute(figure)
        figure.set_layout_engine("none")
        FigureCanvasAgg(figure).print_png(png, metadata={"Software": None})  # type: ignore[no-untyped-call]
        FigureCanvasSVG(figure).print_svg(svg, metadata=WITHOUT_DATE)  # type: ignore[no-untyped-call]
    return Picture(svg.getvalue(), png.getvalue())


def answers_per_letter(letters: Sequence[str], answered: Counts, about: str) -> Figure:
    """Draw how often each of the letters, "none" among them, was answered: `answered` has a count for each."""
    figure, axes = _new_figure(len(letters), f"How often each letter was answered\n{about}")
    bars = axes.bar(range(len(letters)), answered, color=SERIES_LOOKS["answered"][0], edgecolor="black", linewidth=0.8)
    for bar, letter in zip(bars, letters, strict=True):
        if letter == NONE:
            bar.set(facecolor="white", hatch="//")
    axes.bar_label(bars, fmt="%d", padding=2)
    axes.set_xticks(range(len(letters)), letters)
    axes.set(xlabel="letter as shown (none: no letter could be read)", ylabel="number of rows")
    axes.set_ylim(0, max(1, answered.max(initial=0)) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(8, integer=True, steps=STEPS))
    return figure


def actual_against_expected(letters: Sequence[str], series: dict[str, Counts], about: str) -> Figure:
    """Draw the shares of k letters in series of counts, and say how far "answered" is from the others."""
    figure, axes = _new_figure(len(letters), f"Letters answered, against what to expect\n{about}")
    axes.set_xticks(range(len(letters)), letters)
    axes.set(xlabel="letter as shown", ylabel="share of rows (%)", xlim=(-0.5, max(1, len(letters)) - 0.5))
    if series["answered"].sum() == 0:
        _say_instead(axes, "no letter was read")
        return figure
    width = 0.8 / len(series)
    for place, (name, counts) in enumerate(series.items()):
        where = np.arange(len(letters)) + (place - (len(series) - 1) / 2) * width
        colour, hatch = SERIES_LOOKS[name]
        shares = 100 * counts / counts.sum()
        axes.bar(where, shares, width, label=name, color=colour, hatch=hatch, edgecolor="black", linewidth=0.8)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2, handlelength=1.6)
    distances = {name: total_variation(series["answered"], counts) for name, counts in series.items()}
    told = ", ".join(f"{distances[name]:.2f} from {name}" for name in series if name != "answered")
    axes.set_xlabel(f"letter as shown\ntotal variation distance of the answers: {told}")
    return figure


def confusion(gold: Sequence[str], answers: Sequence[str], counts: Counts, about: str) -> Figure:
    """Draw counts of gold (rows) by answer (columns, "none" last); what agrees is framed and bold."""
    figure, axes = _new_figure(len(answers), f"Gold against answer\n{about}", len(gold))
    if counts.sum() == 0:
        _say_instead(axes, "no rows")
        return figure
    texts = _draw_cells(figure, axes, counts, shares=False)
    axes.axvline(len(answers) - 1, color="white", linewidth=8, zorder=1)
    for place, letter in enumerate(gold):
        if letter != NONE:
            texts[place, place].set_fontweight("bold")
            for colour, line in (("white", 5), ("black", 2.5)):
                corner = (place + 0.04, place + 0.04)
                axes.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, ec=colour, lw=line, zorder=2))
    _label_cells(axes, answers, ["no gold" if letter == NONE else letter for letter in gold])
    framed = " (framed: agrees with gold)" if gold[0] != NONE else ""
    axes.set(xlabel=f"letter answered, as shown{framed}", ylabel="gold letter, as shown")
    return figure


def shares_by_slice(
    slices: Sequence[str], rows: Sequence[int], letters: Sequence[str], counts: Counts, title: str
) -> Figure:
    """Draw each letter's share (columns) of the letters read in each slice; `rows` says how many responses it has."""
    figure, axes = _new_figure(len(letters), title, len(slices))
    if not letters:
        _say_instead(axes, "no rows")
        return figure
    read = counts.sum(axis=1)
    shares = counts / np.where(read > 0, read, np.nan)[:, np.newaxis]
    _draw_cells(figure, axes, shares, shares=True)
    for place in [place for place, total in enumerate(read) if total == 0]:
        said = "no letter was read" if rows[place] else "no questions"
        axes.add_patch(Rectangle((0, place), len(letters), 1, fill=False, ec="#BBBBBB", hatch="//", lw=0))
        paper = {"facecolor": "white", "edgecolor": "none"}
        axes.text(len(letters) / 2, place + 0.5, said, ha="center", va="center", style="italic", bbox=paper)
    _label_cells(axes, letters, [f"{name}\n{count_label(int(n))}" for name, n in zip(slices, read, strict=True)])
    axes.set_xlabel("letter answered, as shown (n: rows with a letter)")
    return figure


def count_label(n: int) -> str:
    """Say how many, and whether that is too few to trust a share of them."""
    return f"n = {n}, few" if 0 < n < FEW else f"n = {n}"


def _expected_of(readings: pd.DataFrame, shown: Sequence[str], about: str) -> Figure:
    """Draw the answers against gold where rows have both, and against a uniform choice alone where none has."""
    used = comparable(readings)
    series = compared_counts(used, shown)
    having = "a letter and gold" if "gold" in series else "a letter; none of them has gold"
    few = ", few" if len(used) < FEW <= len(readings) else ""
    about = f"{about}; shares of the {len(used)} with {having}{few}" if len(used) else about
    return actual_against_expected(shown, series, about)


def _slices_of(readings: pd.DataFrame, column: str, by: str, about: str) -> Figure:
    """Draw the letters read in each of a column's slices."""
    shown, parts = letters_shown(readings), [readings[readings[column] == name] for name in SLICES[column]]
    counts = np.array([letter_counts(part["answer"], shown) for part in parts])
    title = f"Letters answered, {by}\n{about}"
    return shares_by_slice(SLICES[column], [len(part) for part in parts], shown, counts, title)


def _rows(n: int) -> str:
    """Say how many rows, and whether they are few."""
    return f"{n} row{'' if n == 1 else 's'}{', few' if 0 < n < FEW else ''}"


def _new_figure(columns: int, title: str, rows: int = 0) -> tuple[Figure, Axes]:
    """Start a figure of 7 x 5 inch, larger where there are many columns or rows."""
    size = (7 + 0.5 * max(0, columns - 8), 5 + 0.45 * max(0, rows - 7))
    figure = Figure(figsize=size, layout="constrained")
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
    title = "\n".join(fill(line, int(size[0] * CHARACTERS_PER_INCH)) for line in title.splitlines())
    figure.suptitle(title, x=0.12 / size[0], ha="left", fontsize=13)
    return figure, figure.add_subplot()


def _draw_cells(figure: Figure, axes: Axes, values: Counts, *, shares: bool) -> Cells:
    """Draw a matrix of counts, or of shares, as coloured cells, each with its number; NaN stays empty."""
    write: Callable[[float], str] = whole_percent if shares else "{:.0f}".format
    norm, colours, texts = Normalize(0, 1 if shares else values.max()), mpl.colormaps[COLOUR_MAP], Cells()
    mesh = axes.pcolormesh(np.ma.masked_invalid(values), cmap=colours, norm=norm, edgecolors="white", linewidth=1.5)
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = "white" if _luminance(colours(norm(value))) < MIDDLE_LUMINANCE else "black"
            place = (column + 0.5, row + 0.5)
            texts[row, column] = axes.text(*place, write(value), ha="center", va="center", color=colour)
    ticks, written = MaxNLocator(5, integer=not shares, steps=STEPS), FuncFormatter(lambda value, _: write(value))
    unit = "share of answers in the row (%)" if shares else "number of rows"
    bar = figure.colorbar(mesh, ax=axes, label=unit, fraction=0.05, pad=0.02, ticks=ticks, format=written)
    bar.outline.set_visible(False)
    axes.set_frame_on(False)
    return texts


def _label_cells(axes: Axes, columns: Sequence[str], rows: Sequence[str]) -> None:
    """Put labels at the middle of the cells, the first row on top."""
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axes.tick_params(length=0)
    axes.invert_yaxis()


def _luminance(rgba: tuple[float, float, float, float]) -> float:
    """Return a colour's relative luminance, 0 to 1 (WCAG 2.1)."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgba[:3])  # noqa: PLR2004 (sRGB)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _say_instead(axes: Axes, text: str) -> None:
    """Say in the middle of an empty picture why it is empty."""
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", style="italic")
