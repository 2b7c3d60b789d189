"""What is said of batches."""

from collections.abc import Sequence
from time import time

from potstill.core.prices import KnownPrice, cost_usd
from potstill.core.records import Usage
from potstill.core.wording import format_count, format_usd
from potstill.teacher.store.batches import JournalledBatch

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def describe_batches(batches: Sequence[JournalledBatch], prices: Sequence[KnownPrice | None]) -> str:
    """Return in a line how far batches that have not ended are, and what they are expected to cost."""
    states = ", ".join(sorted({batch.state for batch in batches}))
    requests, done, failed = (
        sum(numbers) for numbers in zip(*((each.requests, each.done, each.failed) for each in batches), strict=True)
    )
    usd = [price_batch(*pair) for pair in zip(batches, prices, strict=True)]
    word = "at most" if any(batch.completion_tokens is None for batch in batches) else "about"
    cost = "" if None in usd else f", {word} {format_usd(sum(filter(None, usd)))} USD"
    count = "1 batch" if len(batches) == 1 else f"{len(batches)} batches"
    return f"{count} {states}: {done:,} of {requests:,} done, {failed:,} failed{cost}"


def describe_waiting(batches: Sequence[JournalledBatch], waited_s: float) -> str:
    """Return the sentence that ends a run which has waited for long enough."""
    return (
        f"runtime.batch_wait_s: after {waited_s:g} s the service still has {list_batches(batches)}; `make repro` goes "
        "on with them whenever you like, and `make batches` says how far they are"
    )


def list_batches(batches: Sequence[JournalledBatch]) -> str:
    """Return how many requests are in batches, and in which."""
    requests = format_count(sum(batch.requests for batch in batches), "request")
    return f"{requests} in batches ({', '.join(batch.shown_id for batch in batches)})"


def price_batch(batch: JournalledBatch, price: KnownPrice | None) -> float | None:
    """Return what a batch has cost or will, at most where no answer is known, in US dollars; None: unknown."""
    if price is None:
        return None
    answers = batch.requests * batch.max_tokens if batch.completion_tokens is None else batch.completion_tokens
    return cost_usd(price, Usage(prompt_tokens=batch.prompt_tokens, completion_tokens=answers), batch=True)


def describe_cost(batch: JournalledBatch, price: KnownPrice | None) -> str:
    """Return that in words."""
    usd = price_batch(batch, price)
    if usd is None:
        return "unknown"
    word = "at most " if batch.completion_tokens is None else "about " if batch.ended_at is None else ""
    return word + format_usd(usd)


def format_age(since: float) -> str:
    """Return how long ago a moment is, in the greatest fitting unit."""
    age_s = time() - since
    return next((f"{age_s / length:.0f} {unit}" for unit, length in UNITS if age_s >= length), f"{age_s:.0f} s")
