"""What a run would ask, and cost, before it asks anything."""

from collections.abc import Iterator
from pathlib import Path

from potstill.core.params import Params
from potstill.core.prices import LISTED, KnownPrice, find_price
from potstill.core.wording import format_usd
from potstill.teacher.counts import RequestCounts
from potstill.teacher.forecast import Forecast, Interval, forecast
from potstill.teacher.plan import open_plan

PILOT = 20


def describe_estimate(params: Params, requests: Path, ledger: Path) -> str:
    """Return in a few lines how many requests there are, how many must be asked, and what that takes; ask nothing."""
    with open_plan(params, requests, ledger) as plan:
        return format_estimate(params, plan.counts)


def format_estimate(params: Params, counts: RequestCounts) -> str:
    """Return the lines of an estimate."""
    lines = [
        f"requests     {counts.requests:,}, {counts.distinct:,} of them distinct",
        f"bought       {counts.from_journal:,} in the journal, {counts.from_ledger:,} in the ledger",
        *(
            [f"in batches   {counts.in_batches:,}, submitted before, in no figure below: `make batches`"]
            if counts.in_batches
            else []
        ),
        f"to ask       {counts.free:,}",
    ]
    if counts.free:
        price, expected = find_price(params), forecast(counts, params.teachers[params.teacher].max_tokens)
        lines.append(f"tokens       {_describe_tokens(expected, counts.bought.answers)}")
        lines += _describe_cost(params, price, expected)
        if expected.likely is None and (price is None or price.input or price.output):
            pilot = min(PILOT, counts.free)
            directly = " directly" if params.runtime.batch else ""
            lines.append(
                f"             `make estimate PILOT={pilot}` asks {pilot} of them{directly}, keeps the answers, and "
                "makes a likely figure of them"
            )
    return "\n".join(lines)


def _describe_tokens(expected: Forecast, answers: int) -> str:
    """Return the tokens that are likely, as so many answers took, and those at most."""
    most = f"{expected.most.prompt_tokens:,} in prompts, {expected.most.completion_tokens:,} in answers"
    likely = expected.bound_answers()
    if expected.likely is None or likely is None:
        return f"at most {most}: nothing is bought yet to go by"
    answered = f"{likely.likely:,.0f} ({likely.low:,.0f} to {likely.high:,.0f})"
    return (
        f"likely {expected.likely.prompt_tokens:,} in prompts, {answered} in answers, as the {answers:,} bought ones "
        f"took; at most {most}"
    )


def _describe_cost(params: Params, price: KnownPrice | None, expected: Forecast) -> Iterator[str]:
    """Yield the cost and the price that it is reckoned at, or why it is not known."""
    batch = params.runtime.batch
    if price is None:
        teacher = params.teachers[params.teacher]
        yield (
            f"cost         unknown: {LISTED} lists no price of {teacher.model} for provider {teacher.provider}; put "
            f"yours into price_per_million.{params.teacher} of params.yaml"
        )
        return
    most = format_usd(expected.price_most(price, batch=batch))
    likely = expected.price_likely(price, batch=batch)
    yield f"cost         {'' if likely is None else f'likely {format_likely(likely)}, '}at most {most} USD"
    yield f"price        {describe_price(price, batch=batch)}"


def format_likely(usd: Interval) -> str:
    """Return a likely cost in US dollars, with its interval."""
    return f"{format_usd(usd.likely)} USD (about 95 %: {format_usd(usd.low)} to {format_usd(usd.high)})"


def describe_price(price: KnownPrice, *, batch: bool) -> str:
    """Return a price in words, with where it is from."""
    rate = f"{price.input:g} USD per million tokens of prompts, {price.output:g} of answers"
    if batch:
        share = "as well, since no other is known" if price.batch is None else f"{100 * price.batch:g} % of that"
        rate += f", in batches {share}"
    return f"{rate} ({price.source})"
