"""How far the letters of a training set are from those of its dataset, and how much of that selection explains."""

from collections.abc import Mapping, Sequence

import numpy as np

from potstill.core.distributions import Counts, independence, round_number, round_p_value, total_variation


def measure_shift(
    before: Mapping[str, int], kept: Mapping[str, int], after: Mapping[str, int]
) -> dict[str, float | str | None]:
    """Return the distances (total variation, 0 alike to 1 disjoint) from the gold letters of all questions.

    `tv_distance` is the one to the letters that the rows teach, `after`; `selection_tv_distance` the one to the gold
    letters of the kept questions. `selection_p` and `selection_method` test whether being kept depends on the gold
    letter; where all are kept, or none, p is None and the method says so. `kept` counts a part of `before`.
    """
    letters = sorted({*before, *after})
    whole, part = (count_letters(counts, letters) for counts in (before, kept))
    p, method = independence(np.array([part, whole - part]))
    return {
        "tv_distance": round_number(total_variation(whole, count_letters(after, letters))),
        "selection_tv_distance": round_number(total_variation(whole, part)),
        "selection_p": round_p_value(p),
        "selection_method": method,
    }


def count_letters(counts: Mapping[str, int], letters: Sequence[str]) -> Counts:
    """Return the count of each of the k letters, in order."""
    return np.array([counts.get(letter, 0) for letter in letters], dtype=np.float64)
