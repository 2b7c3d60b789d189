"""The figure that decides at a glance: accuracy against cost, with the variants that no other one beats in both."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import Bbox

from potstill.comparing.measuring import Variant
from potstill.comparing.verdicts import find_prices
from potstill.comparing.wording import format_number, format_range, format_share
from potstill.core.wording import format_list, format_usd
from potstill.quality.pictures import SERIES_LOOKS, new_figure

WIDE = 20  # from this ratio of costs on, the axis is logarithmic, or the cheap ones would lie on one another
ANGLES = (35, -35, 145, -145, 90, -90, 0, 180)  # degrees; where a label may stand, seen from its point
DISTANCES = (9, 18, 30, 45, 65)  # points


class Point(NamedTuple):
    """A variant in the figure; cost is in `unit` per 1,000 questions."""

    name: str
    cost: float
    accuracy: float
    low: float
    high: float


def place_points(variants: Sequence[Variant]) -> tuple[str, list[Point]]:
    """Return the unit of costs, and the points of the variants; none if costs or accuracies are unknown."""
    judged = [variant for variant in variants if variant.accuracy is not None]
    prices = find_prices(judged)
    if not judged or prices is None:
        return "", []
    points = []
    for variant, amount in zip(judged, prices.amounts, strict=True):
        low, high = variant.interval
        points.append(Point(variant.name, 1000 * amount, variant.accuracy or 0, low or 0, high or 0))
    return prices.unit, points


def find_front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other one beats: none is as cheap and more accurate, or cheaper and as accurate."""
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost, -point.accuracy)):
        if not front or point.accuracy > front[-1].accuracy:
            front.append(point)
    return front


def draw_costs(points: Sequence[Point], unit: str, about: str) -> Figure:
    """Draw accuracy with its interval against cost; `about` says of which questions."""
    figure, axes = new_figure(0, f"Accuracy against cost, with 95 % Wilson intervals\n{about}")
    front = find_front(points)
    colour = SERIES_LOOKS["answered"][0]
    costs = [point.cost for point in points]
    if min(costs) > 0 and max(costs) > WIDE * min(costs):
        axes.set_xscale("log")
    axes.step(
        [point.cost for point in front], [100 * point.accuracy for point in front],
        where="post", color="#777777", linestyle="--", linewidth=1.2, label="Pareto front", zorder=1,
    )  # fmt: skip
    for point in points:
        spread = [[100 * (point.accuracy - point.low)], [100 * (point.high - point.accuracy)]]
        face = colour if point in front else "white"
        axes.errorbar(
            [point.cost], [100 * point.accuracy], yerr=spread, fmt="o", color=colour, mfc=face, capsize=4, ms=8,
        )  # fmt: skip
    axes.set(xlabel=f"{unit} per 1,000 questions", ylabel="accuracy (%)")
    axes.margins(x=0.18, y=0.12)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.grid(color="#DDDDDD")
    axes.set_axisbelow(True)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    _label_points(figure, axes, points)
    return figure


def _label_points(figure: Figure, axes: Axes, points: Sequence[Point]) -> None:
    """Write each name where it covers no point, interval or other name; a line leads to one that stands apart."""
    canvas = FigureCanvasAgg(figure)
    if engine := figure.get_layout_engine():
        engine.execute(figure)
    renderer, frame = canvas.get_renderer(), axes.get_window_extent()  # type: ignore[no-untyped-call]
    taken = [_find_extent(axes, point) for point in points]
    for point in points:
        tried: list[tuple[float, int, Bbox, int, int]] = []
        for distance, angle in product(DISTANCES, ANGLES):
            text = _write_label(axes, point, distance, angle)
            box = text.get_window_extent(renderer).padded(2)
            text.remove()
            outside = box.width * box.height - _measure_overlap(box, frame)
            covered = outside + sum(_measure_overlap(box, other) for other in taken)
            tried.append((round(covered), len(tried), box, distance, angle))
            if tried[-1][0] == 0:
                break
        *_, box, distance, angle = min(tried, key=lambda one: one[:2])
        _write_label(axes, point, distance, angle)
        taken.append(box)


def _write_label(axes: Axes, point: Point, distance: float, angle: float) -> Annotation:
    """Write a point's name at a distance (points) and an angle (degrees) from it, and return the annotation."""
    turn = np.deg2rad(angle)
    across, up = float(np.cos(turn)), float(np.sin(turn))
    line = {"arrowstyle": "-", "color": "#777777", "linewidth": 0.8} if distance > DISTANCES[1] else None
    return axes.annotate(
        point.name, (point.cost, 100 * point.accuracy), (distance * across, distance * up),
        textcoords="offset points", arrowprops=line,
        ha="left" if across > 0.1 else "right" if across < -0.1 else "center",  # noqa: PLR2004
        va="bottom" if up > 0.1 else "top" if up < -0.1 else "center",  # noqa: PLR2004
    )  # fmt: skip


def _find_extent(axes: Axes, point: Point) -> Bbox:
    """Return where a point and its interval are drawn, in pixels."""
    ends = axes.transData.transform([(point.cost, 100 * point.low), (point.cost, 100 * point.high)])
    (left, low), (_, high) = ends.tolist()
    return Bbox([[left - 7, low], [left + 7, high]])


def _measure_overlap(one: Bbox, other: Bbox) -> float:
    """Return the area that two boxes share, in square pixels."""
    shared = Bbox.intersection(one, other)
    return 0.0 if shared is None else float(shared.width * shared.height)


def describe_costs(points: Sequence[Point], unit: str) -> str:
    """Return the figure in words."""
    write = format_usd if unit == "US dollars" else format_number
    listed = "; ".join(
        f"{point.name}: {format_share(point.accuracy)} ({format_range(point.low, point.high)}) "
        f"at {write(point.cost)} {unit}"
        for point in points
    )
    front = format_list([point.name for point in find_front(points)])
    return f"Accuracy against {unit} per 1,000 questions. {listed}. On the Pareto front: {front}."
