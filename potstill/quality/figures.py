"""The report's figures: from readings and counts to matplotlib Figures."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from potstill.core.distributions import Counts, total_variation
from potstill.core.wording import FEW, format_count, mark_few
from potstill.quality.pictures import (
    SERIES_LOOKS,
    STEPS,
    Picture,
    draw,
    draw_counts,
    draw_notice,
    draw_shares,
    label_cells,
    new_figure,
)
from potstill.quality.slices import SLICES
from potstill.quality.statistics import NONE, comparable, compared_counts, cross_counts, letter_counts, letters_shown

SLICE_NAMES = {"by_type": "question type", "by_length": "length in words", "by_letter": "gold letter (recall)"}


def draw_split(
    split: str, teacher: str, readings: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> dict[str, Picture]:
    """Return every figure of one split's readings and slices; the keys are the names of the files."""
    return {name: draw(make) for name, make in plan_figures(split, teacher, readings, tables).items()}


def plan_figures(
    split: str, teacher: str, readings: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> dict[str, Callable[[], Figure]]:
    """Return what makes each figure of one split's readings and slices, by name."""
    shown = letters_shown(readings)
    columns, has_gold = [*shown, NONE], readings["gold"] != NONE
    gold = [*(shown if has_gold.any() else []), *([] if has_gold.all() else [NONE])]
    about = f"{split}, {teacher}, {format_count(len(readings), 'row')}{mark_few(len(readings))}"
    by_gold = cross_counts(readings["gold"], readings["answer"], gold, columns)
    return {
        "answers_per_letter": partial(answers_per_letter, columns, letter_counts(readings["answer"], columns), about),
        "actual_against_expected": partial(_draw_expectation, readings, shown, about),
        "confusion": partial(confusion, gold, columns, by_gold, about),
        "accuracy_by_slice": partial(accuracy_by_slice, _slices_by_title(tables, split), about),
        "answer_by_type": partial(_draw_slices, readings, "question_type", "by question type", about),
        "answer_by_length": partial(_draw_slices, readings, "length_band", "by length of the question in words", about),
    }


def answers_per_letter(letters: Sequence[str], answered: Counts, about: str) -> Figure:
    """Draw how often each of the letters, "none" among them, was answered: `answered` has a count for each."""
    figure, axes = new_figure(len(letters), f"How often each letter was answered\n{about}")
    bars = axes.bar(range(len(letters)), answered, color=SERIES_LOOKS["answered"][0], edgecolor="black", linewidth=0.8)
    for bar, letter in zip(bars, letters, strict=True):
        if letter == NONE:
            bar.set(facecolor="white", hatch="//")
    axes.bar_label(bars, fmt="{:,.0f}", padding=2)
    axes.set_xticks(range(len(letters)), letters)
    axes.set(xlabel="letter as shown (none: no letter could be read)", ylabel="number of rows")
    axes.set_ylim(0, max(1, answered.max(initial=0)) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(8, integer=True, steps=STEPS))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    return figure


def actual_against_expected(letters: Sequence[str], series: dict[str, Counts], about: str) -> Figure:
    """Draw each series' shares of the letters side by side, and write how far those "answered" are from the others."""
    figure, axes = new_figure(len(letters), f"Letters answered, against what to expect\n{about}")
    axes.set_xticks(range(len(letters)), letters)
    axes.set(xlabel="letter as shown", ylabel="share of rows (%)", xlim=(-0.5, max(1, len(letters)) - 0.5))
    if series["answered"].sum() == 0:
        draw_notice(axes, "no letter was read")
        return figure
    width = 0.8 / len(series)
    for place, (name, counts) in enumerate(series.items()):
        where = np.arange(len(letters)) + (place - (len(series) - 1) / 2) * width
        colour, hatch = SERIES_LOOKS[name]
        shares = 100 * counts / counts.sum()
        axes.bar(where, shares, width, label=name, color=colour, hatch=hatch, edgecolor="black", linewidth=0.8)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2, handlelength=1.6)
    distances = {name: total_variation(series["answered"], counts) for name, counts in series.items()}
    listed = ", ".join(f"{distances[name]:.2f} from {name}" for name in series if name != "answered")
    axes.set_xlabel(f"letter as shown\ntotal variation distance of the answers: {listed}")
    return figure


def confusion(gold: Sequence[str], answers: Sequence[str], counts: Counts, about: str) -> Figure:
    """Draw counts of gold (rows) by answer (columns, "none" last); what agrees is framed and bold."""
    figure, axes = new_figure(len(answers), f"Gold against answer\n{about}", len(gold))
    if counts.sum() == 0:
        draw_notice(axes, "no rows")
        return figure
    texts = draw_counts(figure, axes, counts)
    axes.axvline(len(answers) - 1, color="white", linewidth=8, zorder=1)
    for place, letter in enumerate(gold):
        if letter != NONE:
            texts[place, place].set_fontweight("bold")
            for colour, line in (("white", 5), ("black", 2.5)):
                corner = (place + 0.04, place + 0.04)
                axes.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, ec=colour, lw=line, zorder=2))
    label_cells(axes, answers, ["no gold" if letter == NONE else letter for letter in gold])
    framed = " (framed: agrees with gold)" if gold[0] != NONE else ""
    axes.set(xlabel=f"letter answered, as shown{framed}", ylabel="gold letter, as shown")
    return figure


def shares_by_slice(
    slices: Mapping[str, int], letters: Sequence[str], series: Mapping[str, Counts], title: str
) -> Figure:
    """Draw each letter's share (columns) of those "answered" in each slice, against its share of "gold" or "uniform".

    `slices` has each slice's number of responses, and each of the series a row of counts for it.
    """
    figure, axes = new_figure(len(letters), title, len(slices))
    if not letters:
        draw_notice(axes, "no rows")
        return figure
    reference = "gold" if "gold" in series else "uniform"
    used = series["answered"].sum(axis=1)
    shares, expected = (
        counts / np.where(used > 0, used, np.nan)[:, np.newaxis] for counts in (series["answered"], series[reference])
    )
    unit = f"points above (red) or below (blue)\n{'gold' if reference == 'gold' else 'a uniform choice'} in the row"
    draw_shares(figure, axes, shares, expected, used >= min(FEW, used.max()), unit)
    both = " and gold" if reference == "gold" else ""
    for place in [place for place, total in enumerate(used) if total == 0]:
        text = f"no row with a letter{both}" if [*slices.values()][place] else "no questions"
        axes.add_patch(Rectangle((0, place), len(letters), 1, fill=False, ec="#BBBBBB", hatch="//", lw=0))
        paper = {"facecolor": "white", "edgecolor": "none"}
        axes.text(len(letters) / 2, place + 0.5, text, ha="center", va="center", style="italic", bbox=paper)
    label_cells(axes, letters, [f"{name}\n{_count_label(int(n))}" for name, n in zip(slices, used, strict=True)])
    axes.set_xlabel(f"letter answered, as shown: share in % of the row's n\n(n: rows with a letter{both})")
    return figure


def accuracy_by_slice(slices: Mapping[str, pd.DataFrame], about: str) -> Figure:
    """Draw the accuracy of each slice as a point in its interval; the slices are tables by title."""
    names = [(title, row) for title, table in slices.items() for row in table.to_dict("records")]
    figure, axes = new_figure(0, f"Accuracy by slice, with 95 % Wilson intervals\n{about}", len(names) * 2 // 3)
    if not names:
        draw_notice(axes, "no rows with gold")
        return figure
    places = np.arange(len(names)) + np.array([list(slices).index(title) for title, _ in names])
    middle, low, high = (np.array([100 * row[end] for _, row in names]) for end in ("accuracy", "low", "high"))
    colour = SERIES_LOOKS["answered"][0]
    axes.errorbar(middle, places, xerr=(middle - low, high - middle), fmt="o", color=colour, capsize=3)
    axes.set_yticks(places, [f"{row['slice']} ({_count_label(row['n'])})" for _, row in names])
    for title in slices:
        first = min(place for place, (own, _) in zip(places, names, strict=True) if own == title)
        axes.text(1, first - 0.95, title, style="italic", va="center")
    axes.set(xlabel="accuracy (%)", xlim=(0, 100), ylim=(places[-1] + 0.6, -1.5))
    axes.grid(axis="x", color="#DDDDDD")
    return figure


def _draw_expectation(readings: pd.DataFrame, shown: Sequence[str], about: str) -> Figure:
    """Draw the answers against gold where rows have both, and against a uniform choice alone where none has."""
    used = comparable(readings)
    series = compared_counts(used, shown)
    subset = "a letter and gold" if "gold" in series else "a letter; none of them has gold"
    few = ", few" if len(used) < FEW <= len(readings) else ""
    about = f"{about}; shares of the {len(used):,} with {subset}{few}" if len(used) else about
    return actual_against_expected(shown, series, about)


def _draw_slices(readings: pd.DataFrame, column: str, by: str, about: str) -> Figure:
    """Draw the letters read in each of a column's slices."""
    shown, used = letters_shown(readings), comparable(readings)
    slices = {name: int((readings[column] == name).sum()) for name in SLICES[column]}
    parts = [compared_counts(used[used[column] == name], shown) for name in slices]
    names = compared_counts(used, shown)
    nothing = np.zeros(len(shown))
    series = {name: np.array([part.get(name, nothing) for part in parts]) for name in names}
    return shares_by_slice(slices, shown, series, f"Letters answered, {by}\n{about}")


def _slices_by_title(tables: Mapping[str, pd.DataFrame], split: str) -> dict[str, pd.DataFrame]:
    """Return the slices of a split that have rows with gold, by what they are slices of."""
    parts = {title: tables[name] for name, title in SLICE_NAMES.items()}
    kept = {title: table[(table["split"] == split) & (table["n"] > 0)] for title, table in parts.items()}
    return {title: table for title, table in kept.items() if len(table)}


def _count_label(n: int) -> str:
    """Return a count for a label, marked where a share of it says little."""
    return f"n = {n:,}{mark_few(n)}"
