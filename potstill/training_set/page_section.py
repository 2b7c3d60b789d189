"""The training set's section of the report page, which the page loads from beside it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from potstill.core.documents import render_document
from potstill.core.page_script import write_page_script
from potstill.core.wording import NBSP, UNKNOWN, format_decimals, format_interval, format_percent
from potstill.training_set.phrases import (
    REASONS,
    count_reasons,
    describe_checks,
    describe_choices,
    describe_selection,
)

FOLDER = Path(__file__).parent
INTERVAL = f"95{NBSP}% interval"
OTHER_ANSWERS = (
    '<p class="quiet">The training set that training_set.js sums up was made of other answers than this page: '
    "run `make repro`.</p>"
)
Manifest = Mapping[str, Any]
Letter = tuple[str, list[tuple[str, float]]]
Line = tuple[str, str, list[str]]  # a row's name, its meaning, and a value of each split

MEASURES: tuple[tuple[str, str, Callable[[Manifest], str]], ...] = (
    ("Questions", "", lambda split: f"{split['questions']:,}"),
    ("Kept", "", lambda split: _format_share(split["kept"], split["questions"])),
    ("Agree with gold", "of the kept answers that have gold", lambda split: _format_agreement(split, "share")),
    (INTERVAL, "of that share (Wilson)", lambda split: _format_agreement(split, "interval")),
    (
        "Total variation",
        "of the letters taught from gold: 0 alike, 1 disjoint",
        lambda split: format_decimals(split["shift"]["tv_distance"]),
    ),
    ("Tokens", "of all rows of one format", lambda split: f"{split['tokens']['total']:,}"),
    ("Longest row", "in tokens", lambda split: f"{split['tokens']['longest']:,}"),
)


def write_page_section(path: Path, manifest: Manifest, responses: str, manifest_hash: str) -> None:
    """Write the script that puts the section into the page; `responses` is what DVC calls what was exported.

    The page's later scripts find `manifest_hash` there.
    """
    write_page_script(
        path,
        "training-set",
        {"responses": responses},
        render_section(manifest),
        OTHER_ANSWERS,
        {"manifest": manifest_hash},
    )


def render_section(manifest: Manifest) -> str:
    """Return the section's HTML, every text in it escaped."""
    splits = manifest["splits"]
    letters = {name: _list_letters(split["letters"]) for name, split in splits.items()}
    return render_document(
        FOLDER / "section.html",
        {},
        warnings=[f"{warning[:1].upper()}{warning[1:]}." for warning in manifest["warnings"]],
        choices=describe_choices(manifest["export"], manifest["prompt"]["system"]),
        checks=describe_checks(manifest),
        splits=list(splits),
        measures=_list_measures(list(splits.values())),
        left_out=_list_reasons(splits),
        letters=[(name, lines, describe_selection(splits[name])) for name, lines in letters.items()],
        longest=_find_longest(letters.values()),
    )


def _list_measures(splits: Sequence[Manifest]) -> list[Line]:
    """Return the lines of the table of numbers."""
    questions, kept, *others = [(name, meaning, list(map(write, splits))) for name, meaning, write in MEASURES]
    return [questions, kept, *_list_rows(splits), *others]


def _list_rows(splits: Sequence[Manifest]) -> list[Line]:
    """Return a line for the rows of the formats that have equally many in every split."""
    formats: dict[tuple[int, ...], list[str]] = {}
    for name in splits[0]["rows"]:
        formats.setdefault(tuple(split["rows"][name] for split in splits), []).append(name)
    return [("Rows", ", ".join(names), [f"{count:,}" for count in counts]) for counts, names in formats.items()]


def _list_reasons(splits: Mapping[str, Manifest]) -> list[Line]:
    """Return a line for each reason to leave a question out that had one, the most frequent first."""
    counts = [count_reasons(split["left_out"]) for split in splits.values()]
    totals = {reason: sum(one.get(reason, 0) for one in counts) for one in counts for reason in one}
    return [
        (reason, REASONS.get(reason, ""), [f"{one.get(reason, 0):,}" for one in counts])
        for reason in sorted(totals, key=lambda reason: (-totals[reason], reason))
    ]


def _list_letters(letters: Mapping[str, Mapping[str, int]]) -> list[Letter]:
    """Return each letter with its share of gold, of the gold of what is kept, and of what rows teach."""
    counts = [letters[name] for name in ("before", "kept", "after")]
    return [(letter, [_measure(letter, one) for one in counts]) for letter in sorted(set().union(*counts))]


def _measure(letter: str, counts: Mapping[str, int]) -> tuple[str, float]:
    """Return a letter's share as a text and as a number."""
    total = sum(counts.values())
    share = counts.get(letter, 0) / total if total else None
    return format_percent(share, total), share or 0


def _find_longest(letters: Iterable[list[Letter]]) -> float:
    """Return the greatest share of all: its bar is as wide as there is room."""
    return max((share for lines in letters for _, shares in lines for _, share in shares), default=0) or 1


def _format_agreement(split: Manifest, part: str) -> str:
    """Return the share of kept answers that agree with gold, or its interval."""
    if not (agreement := split["agreement_with_gold"]):
        return UNKNOWN
    n = agreement["questions"]
    if part == "share":
        return format_percent(agreement["share"], n)
    return format_interval(agreement["low"], agreement["high"], n)


def _format_share(count: int, total: int) -> str:
    """Return a count and its share."""
    return f"{count:,} ({format_percent(count / total, total)})" if total else f"{count:,}"
