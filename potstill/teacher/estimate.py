"""What a run would ask, and cost, before it asks anything."""

from pathlib import Path

from potstill.core.catalogues import Teacher
from potstill.core.params import Params
from potstill.core.prices import CHARACTERS_PER_TOKEN, cost_usd, known_price
from potstill.core.records import Usage
from potstill.teacher.plan import RequestCounts, open_plan


def describe_estimate(params: Params, requests: Path, ledger: Path) -> str:
    """Return in a few lines how many requests there are, how many must be asked, and what that takes; ask nothing."""
    with open_plan(params, requests, ledger) as plan:
        return format_estimate(params, plan.counts)


def format_estimate(params: Params, counts: RequestCounts) -> str:
    """Return the lines of an estimate."""
    teacher = params.teachers[params.teacher]
    usage, source = expected_usage(teacher, counts)
    price = known_price(teacher.price_per_million)
    cost = f"{cost_usd(price, usage):.4f} USD" if price else f"unknown: no price_per_million for {params.teacher}"
    return "\n".join(
        (
            f"requests     {counts.requests:,}, {counts.distinct:,} of them distinct",
            f"bought       {counts.from_journal:,} in the journal, {counts.from_ledger:,} in the ledger",
            f"to ask       {counts.missing:,}",
            f"tokens       {usage.prompt_tokens:,} in prompts, {usage.completion_tokens:,} in answers ({source})",
            f"cost         {cost}",
        )
    )


def expected_usage(teacher: Teacher, counts: RequestCounts) -> tuple[Usage, str]:
    """Return the tokens that the missing requests are expected to take, and what that is taken from.

    It is what the answers that this prompt has already took, else the length of the messages and the token limit.
    """
    bought = counts.distinct - counts.missing
    if counts.characters:
        prompt = counts.missing_characters * counts.prompt_tokens / counts.characters
        completion = counts.missing * counts.completion_tokens / bought
        source = f"as the {bought:,} bought ones took"
    else:
        prompt = counts.missing_characters / CHARACTERS_PER_TOKEN
        completion = counts.missing * teacher.max_tokens
        source = "prompts by their length, answers at most, since none is bought yet"
    return Usage(prompt_tokens=round(prompt), completion_tokens=round(completion)), source
