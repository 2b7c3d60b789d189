"""What would mislead a student who learns from a training set, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from potstill.core.intervals import wilson_interval
from potstill.core.wording import format_list, format_percent

Split = Mapping[str, Any]  # of manifest.json
NOTICEABLE = 0.1  # total variation; less is not spoken of, however certain


def find_warnings(splits: Mapping[str, Split], export: Mapping[str, Any], gates_failed: Sequence[str]) -> list[str]:
    """Return a sentence for each thing that would mislead a student, the gravest first.

    `splits` and `export` are as in manifest.json, `gates_failed` phrases such as "min_accuracy in train".
    """
    return [
        *_warn_of_gates(gates_failed),
        *_warn_of_wrong(splits, export["keep"]),
        *_warn_of_unjudged(splits),
        *_warn_of_letters(splits),
        *_warn_of_leakage(splits, export["leakage_threshold"]),
    ]


def find_favourite(letters: Mapping[str, Mapping[str, int]]) -> tuple[str, float, float] | None:
    """Return the letter that rows teach too often, with its share of them and of gold; None if there is none.

    Too often: its share's whole 95 % interval (Wilson) lies above gold's share and above an even one, so neither a
    skew that gold has nor one that was evened out counts, nor what chance does to few rows.
    """
    before, after = letters["before"], letters["after"]
    taught, gold = sum(after.values()), sum(before.values())
    if not taught or not gold:
        return None
    even = 1 / len(before.keys() | after.keys())
    favourite = max(after, key=lambda letter: after[letter] / taught - before.get(letter, 0) / gold)
    share, in_gold = after[favourite] / taught, before.get(favourite, 0) / gold
    low, _ = wilson_interval(after[favourite], taught)
    return (favourite, share, in_gold) if low is not None and low > max(in_gold, even) else None


def _warn_of_gates(failed: Sequence[str]) -> Iterator[str]:
    """Yield which gates the teacher did not pass."""
    if failed:
        yield f"gates not passed: {', '.join(failed)}"


def _warn_of_wrong(splits: Mapping[str, Split], keep: str) -> Iterator[str]:
    """Yield how many kept answers disagree with gold."""
    if counts := _count(splits, "wrong"):
        better = "correct_and_agreed" if keep == "agreed" else "correct"
        yield f"of the answers, {counts} disagree with gold; export.keep: {better} leaves them out"


def _warn_of_unjudged(splits: Mapping[str, Split]) -> Iterator[str]:
    """Yield how many kept answers have no gold to be checked by."""
    if counts := _count(splits, "unjudged"):
        yield f"of the answers, {counts} could not be checked, since their questions have no gold"


def _count(splits: Mapping[str, Split], outcome: str) -> str:
    """Return how many kept answers of each split have an outcome; nothing if none has."""
    counts = [
        f"{count:,} of {split['kept']:,} in {name}"
        for name, split in splits.items()
        if (count := split["outcomes"].get(outcome, 0))
    ]
    return format_list(counts) if counts else ""


def _warn_of_letters(splits: Mapping[str, Split]) -> Iterator[str]:
    """Yield which letter train teaches too often."""
    train = splits.get("train")
    if train is None or (train["shift"]["tv_distance"] or 0) <= NOTICEABLE:
        return
    if found := find_favourite(train["letters"]):
        letter, share, in_gold = found
        rows, gold = (sum(train["letters"][name].values()) for name in ("after", "before"))
        yield (
            f"{format_percent(share, rows)} of the rows of train teach {letter}, where gold is {letter} in "
            f"{format_percent(in_gold, gold)}, so a student may learn to favour {letter}; export.balance evens "
            "letters out"
        )


def _warn_of_leakage(splits: Mapping[str, Split], threshold: float | None) -> Iterator[str]:
    """Yield that questions which a student is trained on may be among those that it is tested on."""
    others = [name for name in splits if name != "train"]
    if "train" in splits and others and threshold is None:
        yield (
            f"nobody looked for questions of train that are in {format_list(others)} as well, since "
            "export.leakage_threshold is null"
        )
