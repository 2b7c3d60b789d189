"""What all variants together would ask and cost, before any of them asks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.prices import cost_usd, find_price
from potstill.core.records import Usage
from potstill.core.wording import format_usd
from potstill.experiments.combinations import Combination
from potstill.prompting.requests import write_requests
from potstill.teacher.budget import Budget
from potstill.teacher.forecast import forecast
from potstill.teacher.plan import open_plan


@dataclass(frozen=True)
class Amount:
    """Tokens, and what they cost in US dollars; None where the price is not known."""

    usage: Usage
    usd: float | None


@dataclass(frozen=True)
class VariantCost:
    """What a variant has to ask; `fresh` of its missing requests are in no variant before it.

    `most` is what all that is missing takes at most, as if the variant ran alone, `likely` what it is likely to take;
    None where no answer was bought that tells.
    """

    name: str
    requests: int
    distinct: int
    missing: int
    fresh: int
    most: Amount
    likely: Amount | None = None

    @property
    def fresh_share(self) -> float:
        """Return the share of what is missing that no variant before it asks."""
        return self.fresh / self.missing if self.missing else 0

    @property
    def expected_usd(self) -> float | None:
        """Return what is likely, or at most where that is not known."""
        return (self.likely or self.most).usd


def check_prices(params: Params, variants: Sequence[Combination]) -> None:
    """Raise InputError if there is a budget and the price of one of the teachers is not known."""
    for variant in variants:
        Budget(variant.choose_in(params))


def estimate_variants(params: Params, variants: Sequence[Combination], raw: Path, ledger: Path) -> list[VariantCost]:
    """Return what each variant would ask of the questions in `raw`; ask nothing."""
    seen: set[str] = set()
    return [_estimate(variant, variant.choose_in(params), raw, ledger, seen) for variant in variants]


def _estimate(variant: Combination, params: Params, raw: Path, ledger: Path, seen: set[str]) -> VariantCost:
    """Return what a variant would ask, and add the keys of it to those seen."""
    with TemporaryDirectory() as folder:
        write_requests(params, raw, Path(folder))
        with open_plan(params, Path(folder), ledger) as plan:
            counts, keys = plan.counts, set(plan.free_keys())
    expected = forecast(counts, params.teachers[params.teacher].max_tokens)
    most = _price(params, expected.most)
    likely = None if expected.likely is None else _price(params, expected.likely)
    fresh = len(keys - seen)
    seen |= keys
    return VariantCost(variant.name, counts.requests, counts.distinct, counts.free, fresh, most, likely)


def _price(params: Params, usage: Usage) -> Amount:
    """Return tokens with what they cost of the chosen teacher."""
    price = find_price(params)
    return Amount(usage, None if price is None else cost_usd(price, usage, batch=params.runtime.batch))


def total(amounts: Sequence[Amount], shares: Sequence[float]) -> Amount:
    """Return the sum of so much of each amount."""
    pairs = list(zip(amounts, shares, strict=True))
    known = [amount.usd * share for amount, share in pairs if amount.usd is not None]
    usage = Usage(
        prompt_tokens=round(sum(amount.usage.prompt_tokens * share for amount, share in pairs)),
        completion_tokens=round(sum(amount.usage.completion_tokens * share for amount, share in pairs)),
    )
    return Amount(usage, sum(known) if len(known) == len(pairs) else None)


def describe_costs(costs: Sequence[VariantCost]) -> Iterator[str]:
    """Yield a line for each variant, and one for all of them, in which shared requests count once.

    What a variant shares is taken to cost as much a request as the rest of it.
    """
    width = max(len("together"), *(len(cost.name) for cost in costs))
    for cost in costs:
        found = cost.distinct - cost.missing
        spent = _format_amounts(cost.most, cost.likely)
        yield f"{cost.name:{width}}  {_format_counts(cost.requests, found, cost.missing)}: {spent}"
    shares, likely = [cost.fresh_share for cost in costs], [cost.likely for cost in costs if cost.likely]
    all_likely = total(likely, shares) if len(likely) == len(costs) else None
    requests, found = sum(cost.requests for cost in costs), sum(cost.distinct - cost.missing for cost in costs)
    fresh = sum(cost.fresh for cost in costs)
    shared = sum(cost.missing for cost in costs) - fresh
    together = f"{_format_counts(requests, found, fresh)}: " + _format_amounts(
        total([cost.most for cost in costs], shares), all_likely
    )
    yield f"{'together':{width}}  {together}" + (f"; {shared:,} shared ones asked once" if shared else "")


def _format_counts(requests: int, found: int, missing: int) -> str:
    """Return requests, answers found, and what is to be asked."""
    return f"{requests:,} requests, {found:,} found, {missing:,} to ask"


def _format_amounts(most: Amount, likely: Amount | None) -> str:
    """Return what that takes: likely, where that is known, and at most."""
    parts = ([f"likely {_format_amount(likely)}"] if likely else []) + [f"at most {_format_amount(most)}"]
    return ", ".join(parts)


def _format_amount(amount: Amount) -> str:
    """Return tokens of prompts and answers, and US dollars."""
    cost = "US dollars unknown" if amount.usd is None else f"{format_usd(amount.usd)} USD"
    return f"{amount.usage.prompt_tokens:,} + {amount.usage.completion_tokens:,} tokens ({cost})"


def share_budget(costs: Sequence[VariantCost], budget_usd: float | None) -> dict[str, float | None]:
    """Return what each variant may spend: the budget in proportion to the estimates; None where there is no budget.

    What variants share counts for each, since nobody knows which of them will ask it. Raise InputError if that is more
    than the budget.
    """
    if budget_usd is None:
        return {cost.name: None for cost in costs}
    alone = sum(cost.expected_usd or 0 for cost in costs)
    if alone > budget_usd:
        raise InputError(
            f"runtime.budget_usd: expected {format_usd(alone)} US dollars or more, so that each of these {len(costs)} "
            f"variants has its share, got {budget_usd:g}; raise it, or leave a variant out (nothing was asked)"
        )
    return {cost.name: budget_usd * ((cost.expected_usd or 0) / alone if alone else 1 / len(costs)) for cost in costs}


def describe_shares(shares: Mapping[str, float | None]) -> Iterator[str]:
    """Yield a line with what each variant may spend; none without a budget."""
    known = [f"{name} {format_usd(share)}" for name, share in shares.items() if share is not None]
    if known:
        yield f"runtime.budget_usd is divided among them: {', '.join(known)} US dollars"
