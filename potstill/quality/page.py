"""The report as one self-contained page: its parts, and its rendering."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from potstill.core.documents import render_document
from potstill.core.letters import LETTERS
from potstill.core.params import Gates
from potstill.core.records import OUTCOMES, SPLITS, Outcome
from potstill.core.wording import (
    FEW,
    NBSP,
    UNKNOWN,
    format_decimals,
    format_interval,
    format_p_value,
    format_percent,
    mark_few,
)
from potstill.quality.captions import describe_figure
from potstill.quality.explorer import ExplorerRows, embed, share_texts
from potstill.quality.frames import Frames
from potstill.quality.gates import MEASURED, TITLES, list_on
from potstill.quality.method_report import MethodReport, describe_methods
from potstill.quality.pictures import Picture, embed_picture
from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES
from potstill.quality.verdicts import describe_verdict

FOLDER = Path(__file__).parent
LIBRARY = "itables/html/dt_bundle.js"  # DataTables and what it needs, as the package itables carries it
Numbers = dict[str, Any]

SLICE_TITLES = {"by_type": "Type of question", "by_length": "Length in words", "by_letter": "Gold letter"}
SLICE_TITLES |= {"by_concept": "Concept"}
MOST_CONCEPTS = 15
INTERVAL = f"95{NBSP}% interval"
OUTCOME_MEANINGS: dict[Outcome, str] = {
    "correct": "the letter is gold's",
    "wrong": "another letter than gold's",
    "unjudged": "a letter, but no gold",
    "refused": "the teacher declined to choose",
    "ambiguous": "several letters, one beside another choice's text, or a tie",
    "unparsed": "no letter found in the text",
    "truncated": "cut off at max_tokens",
    "filtered": "held back by a content filter",
    "failed": "no response came",
}
MEASURES: tuple[tuple[str, str, Callable[[Numbers], str]], ...] = (
    ("Questions", "", lambda m: f"{m['questions']:,}"),
    ("Accuracy", "correct answers among questions with gold", lambda m: format_percent(m["accuracy"], m["questions"])),
    (
        INTERVAL,
        "of the accuracy (Wilson)",
        lambda m: format_interval(m["accuracy_low"], m["accuracy_high"], m["questions"]),
    ),
    (
        "Rows with a letter",
        "responses in which a letter was read",
        lambda m: format_percent(m["answered_rate"], m["questions"]),
    ),
    ("Kappa", "agreement with gold beyond chance: 0 none, 1 all", lambda m: format_decimals(m["kappa"])),
    ("Total variation", "of answers from gold: 0 alike, 1 disjoint", lambda m: _format_bias(m, "tv_distance")),
    (
        "Chi-square p",
        "of letters this far from gold, or from uniform, by chance",
        lambda m: format_p_value(m["position_bias"]["chi2_p"]),
    ),
    ("RStd", "standard deviation of recall over gold letters", lambda m: _format_bias(m, "recall_std")),
    (
        "Agreement",
        "of repeated readings with their plurality",
        lambda m: format_percent(m["agreement"], m["questions"]),
    ),
    (
        "Flip rate",
        "pairs of rotations that mean different options",
        lambda m: format_percent(m["flip_rate"], m["questions"]),
    ),
    ("Outside the letters", "probability where letters were read", lambda m: format_percent(m["letter_mass_outside"])),
)
FILTER_ORDERS = {
    "split": SPLITS,
    "outcome": OUTCOMES,
    "answer": (*LETTERS, ""),
    "gold": (*LETTERS, ""),
    "type": QUESTION_TYPES,
    "length": LENGTH_BANDS,
}


@dataclass(frozen=True)
class Report:
    """What the page shows: where it all comes from, metrics by split, gates, tables, figures, and rows."""

    teacher: str
    facts: dict[str, str]
    gates: Gates
    metrics: dict[str, Numbers]
    frames: Frames
    tables: dict[str, pd.DataFrame]
    pictures: dict[str, dict[str, Picture]]
    sample: ExplorerRows
    responses: str  # what DVC calls them
    method_reports: dict[str, MethodReport] = field(default_factory=dict)


def render_page(report: Report) -> str:
    """Return the page: one HTML document that asks for nothing else, every text in it escaped."""
    rows, script = report.sample.rows(), f"\n{(FOLDER / 'explorer.js').read_text(encoding='utf-8')}"
    library = Path(str(distribution("itables").locate_file(LIBRARY))).read_text(encoding="utf-8")
    splits = report.metrics.values()
    return render_document(
        FOLDER / "page.html",
        {},
        report=report,
        few=FEW,
        script=Markup(script),  # noqa: S704 (our own file)
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        # What would be markup in a text cannot name a hash of what came back, so it loads no script.
        nonce=report.responses.removesuffix(".dir"),
        library=embed(library),  # embedded since its text has what would end a script element
        rows=embed(share_texts(rows)),
        about_rows=_describe_rows(report.sample, len(rows)),
        orders=json.dumps(FILTER_ORDERS),
        gates=_list_gates(report),
        splits=[_describe_split(report, split) for split in report.metrics],
        measures=[(name, meaning, [write(m) for m in splits]) for name, meaning, write in MEASURES],
        outcomes=[
            (name, meaning, [_format_share(m["outcomes"][name], m["questions"]) for m in splits])
            for name, meaning in OUTCOME_MEANINGS.items()
        ],
        tests=[_format_test(row) for row in report.tables["tests"].to_dict("records")],
    )


def _describe_rows(sample: ExplorerRows, shown: int) -> str:
    """Return which of the rows the page holds."""
    if shown == sample.total:
        return f"All {shown:,} rows."
    if sample.size == 0:
        return "No rows: analyze.explorer_rows in params.yaml is 0."
    why = "analyze.explorer_rows in params.yaml" if shown == sample.size else "more texts would make a page too large"
    return f"A random sample of {shown:,} of {sample.total:,} rows ({why})."


def _list_gates(report: Report) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the title of each gate that is on, with its limit, and each split's verdict and number."""
    listed = []
    for name in list_on(report.gates):
        limit = getattr(report.gates, name)
        title = TITLES[name] + ("" if limit is True else f" {limit:g}")
        numbers = [(m["gates"][name], MEASURED[name](m)) for m in report.metrics.values()]
        listed.append((title, [(v, UNKNOWN if number is None else f"{number:.4g}") for v, number in numbers]))
    return listed


def _describe_split(report: Report, split: str) -> dict[str, Any]:
    """Return what the page shows of one split."""
    readings, _ = report.frames.of_split(split)
    slices = []
    for name, title in SLICE_TITLES.items():
        table = report.tables[name]
        rows = table[table["split"] == split].to_dict("records")
        shown, note = _choose_concepts(rows) if name == "by_concept" else (rows, "")
        slices.append((title, note, [_format_slice(row) for row in shown]))
    return {
        "name": split,
        "verdict": describe_verdict(
            report.teacher, split, report.metrics[split], report.frames, report.tables["tests"]
        ),
        "figures": [
            (name, describe_figure(name, readings, report.tables, split), embed_picture(picture))
            for name, picture in report.pictures[split].items()
        ],
        "slices": [one for one in slices if one[1] or one[2]],
        "methods": _describe_methods(report, split),
    }


def _choose_concepts(rows: list[dict[Any, Any]]) -> tuple[list[dict[Any, Any]], str]:
    """Return the most frequent concepts of those that are not few, and what to know of the others."""
    known = [row for row in rows if row["n"] >= FEW]
    shown, few = known[:MOST_CONCEPTS], len(rows) - len(known)
    if not rows or shown == rows:
        return shown, ""
    others = f"{few:,} of {len(rows):,} have fewer than {FEW} questions, of which a share says little; " if few else ""
    most = f"the {len(shown)} most frequent of {len(known):,}; " if len(shown) < len(known) else ""
    return shown, f"{most}{others}all are in tables/by_concept.csv"


def _describe_methods(report: Report, split: str) -> dict[str, Any] | None:
    """Return what the page shows of a split's methods of debiasing, where they can differ."""
    if not (methods := report.method_reports.get(split)):
        return None
    figures = [(name, alt, embed_picture(picture)) for name, (picture, alt) in methods.figures.items()]
    return describe_methods(methods, split, report.tables) | {"figures": figures}


def _format_slice(row: dict[Any, Any]) -> tuple[str, str, str, str]:
    """Return a slice's name, its n, accuracy and interval."""
    n = row["n"]
    accuracy, interval = format_percent(row["accuracy"], n), format_interval(row["low"], row["high"], n)
    return row["slice"], f"{n:,}{mark_few(n)}", accuracy, interval


def _format_test(row: dict[Any, Any]) -> dict[str, str]:
    """Return a row of the table of tests, its numbers as texts."""
    return row | {
        "n": f"{row['n']:,}",
        "effect": UNKNOWN if pd.isna(row["size"]) else f"{row['effect']} {row['size']:.2f}",
        "p": format_p_value(row["p"]),
        "p_adjusted": format_p_value(row["p_adjusted"]),
    }


def _format_share(count: int, total: int) -> str:
    """Return a count and its share."""
    return f"{count:,} ({format_percent(count / total, total)})" if count else "0"


def _format_bias(numbers: Numbers, name: str) -> str:
    """Return a measure of position bias."""
    return format_decimals(numbers["position_bias"][name])
