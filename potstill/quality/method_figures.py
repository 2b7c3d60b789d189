"""The figures that compare methods of debiasing: from each method's answers to matplotlib Figures."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from potstill.core.distributions import Counts, total_variation
from potstill.core.wording import format_decimals
from potstill.quality.calibration import Bin
from potstill.quality.methods import Frame
from potstill.quality.pictures import SERIES_LOOKS, draw_notice, new_figure

# Okabe and Ito's palette again, with a hatch and a line for print without colour.
METHOD_LOOKS = {
    "none": ("#0072B2", "", ":"),
    "vote": ("#D55E00", "xx", "--"),
    "average": ("#009E73", "\\\\", "-."),
    "pride": ("#CC79A7", "++", "-"),
}
COVERAGES = (80, 90)


def letter_preference(letters: Sequence[str], series: Mapping[str, Counts], about: str) -> Figure:
    """Draw the shares of the letters by each method, and in gold, side by side, letters in the original order."""
    figure, axes = new_figure(len(letters), f"Letters answered, before and after\n{about}")
    axes.set_xticks(range(len(letters)), letters)
    axes.set(ylabel="share of answers (%)", xlim=(-0.5, max(1, len(letters)) - 0.5))
    width = 0.8 / len(series)
    for place, (name, counts) in enumerate(series.items()):
        where = np.arange(len(letters)) + (place - (len(series) - 1) / 2) * width
        colour, hatch = SERIES_LOOKS["gold"] if name == "gold" else METHOD_LOOKS[name][:2]
        heights = 100 * counts / max(1, counts.sum())
        axes.bar(where, heights, width, label=name, color=colour, hatch=hatch, edgecolor="black", linewidth=0.8)
    _add_legend(axes)
    far = [(name, total_variation(counts, series["gold"])) for name, counts in series.items() if name != "gold"]
    listed = ", ".join(f"{name} {format_decimals(distance)}" for name, distance in far)
    axes.set_xlabel(f"letter in the original order\ntotal variation from gold: {listed}")
    return figure


def reliability(bins: Sequence[Bin], method: str, ece: float | None, brier: float | None, about: str) -> Figure:
    """Draw the accuracy of the answers of each bin of confidence against its mean confidence, and how many they are."""
    figure, axes = new_figure(0, f"Accuracy by confidence, {method}\n{about}")
    axes.set(xlabel=f"confidence (%)\nECE {format_decimals(ece)}, Brier score {format_decimals(brier)}")
    axes.set(ylabel="accuracy (%)", xlim=(0, 100), ylim=(0, 108))
    if not bins:
        draw_notice(axes, "no answer with gold")
        return figure
    axes.plot([0, 100], [0, 100], color="#777777", linestyle=":", label="as right as it is confident")
    colour, hatch, _ = METHOD_LOOKS[method]
    for one in bins:
        left, width, height = 100 * one.low, 100 * (one.high - one.low), 100 * one.accuracy
        axes.bar(left, height, width, align="edge", color=colour, alpha=0.35, hatch=hatch, ec="black")
        axes.text(left + width / 2, height + 1, f"{one.n:,}", ha="center", va="bottom", fontsize=10)
    middles, heights = [100 * one.confidence for one in bins], [100 * one.accuracy for one in bins]
    axes.plot(middles, heights, "o", color=colour, mec="black", label="bin of answers, with their number")
    _add_legend(axes)
    return figure


def risk_coverage(curves: Mapping[str, Frame], about: str) -> Figure:
    """Draw each method's accuracy over its most confident answers, by the share of the questions that these are."""
    figure, axes = new_figure(0, f"Accuracy of the most confident answers\n{about}")
    axes.set(xlabel="coverage: share of the questions with gold that are answered (%)", ylabel="accuracy (%)")
    axes.set(xlim=(0, 100), ylim=(0, 102))
    if not curves:
        draw_notice(axes, "no answer with gold")
        return figure
    for coverage in COVERAGES:
        axes.axvline(coverage, color="#BBBBBB", linewidth=1, zorder=0)
    for method, curve in curves.items():
        colour, _, line = METHOD_LOOKS[method]
        point = "o" if len(curve) == 1 else None
        points = 100 * curve["coverage"], 100 * curve["accuracy"]
        axes.plot(*points, color=colour, linestyle=line, linewidth=2, marker=point, label=method)
    _add_legend(axes)
    return figure


def _add_legend(axes: Axes) -> None:
    """Name the series above the axes."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.2, handlelength=1.8)
