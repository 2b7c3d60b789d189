"""What leaving questions out did to the letters that a student learns."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from potstill.core.distributions import independence, round_number, round_p_value, total_variation

Letters = Mapping[str, int]


def measure_shift(before: Letters, kept: Letters, after: Letters) -> dict[str, Any]:
    """Return how far letters went: of gold over all questions, over those kept, and of what the rows teach.

    `tv_distance` is the total variation from before to after, `selection_tv_distance` that from before to kept;
    `selection_p` is the chance that questions left out whatever their gold letter are as uneven: of the test that
    being kept is independent of it.
    """
    everything, chosen, taught = (
        np.array([letters[one] for one in before], float) for letters in (before, kept, after)
    )
    p, method = independence(np.stack([chosen, everything - chosen]))
    return {
        "tv_distance": round_number(total_variation(everything, taught)),
        "selection_tv_distance": round_number(total_variation(everything, chosen)),
        "selection_p": round_p_value(p),
        "selection_method": method,
    }
