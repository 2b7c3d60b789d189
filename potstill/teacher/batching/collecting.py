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
from potstill.teacher.api.batch_service import BatchService, BatchState
from potstill.teacher.api.replies import Reply
from potstill.teacher.batching.retrying import retry
from potstill.teacher.store.answers import BoughtAnswer
from potstill.teacher.store.batches import BatchStore, JournalledBatch
from potstill.teacher.store.chunks import chunked
from potstill.teacher.store.journal import Journal

LINES = 500


@dataclass
class Collected:
    """What a batch brought to the requests with these keys: the usage of each answer, and errors, by key."""

    keys: frozenset[str]
    answers: dict[str, Usage | None] = field(default_factory=dict)
    errors: dict[str, CallError] = field(default_factory=dict)

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

    Raise FatalError if its files cannot be fetched, or lack answers, after so many attempts: what came is kept, and the
    batch is as it was. `ending` cuts the attempts short.
    """
    collected = Collected(frozenset(store.keys(batch.name)))
    if collected.keys:  # else another run has collected it
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
        with TemporaryDirectory() as folder:
            paths = [Path(folder, str(number)) for number in range(len(known.files))]
            for file, path in zip(known.files, paths, strict=True):
                await service.download(file, path)
            collected = keep(service, journal, batch, keys, paths)
        if (missing := min(known.done + known.failed, len(keys)) - len(collected.answers) - len(collected.errors)) > 0:
            raise TransientError(f"{missing} answers that it counts are not in its files")
        return collected

    first = [True]
    try:
        return await retry(fetch, attempts, ending)
    except TransientError as error:
        reason = f"{error}; run again to try again, or give it up with `make batches CANCEL={batch.shown_id}`"
    except RejectedError as error:
        reason = f"its files are not there any more ({error}); give it up with `make batches CANCEL={batch.shown_id}`"
    raise FatalError(f"batch {batch.shown_id} at {urlsplit(batch.endpoint).hostname}: {reason}")


def keep(
    service: BatchService, journal: Journal, batch: JournalledBatch, keys: frozenset[str], paths: list[Path]
) -> Collected:
    """Keep the answers in files that were fetched, and return what became of the requests with these keys."""
    collected, host = Collected(keys), urlsplit(batch.endpoint).hostname or ""
    known = ((key, outcome) for key, outcome in read_files(service, paths) if key in keys)
    for lines in chunked(known, LINES):
        answers = [(key, outcome) for key, outcome in lines if isinstance(outcome, Reply)]
        journal.record_all([BoughtAnswer(key, batch.max_tokens, reply, host, time()) for key, reply in answers])
        collected.answers |= {key: reply.usage for key, reply in answers}
        collected.errors |= {key: outcome for key, outcome in lines if isinstance(outcome, CallError)}
    journal.flush()
    return collected


def read_files(service: BatchService, paths: list[Path]) -> Iterator[tuple[str, Reply | CallError]]:
    """Yield the key of each line of answers and what became of it; a line that is none, as one cut off, is left out."""
    for path in paths:
        with path.open("rb") as file:
            for line in file:
                with suppress(ValueError):
                    yield service.read_line(line)
