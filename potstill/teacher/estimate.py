"""What a run would ask, and cost, before it asks anything."""

from potstill.core.params import Params
from potstill.core.prices import cost_usd, known_price
from potstill.core.records import Usage
from potstill.teacher.budget import CHARACTERS_PER_TOKEN
from potstill.teacher.plan import Tally


def describe_estimate(params: Params, tally: Tally) -> str:
    """Say in a few lines how many requests there are, how many must be asked, and what that takes.

    The tokens are estimated from the answers that this prompt has already, else from the length of the messages and
    the token limit.
    """
    usage, source = expected_usage(params, tally)
    price = known_price(params.teachers[params.teacher].price_per_million)
    cost = (
        f"unknown: no price_per_million for {params.teacher}" if price is None else f"{cost_usd(price, usage):.4f} USD"
    )
    return "\n".join(
        (
            f"requests     {tally.requests:,}, {tally.distinct:,} of them distinct",
            f"bought       {tally.from_journal:,} in the journal, {tally.from_ledger:,} in the ledger",
            f"to ask       {tally.missing:,}",
            f"tokens       {usage.prompt_tokens:,} in prompts, {usage.completion_tokens:,} in answers ({source})",
            f"cost         {cost}",
        )
    )


def expected_usage(params: Params, tally: Tally) -> tuple[Usage, str]:
    """Return the tokens that the missing requests are expected to take, and what that is taken from."""
    bought = tally.from_journal + tally.from_ledger
    if tally.characters:
        prompt = tally.missing_characters * tally.prompt_tokens / tally.characters
        completion = tally.missing * tally.completion_tokens / bought
        return Usage(
            prompt_tokens=round(prompt), completion_tokens=round(completion)
        ), f"as the {bought:,} bought ones took"
    prompt = tally.missing_characters / CHARACTERS_PER_TOKEN
    completion = tally.missing * params.teachers[params.teacher].max_tokens
    usage = Usage(prompt_tokens=round(prompt), completion_tokens=completion)
    return usage, "prompts by their length, answers at most, since none is bought yet"
