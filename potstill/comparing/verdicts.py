"""The sentences that a person needs: which variant to use, of each pair and of all."""

from collections.abc import Sequence
from typing import NamedTuple

from potstill.comparing.measuring import Variant
from potstill.comparing.pairs import Pair
from potstill.comparing.statistics import questions_needed
from potstill.comparing.wording import (
    ALIKE,
    TO,
    format_number,
    format_ratio,
    round_up,
)
from potstill.core.wording import NBSP, describe_p_value, format_count, format_list, format_points, format_usd

SEEN_POINTS = 3  # a difference in accuracy that matters to most: to see it is to find p < 0.05, in 4 of 5 such tries
MAKE_VARIANTS = "`make variants PROMPTS=letter,chain_of_thought` makes some"


class UnitCosts(NamedTuple):
    """What a question costs each of some variants, in one unit."""

    unit: str
    amounts: tuple[float, ...]


def find_prices(variants: Sequence[Variant]) -> UnitCosts | None:
    """Return dollars per question, or tokens where a price is unknown or all are 0; None if those are unknown, too."""
    dollars = [variant.spending.usd_per_question for variant in variants]
    known = [usd for usd in dollars if usd is not None]
    if len(known) == len(dollars) and any(known):
        return UnitCosts("US dollars", tuple(known))
    counted = [tokens for variant in variants if (tokens := variant.spending.tokens) is not None]
    return UnitCosts("tokens", tuple(counted)) if len(counted) == len(variants) else None


def describe_pair(pair: Pair, pairs: int) -> str:
    """Return what to make of a pair, one of so many; whether one is better goes by the adjusted p."""
    first, second = pair.first.name, pair.second.name
    if pair.shared == 0:
        return f"{first} and {second} cannot be compared: they share no question{_describe_changed(pair)}."
    if pair.total_differing == 0:
        alike = f"{first} and {second} give the same answers to all {format_count(pair.shared, 'shared question')}"
        return f"{alike}: {_advise_cheaper(pair, '')}.{_describe_unshared(pair)}"
    if pair.p is None:
        shared = format_count(pair.shared, "shared question")
        return (
            f"{first} and {second} cannot be judged, since no gold is known of the {shared}; they answer "
            f"{pair.alike:,} of them alike.{_describe_unshared(pair)}"
        )
    sentence = _describe_better(pair, pairs) if pair.is_real else _describe_close(pair, pairs)
    return f"{sentence}.{_describe_unshared(pair)}"


def _describe_better(pair: Pair, pairs: int) -> str:
    """Return by how much one is better than the other, at what cost, and which to use."""
    low, high = pair.interval
    winner, loser = (pair.second, pair.first) if pair.counts.difference > 0 else (pair.first, pair.second)
    prices, gain = find_prices([winner, loser]), abs(pair.counts.difference)
    bounds = sorted([low, high] if winner is pair.second else [-high, -low])
    if prices and prices.amounts[0] > prices.amounts[1] * (1 + ALIKE):
        further = (prices.amounts[0] - prices.amounts[1]) / gain
        price = f"{format_usd(further) if prices.unit == 'US dollars' else format_number(further)} {prices.unit}"
        return (
            f"{winner.name} is {format_points(gain)} points better than {loser.name} "
            f"({_format_evidence(bounds, pair, pairs)}) {_compare_prices(prices)}, {price} for each further correct "
            f"answer: use {winner.name} where that is worth it, else {loser.name}"
        )
    cost = f" {_compare_prices(UnitCosts(prices.unit, prices.amounts[::-1]))}" if prices else ""
    return (
        f"{loser.name} is {format_points(gain)} points worse than {winner.name} "
        f"({_format_evidence([-bounds[1], -bounds[0]], pair, pairs)}){cost}: use {winner.name}"
    )


def _describe_close(pair: Pair, pairs: int) -> str:
    """Return that no difference was found, what it would take to see one, and which to use."""
    total, counts = pair.counts.total, pair.counts
    needed = questions_needed(counts.discordant / total, SEEN_POINTS / 100, pairs)
    enough = (
        f"about {round_up(needed):,} would be needed to see {SEEN_POINTS} points"
        if needed > total
        else f"they are enough to see {SEEN_POINTS} points, as a rule"
    )
    advice = _advise_cheaper(pair, f" {SEEN_POINTS} points")
    return (
        f"Too close to call on {format_count(total, 'question')} ({pair.second.name} less {pair.first.name}: "
        f"{format_points(counts.difference)} points, {_format_evidence(pair.interval, pair, pairs)}); {enough}. "
        f"{advice[0].upper()}{advice[1:]}"
    )


def _advise_cheaper(pair: Pair, gain: str) -> str:
    """Return which of two that are not told apart to use."""
    prices = find_prices([pair.first, pair.second])
    if prices is None:
        return "either will do, and what they cost is unknown"
    low, high = sorted(prices.amounts)
    if high <= low * (1 + ALIKE):
        return f"either will do, at about the same {_name_cost(prices)}"
    cheaper = pair.first if prices.amounts[0] == low else pair.second
    unless = f", unless{gain} would be worth {_compare_prices(UnitCosts(prices.unit, (high, low)))[3:]}" if gain else ""
    return f"use the cheaper one, {cheaper.name}{unless}"


def _compare_prices(prices: UnitCosts) -> str:
    """Return what the first costs against the second, as "at 11 times the tokens"."""
    first, second = prices.amounts
    if abs(first - second) <= ALIKE * second:
        return f"at about the same {_name_cost(prices)}"
    if second == 0:
        return f"at {format_usd(1000 * first)} {prices.unit} per 1,000 questions against none"
    return f"at {format_ratio(first / second)} times the {_name_cost(prices)}"


def _name_cost(prices: UnitCosts) -> str:
    """Return the unit as a noun for a comparison."""
    return "tokens" if prices.unit == "tokens" else "cost"


def _format_evidence(bounds: Sequence[float], pair: Pair, pairs: int) -> str:
    """Return the interval of a difference and its p value, which is adjusted if there are several pairs."""
    low, high = map(format_points, bounds)
    adjusted = "adjusted " if pairs > 1 else ""
    return f"95{NBSP}% {low}{TO}{high}, {adjusted}{describe_p_value(pair.p_adjusted)}"


def _describe_changed(pair: Pair) -> str:
    """Return how many questions have the same id and something else in them."""
    return f" ({pair.changed:,} have the same id and another text, choices or gold)" if pair.changed else ""


def _describe_unshared(pair: Pair) -> str:
    """Return which questions the pair does not share; nothing if it shares all."""
    if not pair.changed and not any(pair.alone):
        return ""
    only = [f"{count:,} only in {one.name}" for count, one in zip(pair.alone, (pair.first, pair.second), strict=True)]
    return f" Questions left out since they are not shared: {format_list(only)}{_describe_changed(pair)}."


def describe_choice(variants: Sequence[Variant], pairs: Sequence[Pair]) -> str:
    """Return which of all variants to use."""
    if len(variants) == 1:
        return (
            f"There is one variant, {variants[0].name}, and nothing to compare it with: {MAKE_VARIANTS}."
            + _describe_guessing(variants)
        )
    if len(pairs) == 1:
        return describe_pair(pairs[0], 1) + _describe_guessing(variants)
    with_gold = [variant for variant in variants if variant.accuracy is not None]
    if not with_gold:
        return "No variant can be judged: none of the questions has gold."
    best = _find_best(with_gold, pairs)
    met = [pair for pair in pairs if pair.p is not None and best.name in (pair.first.name, pair.second.name)]
    if not met:
        alone = f"{best.name} has the highest accuracy, but no judged question in common with another variant"
        return f"{alone}: there is nothing to hold it against.{_describe_guessing(variants)}"
    return f"{_choose(best, met, len(pairs))}{_describe_unmet(variants, best, met)}{_describe_guessing(variants)}"


def _find_best(variants: Sequence[Variant], pairs: Sequence[Pair]) -> Variant:
    """Return the most accurate of the variants that none is better than on the questions that they share.

    On all of its own questions, which may be easier ones, the loser of a pair may be the more accurate one.
    """
    losers = {(pair.first if pair.counts.difference > 0 else pair.second).name for pair in pairs if pair.is_real}
    unbeaten = [variant for variant in variants if variant.name not in losers]
    return max(unbeaten or variants, key=lambda variant: variant.accuracy or 0)


def _choose(best: Variant, met: Sequence[Pair], pairs: int) -> str:
    """Return which to use of the most accurate variant and those that it was held against, by its pairs with them."""
    others = {_other(pair, best).name: pair for pair in met}
    equals = [best, *(_other(pair, best) for pair in met if not pair.is_real)]
    rivals = equals if len(equals) > 1 else [best, *(_other(pair, best) for pair in met)]
    prices, names = find_prices(rivals), format_list([variant.name for variant in rivals])
    cheapest = rivals[prices.amounts.index(min(prices.amounts))] if prices else None
    if len(equals) > 1:
        if prices is None or cheapest is None:
            return f"Too close to call between {names}, the most accurate, and what they cost is unknown."
        if max(prices.amounts) <= min(prices.amounts) * (1 + ALIKE):
            return f"Too close to call between {names}, the most accurate, at about the same {_name_cost(prices)}."
        least = "takes the fewest tokens" if prices.unit == "tokens" else "is the cheapest"
        return f"Use {cheapest.name}: it {least} of those that are too close to call, {names}."
    sentence = f"{best.name} is better than each of the others by more than chance"
    if cheapest is None or cheapest is best:
        return f"{sentence}: use {best.name}."
    return f"{sentence}. Against the cheapest: {describe_pair(others[cheapest.name], pairs)}"


def _other(pair: Pair, one: Variant) -> Variant:
    """Return the other variant of a pair."""
    return pair.first if pair.second is one else pair.second


def _describe_unmet(variants: Sequence[Variant], best: Variant, met: Sequence[Pair]) -> str:
    """Return which variants cannot be held against the most accurate one; nothing if all can."""
    compared = {best.name, *(name for pair in met for name in (pair.first.name, pair.second.name))}
    unmet = [variant.name for variant in variants if variant.name not in compared]
    return f" No judged question in common with {best.name}: {format_list(unmet)}." if unmet else ""


def _describe_guessing(variants: Sequence[Variant]) -> str:
    """Return that no variant is better than guessing, if no interval lies above it; else nothing."""
    if any(one.guessing is None or (one.interval[0] or 0) > one.guessing for one in variants):
        return ""
    who = "It is not" if len(variants) == 1 else "None of them is"
    return f" {who} better than guessing."
