"""What the study shows in docs/student.md: a table, and a figure that `python -m student.study.page` draws."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from potstill.core.records import read_json
from potstill.core.wording import format_interval, format_p_value, format_percent, format_points
from potstill.quality.pictures import draw, new_figure

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "student/study/results.json"
FIGURE = ROOT / "docs/images/care.png"
LABELS = {
    "notebook": "as it came", "read": "keep: read", "correct": "keep: correct", "soft": "soft labels,\nfive rotations",
}  # fmt: skip
COLOUR, REFERENCE = "#0072B2", "#777777"
TENTHS = 1000  # of so many rows, a share is written with a decimal
APART = 0.16  # between the students of a set


def render_study() -> str:
    """Return the study's results as a Markdown table."""
    results = read_json(RESULTS)
    lines = [
        "| training set | rows | right labels | students' accuracy | mean, 95 % interval | less the notebook's | p |",
        "| --- | ---: | ---: | --- | ---: | ---: | ---: |",
        render_row("none: before training", results["untrained"]),
    ]
    for name, one in results["sets"].items():
        lines.append(render_row(one["what"], one, results["against_notebook"].get(name)))
    return "\n".join(lines)


def render_row(name: str, one: Mapping[str, Any], against: Mapping[str, Any] | None = None) -> str:
    """Return the row of a training set, with how its students do against the notebook's where that is known."""
    students = ", ".join(
        f"{format_percent(each['accuracy'], TENTHS)} ({render_interval(each['interval'])})" for each in one["students"]
    )
    cells = [name, f"{one['rows']:,}" if "rows" in one else "", ""]
    if "right_labels" in one:
        cells[2] = format_percent(one["right_labels"], TENTHS)
    cells += [students, f"{format_percent(one['mean'], TENTHS)} ({render_interval(one['mean_interval'])})"]
    cells += ["", ""]
    if against:
        low, high = (format_points(end) for end in against["interval"])
        cells[-2:] = [f"{format_points(against['difference'])} ({low} to {high})", format_p_value(against["p"])]
    return f"| {' | '.join(cells)} |"


def render_interval(ends: Sequence[float]) -> str:
    """Return the two ends of an interval of shares in per cent."""
    low, high = ends
    return format_interval(low, high, TENTHS)


def draw_students(results: Mapping[str, Any]) -> Figure:
    """Draw each student's accuracy with its interval, set by set, and that of the encoder before training."""
    drawn = f"{results['questions']:,} train questions; answers drawn from a noise model, none real"
    figure, axes = new_figure(4, f"Accuracy of ranking students by training set\n{drawn}")
    before = 100 * results["untrained"]["mean"]
    axes.axhline(before, color=REFERENCE, linestyle=":", label="before training")
    for place, one in enumerate(results["sets"].values()):
        middle = (len(one["students"]) - 1) / 2
        for number, student in enumerate(one["students"]):
            low, high = (100 * end for end in student["interval"])
            where, height = place + (number - middle) * APART, 100 * student["accuracy"]
            axes.errorbar(where, height, [[height - low], [high - height]], fmt="o", color=COLOUR, capsize=3)
        axes.plot([place - 0.3, place + 0.3], [100 * one["mean"]] * 2, color="black", linewidth=2)
    axes.set_xticks(range(len(results["sets"])), [LABELS[name] for name in results["sets"]])
    axes.set(ylabel=f"accuracy (%), {results['asked']:,} questions", xlim=(-0.5, len(results["sets"]) - 0.5))
    axes.plot([], [], "o-", color=COLOUR, label="a student, 95 % Wilson interval")
    axes.plot([], [], color="black", linewidth=2, label="mean")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    FIGURE.write_bytes(draw(lambda: draw_students(read_json(RESULTS))).png)
