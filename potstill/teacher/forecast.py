"""What the requests of a plan that must be asked will take: likely, within which interval, and at most. Pure."""

from dataclasses import dataclass
from math import inf, sqrt
from typing import NamedTuple

from potstill.core.prices import KnownPrice, cost_usd
from potstill.core.records import Usage
from potstill.teacher.counts import RequestCounts, TokenSums

CONFIDENCE = 0.95  # about: docs/decisions/022-prices.md has how often it held


class Interval(NamedTuple):
    """A likely amount, and the bounds between which it lies with a probability of CONFIDENCE."""

    likely: float
    low: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """The tokens of the requests to ask at most, and those that are likely; None where no answer was bought.

    Each of the two `spreads`, of tokens in prompts and in answers, is half the width of an interval around the likely
    number: infinite where only one answer was bought, which says nothing of how much they differ.
    """

    most: Usage
    likely: Usage | None
    spreads: tuple[float, float] = (inf, inf)

    def bound_answers(self) -> Interval | None:
        """Return the likely number of tokens in answers."""
        if self.likely is None:
            return None
        return bound(self.likely.completion_tokens, self.spreads[1], self.most.completion_tokens)

    def price_most(self, price: KnownPrice, *, batch: bool) -> float:
        """Return what they cost at most in US dollars."""
        return cost_usd(price, self.most, batch=batch)

    def price_likely(self, price: KnownPrice, *, batch: bool) -> Interval | None:
        """Return what they are likely to cost in US dollars."""
        if self.likely is None:
            return None
        sides = (Usage(prompt_tokens=1, completion_tokens=0), Usage(prompt_tokens=0, completion_tokens=1))
        rates = [cost_usd(price, one, batch=batch) for one in sides]
        halves = [spread * rate if rate else 0.0 for spread, rate in zip(self.spreads, rates, strict=True)]
        spread = sqrt(sum(half**2 for half in halves))
        return bound(cost_usd(price, self.likely, batch=batch), spread, self.price_most(price, batch=batch))


def bound(likely: float, spread: float, most: float) -> Interval:
    """Return an amount with its bounds, of which neither is less than nothing or more than the most."""
    return Interval(likely, max(likely - spread, 0), min(likely + spread, most))


def forecast(counts: RequestCounts, max_tokens: int) -> Forecast:
    """Return what the requests to ask take, by the answers that were bought to the others of the plan.

    A prompt has as many tokens a character as theirs, an answer as many as theirs in the mean: a ratio estimate and a
    mean (Cochran, Sampling Techniques, 1977, chapters 6 and 2). For the sum of m that are still to come, the variance
    of each is s^2 * (m + m^2 / n), s^2 being that of the n bought ones, and the interval is Student's with n - 1
    degrees of freedom (the prediction interval of a mean of m: Hahn and Meeker, Statistical Intervals, 1991).
    """
    bought, free = counts.bought, counts.free
    most = Usage(prompt_tokens=counts.free_most_tokens, completion_tokens=free * max_tokens)
    if not bought.answers:
        return Forecast(most, None)
    share, mean = counts.free_characters / max(bought.characters, 1), bought.completion_tokens / bought.answers
    likely = Usage(prompt_tokens=round(share * bought.prompt_tokens), completion_tokens=round(free * mean))
    if bought.answers == 1:
        return Forecast(most, likely)
    freedom = bought.answers - 1
    quantile = find_quantile(freedom)
    answers = bought.completion_squared - bought.answers * mean**2
    halves = (
        quantile * sqrt(_sum_prompt_residuals(bought) / freedom * (free + share**2 * bought.answers)),
        quantile * sqrt(max(answers, 0) / freedom * (free + free**2 / bought.answers)),
    )
    return Forecast(most, likely, halves)


def _sum_prompt_residuals(bought: TokenSums) -> float:
    """Return the sum of squares by which prompts' tokens differ from what their characters have them be."""
    ratio = bought.prompt_tokens / max(bought.characters, 1)
    squares = bought.prompt_squared - 2 * ratio * bought.characters_by_prompt + ratio**2 * bought.characters_squared
    return max(squares, 0.0)  # below it only by rounding


def find_quantile(freedom: int) -> float:
    """Return the value that Student's t with so many degrees of freedom stays within at a probability of CONFIDENCE."""
    from scipy.special import stdtrit  # noqa: PLC0415 (a fifth of a second)

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
