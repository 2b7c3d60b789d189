"""How the report's figures are drawn: one style, figures that fit their contents, and the same bytes in every run."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import QuadMesh
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from potstill.core.distributions import Counts
from potstill.core.wording import format_bare_percent

# Okabe and Ito's palette, told apart by the colour-blind; each colour has a hatch besides, for print without colour.
SERIES_LOOKS = {"answered": ("#0072B2", ""), "gold": ("#E69F00", "//"), "uniform": ("#BBBBBB", "..")}
COLOUR_MAP = "Blues"
DIVERGING_MAP = "RdBu_r"  # ColorBrewer, told apart by the colour-blind; white where nothing is to be seen
LEAST_SCALE = 0.05  # of a diverging map: differences of a point or two stay pale
MIDDLE_LUMINANCE = 0.179  # from here on black is read more easily than white (WCAG 2.1, contrast ratio)
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


@dataclass(frozen=True)
class Picture:
    """The files of one figure."""

    svg: bytes
    png: bytes


def draw(make: Callable[[], Figure]) -> Picture:
    """Return a figure's files, in our own style, whatever the machine's matplotlibrc says, without a clock in them.

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


def embed_picture(picture: Picture) -> str:
    """Return a picture as an address that holds it."""
    return f"data:image/svg+xml;base64,{b64encode(picture.svg).decode()}"


def new_figure(columns: int, title: str, rows: int = 0) -> tuple[Figure, Axes]:
    """Return a figure of 7 x 5 inch, larger where there are many columns or rows, and its axes."""
    size = (7 + 0.5 * max(0, columns - 8), 5 + 0.45 * max(0, rows - 7))
    figure = Figure(figsize=size, layout="constrained")
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
    title = "\n".join(fill(line, int(size[0] * CHARACTERS_PER_INCH)) for line in title.splitlines())
    figure.suptitle(title, x=0.12 / size[0], ha="left", fontsize=13)
    return figure, figure.add_subplot()


def draw_counts(figure: Figure, axes: Axes, counts: Counts) -> dict[tuple[int, int], Text]:
    """Draw a matrix of counts as coloured cells, and return each cell's number."""
    write = "{:,.0f}".format
    mesh = axes.pcolormesh(counts, cmap=COLOUR_MAP, norm=Normalize(0, counts.max()), edgecolors="white", linewidth=1.5)
    ticks = MaxNLocator(5, integer=True, steps=STEPS)
    _draw_scale(figure, axes, mesh, ticks=ticks, label="number of rows", format=FuncFormatter(lambda n, _: write(n)))
    return _write_numbers(axes, counts, mesh.to_rgba(counts), write)


def draw_shares(figure: Figure, axes: Axes, shares: Counts, expected: Counts, scaled: Counts, unit: str) -> None:
    """Draw a matrix of shares as cells, coloured by how far each is from what is expected; NaN stays empty.

    The scale reaches as far as any difference in the rows that are `scaled`; what is farther has the colour of its end.
    """
    differences = shares - expected
    reach = max(LEAST_SCALE, np.nanmax(abs(differences[scaled]), initial=0))
    norm, drawn = Normalize(-reach, reach), np.ma.masked_invalid(differences)
    mesh = axes.pcolormesh(drawn, cmap=DIVERGING_MAP, norm=norm, edgecolors="white", linewidth=1.5)
    points = FuncFormatter(lambda value, _: f"{round(100 * value):+d}" if round(100 * value) else "0")
    _draw_scale(figure, axes, mesh, ticks=MaxNLocator(5, steps=STEPS), label=unit, format=points)
    _write_numbers(axes, shares, mesh.to_rgba(differences), format_bare_percent)


def _draw_scale(figure: Figure, axes: Axes, mesh: QuadMesh, **parts: Any) -> None:
    """Draw what the colours of cells mean."""
    bar = figure.colorbar(mesh, ax=axes, fraction=0.05, pad=0.02, **parts)
    bar.outline.set_visible(False)
    axes.set_frame_on(False)


def _write_numbers(
    axes: Axes, numbers: Counts, colours: Counts, write: Callable[[float], str]
) -> dict[tuple[int, int], Text]:
    """Write a number into each cell, black or white, whichever is read more easily; NaN stays empty."""
    texts: dict[tuple[int, int], Text] = {}
    for (row, column), number in np.ndenumerate(numbers):
        if not np.isnan(number):
            colour = "white" if _luminance(*colours[row, column, :3]) < MIDDLE_LUMINANCE else "black"
            place = (column + 0.5, row + 0.5)
            texts[row, column] = axes.text(*place, write(number), ha="center", va="center", color=colour)
    return texts


def label_cells(axes: Axes, columns: Sequence[str], rows: Sequence[str]) -> None:
    """Put labels at the middle of the cells, the first row on top."""
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axes.tick_params(length=0)
    axes.invert_yaxis()


def draw_notice(axes: Axes, text: str) -> None:
    """Write a text into the middle of axes that have nothing else to show."""
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", style="italic")


def _luminance(*rgb: float) -> float:
    """Return a colour's relative luminance, 0 to 1 (WCAG 2.1)."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)  # noqa: PLR2004 (sRGB)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
