"""What is said of batches."""

from collections.abc import Sequence
from time import time

from potstill.core.prices import KnownPrice, cost_usd
from potstill.core.records import Usage
from potstill.core.wording import format_count, format_usd
from potstill.teacher.store.batches import JournalledBatch

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def describe_batches(batches: Sequence[JournalledBatch], costs: Sequence[float | None]) -> str:
    """Return in a line how far batches that have not ended are, and what they are expected to cost (US dollars)."""
    states = ", ".join(sorted({batch.state for batch in batches}))
    requests, done, failed = (
        sum(numbers) for numbers in zip(*((each.requests, each.done, each.failed) for each in batches), strict=True)
    )
    known = [cost for cost in costs if cost is not None]
    cost = f", about {format_usd(sum(known))} USD" if len(known) == len(costs) else ""
    count = "1 batch" if len(batches) == 1 else f"{len(batches)} batches"
    return f"{count} {states}: {done:,} of {requests:,} done, {failed:,} failed{cost}"


def describe_waiting(batches: Sequence[JournalledBatch], waited_s: float) -> str:
    """Return the sentence that ends a run which has waited for long enough."""
    ids = ", ".join(batch.shown_id for batch in batches)
    requests = format_count(sum(batch.requests for batch in batches), "request")
    return (
        f"runtime.batch_wait_s: after {waited_s:g} s the service still has {requests} in batches ({ids}); `make repro` "
        "goes on with them whenever you like, and `make batches` says how far they are"
    )


def find_cost(batch: JournalledBatch, price: KnownPrice | None) -> float | None:
    """Return what a batch has cost, or is expected to, in US dollars; None where that is not known."""
    if price is None or batch.completion_tokens is None:
        return None
    usage = Usage(prompt_tokens=batch.prompt_tokens, completion_tokens=batch.completion_tokens)
    return cost_usd(price, usage, batch=True)


def format_age(since: float) -> str:
    """Return how long ago a moment is, in the greatest fitting unit."""
    age_s = time() - since
    return next((f"{age_s / length:.0f} {unit}" for unit, length in UNITS if age_s >= length), f"{age_s:.0f} s")
