"""From a question's readings to its answer by each method: none, vote, average and pride. No I/O.

PriDe is of Zheng et al., "Large Language Models Are Not Robust Multiple Choice Selectors", ICLR 2024.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import comb, exp, log
from statistics import fmean
from typing import Any, NamedTuple

from potstill.core.letters import original_letter
from potstill.core.records import OUTCOMES, DebiasMethod, Outcome
from potstill.reading.exchanges import JudgedExchange

DECIMALS = 6

Prior = Mapping[str, float]  # of each letter shown


@dataclass(frozen=True)
class Debiasing:
    """How to answer questions: the method chosen, all that the responses allow, and PriDe's priors by choices."""

    method: DebiasMethod = "vote"
    methods: tuple[DebiasMethod, ...] = ("none", "vote")
    priors: Mapping[int, Prior] = field(default_factory=dict)


class MethodAnswer(NamedTuple):
    """A question's answer by one method, in the original order; `votes` are those behind it, None where not by votes.

    `distribution` has the share, or the probability, of each option; `confidence` is the answer's.
    """

    letter: str | None
    outcome: Outcome
    confidence: float | None
    distribution: dict[str, float]
    votes: Counter[str] | None = None


def answer_by_methods(exchanges: Sequence[JudgedExchange], debiasing: Debiasing) -> dict[DebiasMethod, MethodAnswer]:
    """Return a question's answer by each of the methods.

    Only responses in which a letter was read count. Where none of them has probabilities, `average` and `pride` take
    the vote: an option that was named by its text has no letter to be preferred.
    """
    votes, found = count_votes(exchanges), _list_probabilities(exchanges)
    vote = _decide(exchanges, _share(votes))._replace(votes=votes)
    answers: dict[DebiasMethod, MethodAnswer] = {}
    for method in debiasing.methods:
        if method == "none":
            first = vote if len(exchanges) == 1 else _decide(exchanges[:1], _share(count_votes(exchanges[:1])))
            answers[method] = first._replace(votes=None)
        elif method == "vote" or not found:
            answers[method] = vote
        else:
            size = len(exchanges[0].request.choices)
            prior = debiasing.priors[size] if method == "pride" and not _is_fully_rotated(found, size) else None
            answers[method] = _decide(exchanges, _average(found, prior))
    return answers


def count_votes(exchanges: Iterable[JudgedExchange]) -> Counter[str]:
    """Return how many readings mean each option, by its letter in the original order."""
    return Counter(letter for _, letter in _list_meanings(exchanges))


def measure_agreement(votes: Counter[str]) -> float | None:
    """Return the share of the letters read that mean the most frequent option; None for fewer than two letters."""
    total = votes.total()
    return round(max(votes.values()) / total, DECIMALS) if total > 1 else None


def measure_flips(exchanges: Sequence[JudgedExchange]) -> float | None:
    """Return the share of the pairs of readings under different rotations that mean different options.

    Counted as all pairs but those under one rotation; None where there is no such pair.
    """
    if len(exchanges) == 1:
        return None
    meanings = Counter(_list_meanings(exchanges))
    by_rotation, by_letter = Counter[int](), Counter[str]()
    for (rotation, letter), count in meanings.items():
        by_rotation[rotation] += count
        by_letter[letter] += count
    pairs = comb(meanings.total(), 2) - _count_pairs(by_rotation)
    alike = _count_pairs(by_letter) - _count_pairs(meanings)
    return round(1 - alike / pairs, DECIMALS) if pairs else None


class PriorEstimator:
    """Takes questions one at a time, and estimates for each number of choices how likely a letter is in itself.

    Of a question that was asked under all its rotations, every option has stood at every letter, so that the mean of
    log P(letter) over the rotations differs between letters by nothing but their prior.
    """

    def __init__(self) -> None:
        """Start with none; `needed` are the numbers of choices of questions that pride answers by a prior."""
        self.needed: set[int] = set()
        self._priors: dict[int, list[Prior]] = defaultdict(list)

    def add(self, exchanges: Sequence[JudgedExchange]) -> bool:
        """Take a question; return whether any of its readings has probabilities."""
        size, found = len(exchanges[0].request.choices), _list_probabilities(exchanges)
        if _is_fully_rotated(found, size):
            self._priors[size].append(_estimate_prior(found))
        elif found:
            self.needed.add(size)
        return bool(found)

    def build(self) -> dict[int, Prior]:
        """Return the mean of the questions' priors, for each number of choices that has one."""
        return {
            size: {letter: fmean(prior[letter] for prior in priors) for letter in priors[0]}
            for size, priors in sorted(self._priors.items())
        }


Found = Sequence[tuple[int, Mapping[str, float]]]  # the rotation and the letters' probabilities of each reading


def _estimate_prior(found: Found) -> Prior:
    """Return a fully rotated question's prior: softmax of the mean log P(letter), each rotation weighing the same."""
    means = {}
    for letter in found[0][1]:
        logs: dict[int, list[float]] = defaultdict(list)
        for rotation, probabilities in found:
            logs[rotation].append(log(probabilities[letter]))
        means[letter] = exp(fmean(map(fmean, logs.values())))
    return _normalize(means)


def _list_probabilities(exchanges: Iterable[JudgedExchange]) -> Found:
    """Return the probabilities of the letters as shown, of each response in which a letter was read."""
    return [(one.request.rotation, one.probabilities) for one in exchanges if one.probabilities]


def _is_fully_rotated(found: Found, size: int) -> bool:
    """Return whether there are probabilities under every rotation of so many choices."""
    return {rotation for rotation, _ in found} == set(range(size))


def _average(found: Found, prior: Prior | None) -> dict[str, float]:
    """Return the mean probability of each option over its readings, a prior over letters divided out of each."""
    means: dict[str, float] = defaultdict(float)
    for rotation, probabilities in found:
        weights = {letter: value / prior[letter] for letter, value in probabilities.items()} if prior else probabilities
        for letter, value in _normalize(weights).items():
            means[original_letter(letter, rotation, len(weights))] += value / len(found)
    return means


def _decide(exchanges: Sequence[JudgedExchange], shares: Mapping[str, float]) -> MethodAnswer:
    """Return the option with the greatest share; a tie, to the sixth decimal, is ambiguous."""
    request = exchanges[0].request
    gold = request.answer and original_letter(request.answer, request.rotation, len(request.choices))
    rounded = {letter: round(share, DECIMALS) for letter, share in sorted(shares.items())}
    greatest = max(rounded.values(), default=0)
    leaders = [letter for letter, share in rounded.items() if share == greatest]
    if len(leaders) == 1:
        return MethodAnswer(leaders[0], compare(leaders[0], gold), rounded[leaders[0]], rounded)
    outcome = "ambiguous" if leaders else _most_frequent_outcome(exchanges)
    return MethodAnswer(None, outcome, None, rounded)


def compare(letter: str | None, gold: str | None) -> Outcome:
    """Return the outcome of a letter that was read."""
    if gold is None:
        return "unjudged"
    return "correct" if letter == gold else "wrong"


def _most_frequent_outcome(exchanges: Sequence[JudgedExchange]) -> Outcome:
    """Return the most frequent reason why no letter was read."""
    counts = Counter(exchange.reading.outcome for exchange in exchanges)
    return max(OUTCOMES, key=lambda outcome: counts[outcome])


def _list_meanings(exchanges: Iterable[JudgedExchange]) -> list[tuple[int, str]]:
    """Return the rotation of each letter read, and the option that it means."""
    return [
        (request.rotation, original_letter(one.reading.answer, request.rotation, len(request.choices)))
        for one in exchanges
        if (request := one.request) and one.reading.answer is not None
    ]


def _count_pairs(counts: Counter[Any]) -> int:
    """Return how many pairs can be made within the groups that were counted."""
    return sum(comb(count, 2) for count in counts.values())


def _share(votes: Counter[str]) -> dict[str, float]:
    """Return each option's share of the votes."""
    total = votes.total()
    return {letter: count / total for letter, count in votes.items()}


def _normalize(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights that add up to 1."""
    total = sum(weights.values())
    return {letter: weight / total for letter, weight in weights.items()}
