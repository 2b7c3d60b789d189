"""Pairs of variants, over the questions that both answered."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from potstill.comparing.measuring import Variant
from potstill.comparing.statistics import (
    SIGNIFICANCE,
    PairCounts,
    adjust_holm,
    difference_interval,
)
from potstill.quality.significance import mcnemar_p

KINDS = ((True, True), (True, False), (False, True), (False, False))
MOST_ROWS = 200  # of a pair; what a reader looks through


@dataclass(frozen=True)
class Pair:
    """Two variants over the questions that they share: the same id, text, choices and gold.

    `changed` have the same id and other contents; `alone` counts the questions that only the first or the second has.
    `alike` have the same letter, or none, in both. `p_adjusted` is Holm's over all pairs.
    """

    first: Variant
    second: Variant
    shared: int
    changed: int
    alone: tuple[int, int]
    alike: int
    counts: PairCounts
    differing: tuple[str, ...]
    total_differing: int
    p: float | None = None
    p_adjusted: float | None = None

    @property
    def is_real(self) -> bool:
        """Return whether one is better than the other by more than chance."""
        return self.p_adjusted is not None and self.p_adjusted < SIGNIFICANCE

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference in accuracy, second less first."""
        return difference_interval(self.counts)


def compare_all(variants: Sequence[Variant]) -> list[Pair]:
    """Return every pair of the variants, with p values that are adjusted over all pairs that have one."""
    pairs = [_compare(first, second) for first, second in combinations(variants, 2)]
    judged = [place for place, pair in enumerate(pairs) if pair.p is not None]
    adjusted = adjust_holm([pairs[place].p or 0.0 for place in judged])
    for place, p in zip(judged, adjusted, strict=True):
        pairs[place] = replace(pairs[place], p_adjusted=p)
    return pairs


def _compare(first: Variant, second: Variant) -> Pair:
    """Return the pair of two variants, without an adjusted p."""
    common = [identity for identity in first.questions if identity in second.questions]
    shared = [key for key in common if first.questions[key].fingerprint == second.questions[key].fingerprint]
    with_gold = [key for key in shared if first.questions[key].gold is not None]
    outcomes = [(first.questions[key].is_right, second.questions[key].is_right) for key in with_gold]
    counts = PairCounts(*(outcomes.count(kind) for kind in KINDS))
    differing = [key for key in shared if first.questions[key].letter != second.questions[key].letter]
    return Pair(
        first=first,
        second=second,
        shared=len(shared),
        changed=len(common) - len(shared),
        alone=(len(first.questions) - len(common), len(second.questions) - len(common)),
        alike=len(shared) - len(differing),
        counts=counts,
        differing=draw_rows(differing, MOST_ROWS),
        total_differing=len(differing),
        p=mcnemar_p(counts.first_only, counts.second_only) if counts.total else None,
    )


def draw_rows(identities: Sequence[str], most: int) -> tuple[str, ...]:
    """Return as many ids at most, in their order: those with the least hashes, the same ones in every run."""
    if len(identities) <= most:
        return tuple(identities)
    drawn = set(sorted(identities, key=lambda one: hashlib.sha256(one.encode(errors="replace")).digest())[:most])
    return tuple(one for one in identities if one in drawn)
