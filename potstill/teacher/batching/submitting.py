"""Submitting what is missing, in batches that the service and the budget have room for."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from urllib.parse import urlsplit
from uuid import uuid4

from potstill.core.errors import FatalError, RejectedError, TransientError, UnreachableError
from potstill.core.params import Params
from potstill.core.records import Chat, Message, Usage
from potstill.teacher.api.batch_service import BatchService
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.batching.lines import BatchInput, BatchLimits, write_lines
from potstill.teacher.batching.retrying import pause_s, retry
from potstill.teacher.budget import Budget
from potstill.teacher.plan import Plan
from potstill.teacher.store.batches import JournalledBatch


class Submitter:
    """Makes batches of a plan's requests; `token_limit` is how many tokens of prompts may be enqueued at once.

    What a request may cost at most is set aside in the budget until `settle`.
    """

    def __init__(
        self,
        params: Params,
        plan: Plan,
        services: Sequence[BatchService],
        options: RequestOptions,
        budget: Budget,
        ending: asyncio.Event,
    ) -> None:
        """Keep what to submit, and where; once `ending` is set, nothing more is submitted."""
        self.token_limit: float | None = params.runtime.batch_tokens
        self._params = params
        self._teacher = params.teachers[params.teacher]
        self._plan = plan
        self._store = plan.batches
        self._services = services
        self._budget = budget
        self._ending = ending
        self._options = options
        self._numbers = count()
        self._reserved: dict[str, int] = {}
        self._refused: list[Message] | None = None  # the request that the budget has no room for

    async def submit_missing(self, but: Collection[str]) -> None:
        """Submit batches of what is free to be asked, `but` for some keys, while there is room for more.

        Raise FatalError if the service does not take them, or the budget does not allow for even one request.
        """
        while not self._ending.is_set():
            service, enqueued = self._choose_service()
            room = None if self.token_limit is None else self.token_limit - enqueued
            if room is not None and enqueued > room:
                return  # rather a few large batches than many small ones
            name = f"potstill-{uuid4().hex[:12]}"
            with TemporaryDirectory() as folder:
                path = Path(folder, f"{name}.jsonl")
                written = write_lines(path, self._free(but), self._options, BatchLimits(room), self._reserve)
                if not written.keys:
                    await self._check_budget()
                    return
                file = await self._upload(service, path)
            batch = self._describe(name, service, file, written)
            self._store.add(batch, written.keys)
            await self.submit(service, batch, resumed=False)

    def settle(self, key: str, usage: Usage | None, *, answered: bool) -> None:
        """Replace what was set aside for a request by what its answer took, or give it back where there is none."""
        number = self._reserved.pop(key, None)
        number = next(self._numbers) if number is None else number
        if answered:
            self._budget.settle(number, usage)
        else:
            self._budget.release(number)

    def _free(self, but: Collection[str]) -> Iterator[tuple[str, Chat]]:
        """Claim and yield what nobody asks."""
        return ((key, chat) for key, chat in self._plan.claim_missing(keep=True) if key not in but)

    async def _check_budget(self) -> None:
        """Raise FatalError if the budget has no room for a request although nothing is on its way."""
        if self._refused is not None and not self._reserved:
            await self._budget.reserve(next(self._numbers), self._refused)

    def _reserve(self, key: str, chat: Chat) -> bool:
        """Set aside what a request may cost at most, and return whether there was room for it in the budget."""
        if key in self._reserved:
            return True
        number = next(self._numbers)
        if not self._budget.try_reserve(number, chat.messages):
            self._refused = chat.messages
            return False
        self._reserved[key] = number
        return True

    def _choose_service(self) -> tuple[BatchService, int]:
        """Return the endpoint with the fewest tokens enqueued, and how many these are."""
        counts = [self._store.count_tokens(self._params.teacher, each.credentials.endpoint) for each in self._services]
        enqueued, service = min(zip(counts, self._services, strict=True), key=lambda pair: pair[0])
        return service, enqueued

    async def _upload(self, service: BatchService, path: Path) -> str:
        """Upload an input file, and return its id; raise FatalError if the endpoint does not take it."""
        try:
            return await retry(lambda: service.upload(path, path.name), self._params.runtime.max_attempts)
        except (RejectedError, TransientError) as error:
            host, prefix = urlsplit(service.credentials.endpoint).hostname, service.credentials.prefix
            if isinstance(error, UnreachableError):
                raise FatalError(f"{host} cannot be reached ({error}); check the endpoint and the network") from None
            raise FatalError(
                f"{host} takes no file for a batch ({error}); check {prefix}_ENDPOINT, or set runtime.batch to false"
            ) from None

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
            prompt_tokens=round(written.tokens),
            completion_tokens=None if mean is None else round(mean * len(written.keys)),
        )

    async def submit(self, service: BatchService, batch: JournalledBatch, *, resumed: bool) -> None:
        """Submit a batch; wherever it may have been accepted before, look for it first.

        Raise FatalError if the service does not take it; what could not be submitted is submitted by the next run.
        """
        host = urlsplit(batch.endpoint).hostname
        for attempt in range(self._params.runtime.max_attempts):
            try:
                found = await service.find(batch.file, batch.begun_at) if resumed or attempt else None
                state = found or await service.submit(batch.file)
            except TransientError as error:
                refusal = str(error)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s(attempt, error)):
                        await self._ending.wait()
            except RejectedError as error:
                self._store.end(batch.name, state="refused")
                raise FatalError(f"{host} refused a batch ({error})") from None
            else:
                self._store.note(batch.name, id=state.id, state=state.state)
                return
        raise FatalError(f"{host} took no batch ({refusal}); run again to submit it")
