"""Submitting what is missing, in batches that the service and the budget have room for."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from urllib.parse import urlsplit
from uuid import uuid4

import click

from potstill.core.errors import FatalError, RejectedError, TransientError, UnreachableError
from potstill.core.params import Params
from potstill.core.records import Chat
from potstill.core.tokens import CHARACTERS_PER_TOKEN
from potstill.core.wording import format_count
from potstill.teacher.api.batch_service import BatchService, BatchState
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.batching.lines import BatchInput, BatchLimits, write_lines
from potstill.teacher.batching.retrying import pause, pause_s, retry
from potstill.teacher.batching.tally import BatchTally
from potstill.teacher.plan import Plan
from potstill.teacher.store.batches import JournalledBatch

SEEN_AFTER_S = 5.0  # a service lists a batch that it has accepted


class Submitter:
    """Makes batches of a plan's requests; `token_limit` is how many tokens of prompts may be enqueued at once.

    `submitted` has the keys of each batch, by its name, until what it brought is counted.
    """

    def __init__(
        self,
        params: Params,
        plan: Plan,
        services: Sequence[BatchService],
        options: RequestOptions,
        tally: BatchTally,
        ending: asyncio.Event,
    ) -> None:
        """Keep what to submit, and where; once `ending` is set, nothing more is submitted."""
        self.token_limit: float | None = params.runtime.batch_tokens
        self.submitted: dict[str, list[str]] = {}
        self._params = params
        self._teacher = params.teachers[params.teacher]
        self._plan = plan
        self._store = plan.batches
        self._services = services
        self._tally = tally
        self._ending = ending
        self._options = options
        bought = plan.counts.bought
        # How many times as many tokens prompts have as their length has one expect.
        self._measured = bought.prompt_tokens * CHARACTERS_PER_TOKEN / bought.characters if bought.characters else 1.0
        self._refused: Chat | None = None  # what the budget has no room for

    async def submit_missing(self, but: Collection[str]) -> None:
        """Submit batches of what is free to be asked, `but` for some keys, while there is room for more.

        Raise FatalError if the service does not take them, or the budget does not allow for even one request.
        """
        while not self._ending.is_set():
            enqueued = min(map(self._count_enqueued, self._services))
            room = None if self.token_limit is None else self.token_limit - enqueued
            if room is not None and enqueued > room:
                return  # rather a few large batches than many small ones
            limits = BatchLimits(None if room is None else room / (self._measured or 1))
            name = f"potstill-{uuid4().hex[:12]}"
            with TemporaryDirectory() as folder:
                path = Path(folder, f"{name}.jsonl")
                written = write_lines(path, self._free(but), self._options, limits, self._reserve)
                if not written.keys:
                    await self._check_budget()
                    return
                service, file = await self._upload(path)
            if self._ending.is_set():
                return
            batch = self._describe(name, service, file, written)
            self._store.add(batch, written.keys)
            self.submitted[name] = written.keys
            await self.submit(service, batch, resumed=False)

    def _free(self, but: Collection[str]) -> Iterator[tuple[str, Chat]]:
        """Claim and yield what nobody asks."""
        return ((key, chat) for key, chat in self._plan.claim_missing(keep=True) if key not in but)

    def _reserve(self, key: str, chat: Chat) -> bool:
        """Set aside what a request may cost at most, and return whether there was room for it in the budget."""
        has_room = self._tally.reserve(key, chat)
        self._refused = None if has_room else chat
        return has_room

    async def _check_budget(self) -> None:
        """Raise FatalError if the budget has no room for a request although nothing is on its way."""
        if self._refused is not None and not self._tally.has_reserved:
            await self._tally.refuse(self._refused)

    def _count_enqueued(self, service: BatchService) -> int:
        """Return how many tokens of prompts this teacher's batches hold at an endpoint."""
        return self._store.count_tokens(self._params.teacher, service.credentials.endpoint)

    async def _upload(self, path: Path) -> tuple[BatchService, str]:
        """Upload an input file where the fewest tokens are enqueued and a connection is; return the place and the id.

        Raise FatalError if none takes it.
        """
        lost = []
        for service in sorted(self._services, key=self._count_enqueued):
            host, prefix = urlsplit(service.credentials.endpoint).hostname, service.credentials.prefix
            try:
                upload = partial(service.upload, path, path.name)
                return service, await retry(upload, self._params.runtime.max_attempts, self._ending)
            except UnreachableError as error:
                lost.append(f"{host} cannot be reached ({error})")
            except (RejectedError, TransientError) as error:
                raise FatalError(
                    f"{host} takes no file for a batch ({error}); check {prefix}_ENDPOINT, or set runtime.batch to "
                    "false"
                ) from None
        raise FatalError(f"{', '.join(lost)}; check the endpoint and the network")

    def _describe(self, name: str, service: BatchService, file: str, written: BatchInput) -> JournalledBatch:
        """Return a batch that is about to be submitted, with the tokens that it is expected to take."""
        bought = self._plan.counts.bought
        mean = bought.completion_tokens / bought.answers if bought.answers else None
        return JournalledBatch(
            name=name,
            teacher=self._params.teacher,
            credentials=service.credentials.prefix,
            endpoint=service.credentials.endpoint,
            max_tokens=self._teacher.max_tokens,
            requests=len(written.keys),
            file=file,
            begun_at=time(),
            submitter=self._store.owner,
            prompt_tokens=round(written.tokens * (self._measured or 1)),
            completion_tokens=None if mean is None else round(mean * len(written.keys)),
        )

    async def submit(self, service: BatchService, batch: JournalledBatch, *, resumed: bool) -> None:
        """Submit a batch; wherever it may have been accepted before, look for it first, once that can be seen.

        Raise FatalError if the service does not take it; what could not be submitted is submitted by the next run.
        """
        host, seen_at = urlsplit(batch.endpoint).hostname, time() + SEEN_AFTER_S
        for attempt in range(self._params.runtime.max_attempts):
            try:
                if resumed or attempt:
                    await pause(seen_at - time(), self._ending)
                    if self._ending.is_set():
                        return
                    found = await self._find(service, batch)
                else:
                    found = None
                state = found or await service.submit(batch.file)
            except TransientError as error:
                refusal, seen_at = str(error), time() + max(SEEN_AFTER_S, pause_s(attempt, error))
            except RejectedError as error:
                self._store.end(batch.name, state="refused", prompt_tokens=0, completion_tokens=0)
                raise FatalError(f"{host} refused a batch ({error})") from None
            else:
                self._store.note(batch.name, id=state.id, state=state.state)
                click.echo(f"{state.id} has {format_count(batch.requests, 'request')}", err=True)
                return
        raise FatalError(f"{host} took no batch ({refusal}); run again to submit it")

    async def _find(self, service: BatchService, batch: JournalledBatch) -> BatchState | None:
        """Return the batch as the service has it, None if it has none; raise FatalError if nobody can know."""
        try:
            return await service.find(batch.file)
        except RejectedError as error:
            raise FatalError(
                f"{urlsplit(batch.endpoint).hostname} does not list its batches ({error}), so nobody knows whether it "
                f"has {batch.name}; `make batches CANCEL={batch.name}` gives it up, and if it has, it is paid twice"
            ) from None
