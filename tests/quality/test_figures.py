import struct
from collections import Counter
from functools import partial

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from potstill.quality.figures import (
    accuracy_by_slice,
    actual_against_expected,
    confusion,
    draw_split,
    plan_figures,
    shares_by_slice,
)
from potstill.quality.pictures import draw
from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES

NAMES = ["answers_per_letter", "actual_against_expected", "confusion"]
NAMES += ["accuracy_by_slice", "answer_by_type", "answer_by_length"]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def counts(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=float)


def make_readings(rows: int, n_choices: int, *, gold: bool = True, read: bool = True) -> pd.DataFrame:
    random = np.random.default_rng(rows)
    letters = [*LETTERS[:n_choices]]
    return pd.DataFrame(
        {
            "question_type": random.choice(QUESTION_TYPES[:-1], rows),
            "length_band": random.choice(LENGTH_BANDS[:-1], rows),
            "gold": random.choice(letters, rows) if gold else "none",
            "answer": random.choice([*letters, "none"], rows) if read else "none",
            "n_choices": n_choices,
        }
    )


def slices(*rows: tuple[str, int, float]) -> pd.DataFrame:
    """Slices of the split "train" from names, sizes and accuracies, with intervals of a tenth to either side."""
    table = pd.DataFrame(list(rows), columns=["slice", "n", "accuracy"]).assign(split="train")
    return table.assign(low=table["accuracy"] - 0.1, high=table["accuracy"] + 0.1)


TABLES = {name: slices(("who", 12, 0.5), ("why", 3, 0.2)) for name in ("by_type", "by_length", "by_letter")}


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def luminance(colour: object) -> float:
    """WCAG's relative luminance, which matplotlib does not have."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize(
    "readings",
    [
        pytest.param(make_readings(1, 2), id="one row"),
        pytest.param(make_readings(20, 4, gold=False), id="no gold"),
        pytest.param(make_readings(20, 4, read=False), id="no letter read"),
        pytest.param(make_readings(0, 4), id="no rows"),
    ],
)
def test_every_figure_is_planned(readings: pd.DataFrame) -> None:
    plans = plan_figures("validation", "smollm2", readings, TABLES)
    assert list(plans) == NAMES
    for make in plans.values():
        title = make().get_suptitle().splitlines()[1]
        rows = {0: "0 rows", 1: "1 row, few", 20: "20 rows"}[len(readings)]
        assert title.startswith(f"validation, smollm2, {rows}")


@pytest.mark.slow
def test_every_figure_is_drawn_of_twenty_six_choices() -> None:
    for picture in draw_split("validation", "smollm2", make_readings(30, 26), TABLES).values():
        assert picture.svg.rstrip().endswith(b"</svg>")
        assert picture.png.startswith(b"\x89PNG")


def test_a_figure_is_the_same_seven_by_five_inch_under_any_matplotlibrc_and_names_no_date_and_no_version() -> None:
    make = partial(actual_against_expected, ["A"], {"answered": counts(1), "gold": counts(1)}, "train")
    picture = draw(make)
    with mpl.rc_context({"font.size": 30, "savefig.dpi": 20, "axes.facecolor": "red", "svg.fonttype": "none"}):
        assert draw(make) == picture
        assert mpl.rcParams["font.size"] == 30
    assert struct.unpack(">II", picture.png[16:24]) == (1050, 750)
    assert b'width="504pt" height="360pt"' in picture.svg
    assert b"date" not in picture.svg.lower()
    for version in (mpl.__version__.encode(), b"Software"):
        assert version not in picture.svg
        assert version not in picture.png


def test_every_text_has_at_least_eleven_points() -> None:
    sizes: list[float] = []

    def remember(figure: Figure) -> Figure:
        sizes.extend(text.get_fontsize() for text in figure.findobj(Text) if text.get_text())
        return figure

    draw(lambda: remember(actual_against_expected(["A"], {"answered": counts(1), "gold": counts(1)}, "train")))
    draw(
        lambda: remember(
            shares_by_slice({"who": 1}, ["A"], {"answered": np.ones((1, 1)), "uniform": np.ones((1, 1))}, "train")
        )
    )
    assert len(sizes) > 10
    assert min(sizes) >= 11


def test_actual_against_expected_has_series_that_differ_in_colour_and_hatch_and_their_distances() -> None:
    series = {"answered": counts(3, 1), "gold": counts(1, 3), "uniform": counts(2, 2)}
    figure = actual_against_expected(["A", "B"], series, "train")
    axes = figure.axes[0]
    assert "0.50 from gold, 0.25 from uniform" in axes.get_xlabel()
    assert [bar.get_height() for bar in axes.patches] == [75, 25, 25, 75, 50, 50]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["answered", "gold", "uniform"]
    assert len({bars[0].get_facecolor() for bars in axes.containers}) == 3
    assert len({bars[0].get_hatch() for bars in axes.containers}) == 3


def test_confusion_has_gold_down_and_answers_across_and_marks_agreement_without_colour() -> None:
    figure = confusion(["A", "B"], ["A", "B", "none"], np.array([[1, 2, 3], [4, 5, 6]], dtype=float), "train")
    axes = figure.axes[0]
    found = {text.get_text(): text.get_position() for text in axes.texts}
    assert found["3"] == (2.5, 0.5)
    assert found["4"] == (0.5, 1.5)
    assert axes.yaxis_inverted()
    assert [text.get_text() for text in axes.get_xticklabels()] == ["A", "B", "none"]
    assert {text.get_text() for text in axes.texts if text.get_fontweight() == "bold"} == {"1", "5"}
    assert {tuple(np.floor(frame.get_xy())) for frame in axes.patches} == {(0, 0), (1, 1)}


def test_numbers_stand_out_from_their_cells() -> None:
    tenths = np.arange(11.0)
    table = np.column_stack([tenths, 10 - tenths])
    series = {"answered": table, "gold": table[::-1]}
    figure = shares_by_slice({str(n): 10 for n in tenths}, ["A", "B"], series, "train")
    axes = figure.axes[0]
    figure.draw_without_rendering()
    cells = axes.collections[0].get_facecolor()
    pairs = [
        sorted((luminance(cell), luminance(text.get_color()))) for cell, text in zip(cells, axes.texts, strict=True)
    ]
    assert min((lighter + 0.05) / (darker + 0.05) for darker, lighter in pairs) >= 4.5


def test_shares_are_of_the_row_and_few_and_missing_rows_say_so() -> None:
    table = np.array([[3, 1], [30, 10], [0, 0], [0, 0]], dtype=float)
    slices = {"who": 9, "how": 40, "why": 2, "where": 0}
    figure = shares_by_slice(slices, ["A", "B"], {"answered": table, "gold": table[:, ::-1]}, "train")
    axes = figure.axes[0]
    rows: dict[int, list[str]] = {}
    for text in axes.texts:
        rows.setdefault(int(text.get_position()[1]), []).append(text.get_text())
    assert rows == {0: ["75", "25"], 1: ["75", "25"], 2: ["no row with a letter and gold"], 3: ["no questions"]}
    assert "n: rows with a letter and gold" in axes.get_xlabel()
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["who\nn = 4, few", "how\nn = 40", "why\nn = 0", "where\nn = 0"]


def test_shares_are_coloured_by_their_distance_from_gold_to_the_farthest_row_that_is_not_few() -> None:
    answered, gold = np.array([[15, 5], [8, 12], [4, 0]]), np.array([[10, 10], [10, 10], [0, 4]])
    axes = shares_by_slice(
        {"who": 20, "how": 20, "why": 4}, ["A", "B"], {"answered": answered, "gold": gold}, "train"
    ).axes
    mesh, colours = axes[0].collections[0], mpl.colormaps["RdBu_r"]
    assert mesh.get_clim() == (-0.25, 0.25)
    assert np.ravel(mesh.get_array()).tolist() == pytest.approx([0.25, -0.25, -0.1, 0.1, 1, -1])
    assert colours(mesh.norm(0.0)) == pytest.approx((0.97, 0.97, 0.97, 1), abs=0.01)
    assert "above (red) or below (blue)\ngold in the row" in axes[1].get_ylabel()


@pytest.mark.parametrize(
    ("gold", "answers", "title", "series"),
    [
        pytest.param("AB-", "B-A", "shares of the 1 with a letter and gold, few", 3, id="some have both"),
        pytest.param("---", "BA-", "shares of the 2 with a letter; none of them has gold, few", 2, id="no gold"),
        pytest.param("AB-", "---", "train, smollm2, 12 rows", 0, id="no letter"),
    ],
)
def test_expectation_is_over_rows_that_can_be_compared(gold: str, answers: str, title: str, series: int) -> None:
    pairs = [*zip(gold, answers, strict=True), *[("-", "-")] * 9]
    frame = pd.DataFrame(pairs, columns=["gold", "answer"]).replace("-", "none").assign(n_choices=2)
    figure = plan_figures("train", "smollm2", frame, TABLES)["actual_against_expected"]()
    assert " ".join(figure.get_suptitle().split()).endswith(title)
    assert len(figure.axes[0].patches) == 2 * series


def test_uniform_choice_is_among_each_rows_own_choices() -> None:
    frame = pd.DataFrame({"gold": [*"ABAB"], "answer": [*"AAAA"], "n_choices": [2, 2, 2, 4]})
    axes = plan_figures("train", "smollm2", frame, TABLES)["actual_against_expected"]().axes[0]
    heights = {bars.get_label(): [bar.get_height() for bar in bars] for bars in axes.containers}
    # three times a half, and a quarter once, of four rows
    assert heights == {
        "answered": [100, 0, 0, 0],
        "gold": [50, 50, 0, 0],
        "uniform": [43.75, 43.75, 6.25, 6.25],
    }


@pytest.mark.parametrize(
    ("gold", "rows", "agreement"),
    [
        pytest.param("AABBB", ["A", "B"], 2, id="gold"),
        pytest.param("AA---", ["A", "B", "no gold"], 2, id="gold in part"),
        pytest.param("-----", ["no gold"], 0, id="no gold"),
    ],
)
def test_confusion_counts_each_gold_letter_in_its_own_row(gold: str, rows: list[str], agreement: int) -> None:
    frame = pd.DataFrame({"gold": [*gold], "answer": [*"AB-BB"], "n_choices": 2}).replace("-", "none")
    axes = plan_figures("train", "smollm2", frame, TABLES)["confusion"]().axes[0]
    columns = ["A", "B", "none"]
    assert [label.get_text() for label in axes.get_yticklabels()] == rows
    assert [label.get_text() for label in axes.get_xticklabels()] == columns
    pairs = zip(gold, "AB-BB", strict=True)
    expected = Counter((letter.replace("-", "no gold"), answer.replace("-", "none")) for letter, answer in pairs)
    found = {(rows[int(y)], columns[int(x)]): text.get_text() for text in axes.texts for x, y in [text.get_position()]}
    assert {place: int(text) for place, text in found.items() if text != "0"} == expected
    assert len({tuple(np.floor(frame.get_xy())) for frame in axes.patches}) == agreement
    assert ("framed" in axes.get_xlabel()) == (agreement > 0)


def test_slices_are_drawn_from_their_own_rows() -> None:
    readings = make_readings(0, 2)
    readings.loc[0] = {"question_type": "who", "length_band": "20+", "gold": "A", "answer": "B", "n_choices": 2}
    plans = plan_figures("train", "smollm2", readings, TABLES)
    for name, labels in (("answer_by_type", QUESTION_TYPES), ("answer_by_length", LENGTH_BANDS)):
        rows = plans[name]().axes[0].get_yticklabels()
        expected = [f"{label}\nn = {'1, few' if label in ('who', '20+') else '0'}" for label in labels]
        assert [row.get_text() for row in rows] == expected


def test_accuracy_of_slices_is_drawn_with_intervals_under_the_slices_titles() -> None:
    figure = accuracy_by_slice({"question type": slices(("who", 12, 0.5), ("why", 3, 0.2))}, "train")
    (points,) = figure.axes[0].containers
    assert points.lines[0].get_xdata() == pytest.approx([50, 20])
    (bars,) = points.lines[2]
    assert [segment[:, 0].tolist() for segment in bars.get_segments()] == [
        pytest.approx([40, 60]),
        pytest.approx([10, 30]),
    ]
    assert {"question type", "who (n = 12)", "why (n = 3, few)"} <= set(texts_of(figure))


def test_slices_of_another_split_and_without_gold_are_not_drawn() -> None:
    table = pd.concat([slices(("who", 12, 0.5), ("why", 0, 0.2)), slices(("how", 9, 0.1)).assign(split="test")])
    plans = plan_figures("train", "smollm2", make_readings(9, 3), {**TABLES, "by_type": table})
    labels = [label.get_text() for label in plans["accuracy_by_slice"]().axes[0].get_yticklabels()]
    assert labels[:2] == ["who (n = 12)", "who (n = 12)"]
