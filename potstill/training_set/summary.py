"""What an export holds, counted as its questions pass: the numbers of manifest.json and all that is made of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from potstill.core.distributions import round_number
from potstill.core.intervals import wilson_interval
from potstill.core.letters import LETTERS
from potstill.core.params import Format
from potstill.core.records import Outcome
from potstill.training_set.building import find_gold
from potstill.training_set.selection import Reason, Selected
from potstill.training_set.shift import measure_shift

NO_GOLD = "none"


@dataclass
class SplitSummary:
    """Counts of one split; `left_out` by reason and gold letter, `after` of the letters that its rows teach."""

    most_choices: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    left_out: defaultdict[Reason, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    gold: Counter[str] = field(default_factory=Counter)
    gold_kept: Counter[str] = field(default_factory=Counter)
    taught: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    longest: int = 0
    served_as: set[str] = field(default_factory=set)

    @property
    def questions(self) -> int:
        """Return how many questions have passed."""
        return self.gold.total()

    @property
    def kept(self) -> int:
        """Return how many of them were kept."""
        return self.gold_kept.total()

    def add(self, selected: Selected) -> None:
        """Count a question and what became of it."""
        first = selected.exchanges[0]
        gold = find_gold(first) or NO_GOLD
        self.most_choices = max(self.most_choices, len(first.request.choices))
        self.served_as.update(one.response.model for one in selected.exchanges if one.response.model)
        self.gold[gold] += 1
        if selected.reason:
            self.left_out[selected.reason][gold] += 1
            return
        self.outcomes[selected.examples[0].outcome] += 1
        self.gold_kept[gold] += 1
        for example in selected.examples:
            self.taught[example.letter] += 1
            self.tokens += example.tokens
            self.longest = max(self.longest, example.tokens)

    def build(self, rows: Mapping[Format, int], quality: Mapping[str, Any]) -> dict[str, Any]:
        """Return the split's part of manifest.json, with its rows in each format and the teacher's quality there."""
        letters = {
            name: {letter: counts[letter] for letter in LETTERS[: self.most_choices]}
            for name, counts in (("before", self.gold), ("kept", self.gold_kept), ("after", self.taught))
        }
        correct, judged = self.outcomes["correct"], self.kept - self.outcomes["unjudged"]
        low, high = wilson_interval(correct, judged)
        agreement = {"share": correct / judged, "low": low, "high": high} if judged else None
        return {
            "questions": self.questions,
            "kept": self.kept,
            "rows": dict(rows),
            "outcomes": dict(sorted(self.outcomes.items())),
            "agreement_with_gold": agreement
            and {name: round_number(number) for name, number in agreement.items()} | {"questions": judged},
            "left_out": {reason: dict(sorted(counts.items())) for reason, counts in sorted(self.left_out.items())},
            "letters": letters,
            "shift": measure_shift(**letters),
            "tokens": {"total": self.tokens, "longest": self.longest},
            "quality": dict(quality),
        }
