"""An export as lines for a terminal."""

from collections.abc import Mapping
from typing import Any

from potstill.core.wording import ASCII, format_interval, format_percent
from potstill.training_set.phrases import describe_left_out, describe_rows


def describe_export(manifest: Mapping[str, Any]) -> list[str]:
    """Return the lines for the console: two for each split, one for each warning."""
    lines = [line for name, split in manifest["splits"].items() for line in _describe_split(name, split)]
    lines += [f"warning: {warning}" for warning in manifest["warnings"]]
    return [line.translate(ASCII) for line in lines]


def _describe_split(name: str, split: Mapping[str, Any]) -> list[str]:
    """Return what became of a split's questions, and what its rows teach."""
    reasons = describe_left_out(split["left_out"])
    letters, distance, tokens = split["letters"], split["shift"]["tv_distance"], split["tokens"]
    gold = "" if distance is None else f"; gold {_list_shares(letters['before'])}; total variation {distance:.2f}"
    return [
        f"{name}: {split['kept']:,} of {split['questions']:,} questions exported as {describe_rows(split['rows'])}"
        + (f" (left out: {reasons})" if reasons else "")
        + f"; {_describe_agreement(split['agreement_with_gold'])}",
        f"{name}: letters taught {_list_shares(letters['after'])}{gold}; {tokens['total']:,} tokens, "
        f"the longest row {tokens['longest']:,}",
    ]


def _describe_agreement(agreement: Mapping[str, Any] | None) -> str:
    """Return the share of the kept questions with gold whose answer is gold's, and its interval."""
    if agreement is None:
        return "no gold to check them by"
    n = agreement["questions"]
    interval = format_interval(agreement["low"], agreement["high"], n)
    return f"{format_percent(agreement['share'], n)} agree with gold (95 % interval {interval})"


def _list_shares(counts: Mapping[str, int]) -> str:
    """Return each letter's share."""
    total = sum(counts.values())
    return (
        ", ".join(f"{letter} {format_percent(count / total, total)}" for letter, count in counts.items() if total)
        or "none"
    )
