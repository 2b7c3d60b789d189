"""How often each question is asked: under every rotation that is asked for, or once, as it is. No I/O."""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping

from potstill.core.letters import LETTERS
from potstill.core.params import Prepare
from potstill.core.records import Question
from potstill.prompting.drawing import rank

PURPOSE = "rotations"


class RotationCounts:
    """How many rotations each question of a split is asked under: 1 if it is not among those drawn to be rotated."""

    def __init__(self, prepare: Prepare, questions: Iterable[Question]) -> None:
        """Draw the questions to be rotated; `questions` are read, once, only where a share of them is drawn."""
        rotations = prepare.rotations
        self._most = len(LETTERS) if isinstance(rotations, str) else rotations
        self._seed = prepare.seed
        is_drawn = self._most > 1 and prepare.pride_share < 1
        self._last_ranks = find_last_ranks(questions, prepare.pride_share, prepare.seed) if is_drawn else None

    def count(self, question: Question) -> int:
        """Return under how many rotations to ask a question: no more than it has choices."""
        size = len(question.choices)
        if self._last_ranks is None or rank(PURPOSE, self._seed, question.id) <= self._last_ranks.get(size, -1):
            return min(self._most, size)
        return 1


def find_last_ranks(questions: Iterable[Question], share: float, seed: int) -> Mapping[int, int]:
    """Return, for each number of choices, the rank of the last question with so many that is drawn.

    Drawn is this share of each such group, at least one question, since a preference for letters is measured in each
    of them apart; a greater share draws the same ones and more. Of a question 8 bytes are kept.
    """
    if share == 0:
        return {}
    groups: defaultdict[int, array[int]] = defaultdict(lambda: array("Q"))
    for question in questions:
        groups[len(question.choices)].append(rank(PURPOSE, seed, question.id))
    # Rounded first, since 0.07 * 100 is a little more than 7.
    return {size: sorted(ranks)[max(1, math.ceil(round(share * len(ranks), 6))) - 1] for size, ranks in groups.items()}
