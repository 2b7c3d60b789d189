"""What all variants together would ask and cost, before any of them asks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.prices import cost_usd, known_price
from potstill.core.records import Usage
from potstill.experiments.combinations import Combination
from potstill.prompting.requests import write_requests
from potstill.teacher.budget import Budget
from potstill.teacher.estimate import expected_usage
from potstill.teacher.plan import open_plan


@dataclass(frozen=True)
class VariantCost:
    """What a variant has to ask; `fresh` of its missing requests are in no variant before it.

    `usd` is what all that is missing would cost, as if the variant ran alone; None where the price is not known.
    """

    name: str
    requests: int
    distinct: int
    missing: int
    fresh: int
    usage: Usage
    usd: float | None

    @property
    def fresh_share(self) -> float:
        """Return the share of what is missing that no variant before it asks."""
        return self.fresh / self.missing if self.missing else 0


def check_prices(params: Params, variants: Sequence[Combination]) -> None:
    """Raise InputError if there is a budget and the price of one of the teachers is not known."""
    for variant in variants:
        Budget(variant.teacher, params.teachers[variant.teacher], params.runtime.budget_usd)


def estimate_variants(params: Params, variants: Sequence[Combination], raw: Path, ledger: Path) -> list[VariantCost]:
    """Return what each variant would ask of the questions in `raw`; ask nothing."""
    seen: set[str] = set()
    return [_estimate(variant, variant.choose_in(params), raw, ledger, seen) for variant in variants]


def _estimate(variant: Combination, params: Params, raw: Path, ledger: Path, seen: set[str]) -> VariantCost:
    """Return what a variant would ask, and add the keys of it to those seen."""
    teacher = params.teachers[params.teacher]
    with TemporaryDirectory() as folder:
        write_requests(params, raw, Path(folder))
        with open_plan(params, Path(folder), ledger) as plan:
            counts, keys = plan.counts, set(plan.missing_keys())
    usage, _ = expected_usage(teacher, counts)
    price = known_price(teacher.price_per_million)
    usd = cost_usd(price, usage) if price else None
    fresh = len(keys - seen)
    seen |= keys
    return VariantCost(variant.name, counts.requests, counts.distinct, counts.missing, fresh, usage, usd)


def total_usd(costs: Sequence[VariantCost]) -> float | None:
    """Return what all variants together are expected to cost, what they share counted once; None: not known.

    What a variant shares is taken to cost as much a request as the rest of it.
    """
    known = [cost.usd for cost in costs if cost.usd is not None]
    shares = [cost.fresh_share for cost in costs if cost.usd is not None]
    return sum(usd * share for usd, share in zip(known, shares, strict=True)) if len(known) == len(costs) else None


def describe_costs(costs: Sequence[VariantCost]) -> Iterator[str]:
    """Yield a line for each variant, and one for all of them, in which shared requests count once."""
    width = max(len("together"), *(len(cost.name) for cost in costs))
    for cost in costs:
        usage = (cost.usage.prompt_tokens, cost.usage.completion_tokens)
        found = cost.distinct - cost.missing
        yield f"{cost.name:{width}}  {_format_cost(cost.requests, found, cost.missing, usage, cost.usd)}"
    prompt = round(sum(cost.usage.prompt_tokens * cost.fresh_share for cost in costs))
    completion = round(sum(cost.usage.completion_tokens * cost.fresh_share for cost in costs))
    requests, found = sum(cost.requests for cost in costs), sum(cost.distinct - cost.missing for cost in costs)
    fresh = sum(cost.fresh for cost in costs)
    shared = sum(cost.missing for cost in costs) - fresh
    together = _format_cost(requests, found, fresh, (prompt, completion), total_usd(costs))
    yield f"{'together':{width}}  {together}" + (f"; {shared:,} shared ones asked once" if shared else "")


def _format_cost(requests: int, found: int, missing: int, tokens: tuple[int, int], usd: float | None) -> str:
    """Return requests, answers found, what is to be asked, and the tokens and US dollars expected of that."""
    cost = "US dollars unknown" if usd is None else f"{usd:.4f} USD"
    return f"{requests:,} requests, {found:,} found, {missing:,} to ask: {tokens[0]:,} + {tokens[1]:,} tokens, {cost}"


def share_budget(costs: Sequence[VariantCost], budget_usd: float | None) -> dict[str, float | None]:
    """Return what each variant may spend: the budget in proportion to the estimates; None where there is no budget.

    What variants share counts for each, since nobody knows which of them will ask it. Raise InputError if that is more
    than the budget.
    """
    if budget_usd is None:
        return {cost.name: None for cost in costs}
    alone = sum(cost.usd or 0 for cost in costs)
    if alone > budget_usd:
        raise InputError(
            f"runtime.budget_usd: expected {alone:.4f} US dollars or more, so that each of these {len(costs)} variants "
            f"has its share, got {budget_usd:g}; raise it, or leave a variant out (nothing was asked)"
        )
    return {cost.name: budget_usd * ((cost.usd or 0) / alone if alone else 1 / len(costs)) for cost in costs}


def describe_shares(shares: Mapping[str, float | None]) -> Iterator[str]:
    """Yield a line with what each variant may spend; none without a budget."""
    known = [f"{name} {share:.4f}" for name, share in shares.items() if share is not None]
    if known:
        yield f"runtime.budget_usd is divided among them: {', '.join(known)} US dollars"
