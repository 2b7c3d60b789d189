"""The batches of this machine's journal: how far they are, what they cost, and how to give one up."""

import asyncio
from collections.abc import Iterable, Iterator

from potstill.core.errors import CallError, InputError, RejectedError
from potstill.core.params import Params
from potstill.core.prices import KnownPrice, find_price
from potstill.teacher.api.batch_service import BatchService, BatchState
from potstill.teacher.api.credentials import read_credentials
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.batching.collecting import LostAnswersError, collect
from potstill.teacher.batching.submitting import SEEN_AFTER_S
from potstill.teacher.batching.wording import describe_batches, describe_cost, format_age
from potstill.teacher.store.batches import GIVEN_UP, BatchStore, JournalledBatch
from potstill.teacher.store.journal import Journal, journal_path

HEAD = ("batch", "teacher", "state", "begun", "requests", "done", "failed", "USD")


def describe_all(params: Params) -> Iterator[str]:
    """Yield the lines of a table of all batches, the oldest first, as they are now; keep what has come of them."""
    with Journal(journal_path()) as journal:
        store = BatchStore(journal)
        problems = asyncio.run(_refresh(params, store))
        batches = list(store.read())
        if not batches:
            yield "no batches; with runtime.batch: true, `make repro` asks in batches"
            return
        yield from format_table([HEAD, *(_describe(batch, params) for batch in batches)])
        open_ones = [batch for batch in batches if batch.ended_at is None]
        if open_ones:
            prices = [find_batch_price(params, batch) for batch in open_ones]
            yield f"not ended: {describe_batches(open_ones, prices)}"
        yield from problems


def cancel(params: Params, identity: str) -> str:
    """Cancel a batch at the service, or give one up that is not there any more; return what became of it.

    Raise InputError if no open batch has this id, or the service does not do it.
    """
    with Journal(journal_path()) as journal:
        store = BatchStore(journal)
        batch = _find_open(store, "CANCEL", identity)
        try:
            return asyncio.run(_cancel(params, store, batch))
        except (CallError, InputError) as error:
            raise InputError(
                f"batch {identity}: {error}; it was not cancelled (`make batches FORGET={identity}` gives it up "
                "without a word to the service)"
            ) from None


def forget(identity: str) -> str:
    """Give up a batch without a call, such as one of an endpoint that is gone; return what became of it.

    Raise InputError if no open batch has this id.
    """
    with Journal(journal_path()) as journal:
        store = BatchStore(journal)
        batch = _find_open(store, "FORGET", identity)
        store.end(batch.name, state=GIVEN_UP, prompt_tokens=0, completion_tokens=0)
    return f"{identity} is given up; what it may still answer is lost, and the next `make repro` asks its requests"


def _find_open(store: BatchStore, setting: str, identity: str) -> JournalledBatch:
    """Return the batch with this id; raise InputError if none that has not ended has it, or it is being submitted."""
    batch = next((each for each in store.read("ended_at IS NULL") if identity in (each.id, each.name)), None)
    if batch is None:
        raise InputError(f"{setting}: expected a batch of `make batches` that has not ended, got {identity}")
    if store.is_being_submitted(batch):
        raise InputError(f"{setting}: a run is submitting batch {identity} right now; stop that run first")
    return batch


async def _cancel(params: Params, store: BatchStore, batch: JournalledBatch) -> str:
    """Cancel a batch; one that the service does not have is given up, so that its requests are asked again."""
    service = open_service(params, batch)
    try:
        identity = batch.id or await _find_id(service, store, batch)
        if identity is None:
            return _abandon(store, batch, "it was never submitted")
        try:
            state = await service.retrieve(identity)
        except RejectedError as error:
            return _abandon(store, batch, str(error))
        if state.has_ended:
            return await _collect_last(service, store, batch, state, params.runtime.max_attempts)
        state = await service.cancel(identity)
    finally:
        await service.close()
    store.note(batch.name, state=state.state, done=state.done, failed=state.failed)
    return f"{batch.shown_id} is {state.state}; the next `make repro` keeps what came, and asks the rest"


async def _find_id(service: BatchService, store: BatchStore, batch: JournalledBatch) -> str | None:
    """Return the id of a batch whose submitter died before it knew it, once it can be seen; None if it has none."""
    if not store.take_over(batch):
        raise InputError("a run has taken it over")
    await asyncio.sleep(SEEN_AFTER_S)
    found = await service.find(batch.file)
    if found is None:
        return None
    store.note(batch.name, id=found.id)
    return found.id


def _abandon(store: BatchStore, batch: JournalledBatch, reason: str) -> str:
    """End a batch of which nothing is to be had, and say so."""
    store.end(batch.name, state=GIVEN_UP, prompt_tokens=0, completion_tokens=0)
    return f"{batch.shown_id} is given up ({reason}); the next `make repro` asks what has no answer"


async def _collect_last(
    service: BatchService, store: BatchStore, batch: JournalledBatch, state: BatchState, attempts: int
) -> str:
    """Keep what an ended batch brought, and give up what its files lack; return what became of it."""
    try:
        await collect(service, store, batch, state, attempts, asyncio.Event())
    except LostAnswersError as error:
        store.end(batch.name, state=GIVEN_UP)
        return f"what came of {batch.shown_id} is kept, and the rest given up ({error})"
    return f"{batch.shown_id} had ended; what came is kept, and the next `make repro` asks the rest"


async def _look_at(
    service: BatchService, store: BatchStore, batch: JournalledBatch, identity: str, attempts: int
) -> None:
    """Note how far a batch is, and keep what it brought where it has ended."""
    state = await service.retrieve(identity)
    if state.has_ended:
        await collect(service, store, batch, state, attempts, asyncio.Event())
    else:
        store.note(batch.name, state=state.state, done=state.done, failed=state.failed)


async def _refresh(params: Params, store: BatchStore) -> list[str]:
    """Look at the batches that have not ended; return a sentence for each of which nothing is to be had."""
    problems = []
    for batch in list(store.read("ended_at IS NULL")):
        if batch.id is None:
            continue
        try:
            service = open_service(params, batch)
            try:
                await _look_at(service, store, batch, batch.id, params.runtime.max_attempts)
            finally:
                await service.close()
        except (CallError, InputError) as error:
            problems.append(f"{batch.shown_id} may be further by now: {error}")
    return problems


def open_service(params: Params, batch: JournalledBatch) -> BatchService:
    """Return the service that a batch was submitted to; raise InputError if .env names another one by now."""
    credentials = read_credentials(batch.credentials)
    if credentials.endpoint != batch.endpoint:
        raise InputError(
            f".env: {batch.credentials}_ENDPOINT: expected {batch.endpoint}, where batch {batch.shown_id} was "
            f"submitted, got {credentials.endpoint}"
        )
    teacher = params.teachers.get(batch.teacher, params.teachers[params.teacher])
    return BatchService(credentials, params.runtime.timeout_s, RequestOptions(teacher), teacher.scope)


def _describe(batch: JournalledBatch, params: Params) -> tuple[str, ...]:
    """Return the cells of a batch."""
    return (
        batch.shown_id,
        batch.teacher,
        batch.state,
        f"{format_age(batch.begun_at)} ago",
        f"{batch.requests:,}",
        f"{batch.done:,}",
        f"{batch.failed:,}",
        describe_cost(batch, find_batch_price(params, batch)),
    )


def find_batch_price(params: Params, batch: JournalledBatch) -> KnownPrice | None:
    """Return the price of a batch's teacher; None if it is not known, or there is no such teacher any more."""
    return find_price(params, batch.teacher) if batch.teacher in params.teachers else None


def format_table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield rows with their columns in line."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
