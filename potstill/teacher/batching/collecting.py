"""From a batch that has ended to answers in the journal: its files are fetched, and read line by line."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from urllib.parse import urlsplit

from potstill.core.errors import CallError, FatalError, RejectedError, TransientError
from potstill.core.records import Usage
from potstill.teacher.api.batch_service import BatchService, BatchState, NeverExecutedError
from potstill.teacher.api.replies import Reply
from potstill.teacher.batching.retrying import retry
from potstill.teacher.store.answers import BoughtAnswer
from potstill.teacher.store.batches import BatchStore, JournalledBatch
from potstill.teacher.store.chunks import chunked
from potstill.teacher.store.journal import Journal

LINES = 500


class MissingAnswersError(TransientError):
    """The files of a batch lack answers that the service counts."""


class LostAnswersError(FatalError):
    """They still do after all attempts."""


@dataclass
class Collected:
    """What a batch brought to the requests with these keys: the usage of each answer, and errors, by key."""

    keys: frozenset[str]
    answers: dict[str, Usage | None] = field(default_factory=dict)
    errors: dict[str, CallError] = field(default_factory=dict)

    def count_missing(self, state: BatchState) -> int:
        """Return how many requests the service counts as done, or as failed, that no line is about."""
        never_executed = sum(isinstance(error, NeverExecutedError) for error in self.errors.values())
        lines = len(self.answers) + len(self.errors)
        done, all_ended = (min(count, len(self.keys)) for count in (state.done, state.done + state.failed))
        return max(0, done - (lines - never_executed), all_ended - lines)

    def count_tokens(self) -> dict[str, int]:
        """Return the tokens of all answers."""
        known = [usage for usage in self.answers.values() if usage]
        return {
            "prompt_tokens": sum(usage.prompt_tokens for usage in known),
            "completion_tokens": sum(usage.completion_tokens for usage in known),
        }


async def collect(
    service: BatchService,
    store: BatchStore,
    batch: JournalledBatch,
    state: BatchState,
    attempts: int,
    ending: asyncio.Event,
) -> Collected:
    """Fetch the answers of a batch that has ended, keep each, and free the other requests to be asked.

    Raise FatalError if its files cannot be fetched, or lack answers (LostAnswersError), after so many attempts: what
    came is kept, and the batch is as it was. `ending` cuts the attempts short.
    """
    collected = Collected(frozenset(store.keys(batch.name)))
    if not collected.keys:  # another run has collected it, or its claims have expired
        store.end(batch.name, state=state.state, done=state.done, failed=state.failed)
    else:
        collected = await _fetch(service, store.journal, batch, state, collected.keys, attempts, ending)
        store.end(batch.name, state=state.state, done=state.done, failed=state.failed, **collected.count_tokens())
    return collected


async def _fetch(
    service: BatchService,
    journal: Journal,
    batch: JournalledBatch,
    state: BatchState,
    keys: frozenset[str],
    attempts: int,
    ending: asyncio.Event,
) -> Collected:
    """Fetch the files of a batch, and keep what is in them; files with fewer lines than it counts are fetched again."""

    async def fetch() -> Collected:
        known = state if first else await service.retrieve(state.id)  # whose files may be there by now
        first.clear()
        collected, gone = Collected(keys), ""
        for file in known.files:
            try:
                await _keep_file(service, journal, batch, file, collected)
            except RejectedError as error:
                gone = f" ({error})"
        if missing := collected.count_missing(known):
            raise MissingAnswersError(f"{missing} answers that it counts are not in its files{gone}")
        return collected

    first = [True]
    place = f"batch {batch.shown_id} at {urlsplit(batch.endpoint).hostname}"
    try:
        return await retry(fetch, attempts, ending)
    except MissingAnswersError as error:
        advice = f"run again to try again, or give it up with `make batches CANCEL={batch.shown_id}`"
        raise LostAnswersError(f"{place}: {error}; {advice}") from None
    except TransientError as error:
        raise FatalError(f"{place}: {error}; run again to fetch its answers") from None


async def _keep_file(
    service: BatchService, journal: Journal, batch: JournalledBatch, file: str, collected: Collected
) -> None:
    """Fetch a file, keep the answers in it, and add what became of the batch's requests."""
    host = urlsplit(batch.endpoint).hostname or ""
    with TemporaryDirectory() as folder:
        path = Path(folder, "lines")
        await service.download(file, path)
        known = ((key, outcome) for key, outcome in read_file(service, path) if key in collected.keys)
        for lines in chunked(known, LINES):
            answers = [(key, outcome) for key, outcome in lines if isinstance(outcome, Reply)]
            journal.record_all([BoughtAnswer(key, batch.max_tokens, reply, host, time()) for key, reply in answers])
            collected.answers.update((key, reply.usage) for key, reply in answers)
            collected.errors.update((key, outcome) for key, outcome in lines if isinstance(outcome, CallError))
    journal.flush()


def read_file(service: BatchService, path: Path) -> Iterator[tuple[str, Reply | CallError]]:
    """Yield the key of each line of answers and what became of it; a line that is none, as one cut off, is left out."""
    with path.open("rb") as file:
        for line in file:
            with suppress(ValueError):
                yield service.read_line(line)
