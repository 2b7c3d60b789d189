"""What the report page shows of a split's methods of debiasing: a sentence, figures, and two tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from potstill.core.wording import (
    NBSP,
    UNKNOWN,
    describe_p_value,
    format_count,
    format_decimals,
    format_interval,
    format_p_value,
    format_percent,
    format_points,
)
from potstill.quality.calibration import brier_score, calibration_error, coverage_curve, reliability_bins
from potstill.quality.captions import describe_bins, describe_curves, describe_series
from potstill.quality.method_figures import letter_preference, reliability, risk_coverage
from potstill.quality.methods import Frame, graded
from potstill.quality.pictures import Picture, draw
from potstill.quality.statistics import NONE, letter_counts, letters_shown

MEANINGS = {
    "none": "the first reading alone",
    "vote": "the option that most readings mean",
    "average": "the option with the greatest mean probability",
    "pride": "likewise, with the letters' prior divided out where not all rotations were asked",
}


@dataclass(frozen=True)
class MethodReport:
    """The figures of one split: each a picture and what it shows in words, by the name of its file."""

    method: str
    figures: dict[str, tuple[Picture, str]]


def draw_methods(split: str, teacher: str, method: str, methods: Mapping[str, Frame]) -> MethodReport:
    """Draw what the methods make of one split's letters and confidences; `method` is the one that was chosen."""
    planned = plan_method_figures(f"{split}, {teacher}, {len(methods[method]):,} questions", method, methods)
    return MethodReport(method, {name: (draw(make), alt) for name, (make, alt) in planned.items()})


def plan_method_figures(
    about: str, method: str, methods: Mapping[str, Frame]
) -> dict[str, tuple[Callable[[], Figure], str]]:
    """Return what makes each figure, and what it shows in words, by name."""
    letters = letters_shown(methods["none"])
    compared = {name: methods[name]["answer"] for name in dict.fromkeys(("none", method))}
    series = {name: letter_counts(column, letters) for name, column in compared.items()}
    series["gold"] = letter_counts(methods["none"]["gold"], letters)
    shown = _find_graded(method, methods)
    confidences, right = graded(methods[shown])
    bins = reliability_bins(confidences, right)
    scores = calibration_error(confidences, right), brier_score(confidences, right)
    curves = {name: coverage_curve(*graded(frame), _count_gold(frame)) for name, frame in methods.items()}
    curves = {name: curve for name, curve in curves.items() if len(curve) and (len(curve) > 1 or name == shown)}
    return {
        "letter_preference": (partial(letter_preference, letters, series, about), describe_series(series, letters)),
        "reliability": (partial(reliability, bins, shown, *scores, about), describe_bins(shown, bins)),
        "risk_coverage": (partial(risk_coverage, curves, about), describe_curves(curves)),
    }


def describe_methods(report: MethodReport, split: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the texts of the page's part on one split's methods."""
    methods, priors = (
        table[table["split"] == split].to_dict("records") for table in (tables["methods"], tables["letter_prior"])
    )
    return {
        "sentence": _describe_choice(report.method, {row["method"]: row for row in methods}),
        "methods": [_format_method(row) for row in methods],
        "meanings": [(row["method"], MEANINGS[row["method"]]) for row in methods],
        "priors": [_format_prior(row) for row in priors],
        "has_prior": any(pd.notna(row["prior"]) for row in priors),
        "several_sizes": len({row["n_choices"] for row in priors}) > 1,
    }


def _describe_choice(method: str, rows: Mapping[str, dict[Any, Any]]) -> str:
    """Return what the chosen method makes of accuracy and of the preference for letters."""
    chosen, none = rows[method], rows["none"]
    if not chosen["n"]:
        return f"Answers are by {method}; without gold nothing says whether that is better."
    if method == "none":
        return "Answers are the first reading alone; analyze.debias in params.yaml chooses another method."
    accuracy, before = (format_percent(row["accuracy"], row["n"]) for row in (chosen, none))
    return (
        f"Answers are by {method}: {accuracy} of the questions are answered rightly, against {before} by the first "
        f"reading alone ({_format_points(chosen)}, {describe_p_value(chosen['p'])}). The letters' total variation from "
        f"gold is {_format_distance(chosen)}, against {_format_distance(none)}."
    )


def _format_distance(row: Mapping[Any, Any]) -> str:
    """Return how far a method's letters are from gold, and in how many answers, since not all questions have one."""
    return f"{format_decimals(row['tv_distance'])} in {format_count(row['answered'], 'answer')}"


def _find_graded(method: str, methods: Mapping[str, Frame]) -> str:
    """Return the method whose confidence is worth a figure: the one chosen, or `average` where that is always sure."""
    return method if methods[method]["confidence"].nunique() > 1 or "average" not in methods else "average"


def _count_gold(frame: Frame) -> int:
    """Return how many questions have gold."""
    return int((frame["gold"] != NONE).sum())


def _format_method(row: Mapping[Any, Any]) -> tuple[str, list[str]]:
    """Return a method and its numbers."""
    numbers = [
        format_percent(row["accuracy"], row["n"]),
        format_interval(row["low"], row["high"], row["n"]),
        "" if row["method"] == "none" else _format_points(row),
        "" if row["method"] == "none" else format_p_value(row["p"]),
        *(format_decimals(row[name]) for name in ("tv_distance", "recall_std", "ece", "brier")),
        *(format_percent(row[name], row["n"]) for name in ("accuracy_at_80", "accuracy_at_90")),
    ]
    return row["method"], numbers


def _format_prior(row: Mapping[Any, Any]) -> tuple[int, str, list[str]]:
    """Return a number of choices, a letter, and its shares."""
    return row["n_choices"], row["letter"], [format_percent(row[name]) for name in ("answered", "gold", "prior")]


def _format_points(row: Mapping[Any, Any]) -> str:
    """Return a method's difference in accuracy from none."""
    sign = "+" if row["difference"] > 0 else ""
    return f"{sign}{format_points(row['difference'])}{NBSP}points" if row["n"] else UNKNOWN
