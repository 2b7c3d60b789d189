"""One run that asks in batches: it submits what is missing, follows what is submitted, and keeps what comes.

Every step can be the last of its process: a batch stands in the journal before it is submitted, so that the next run,
here or in another clone on this machine, goes on with it.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, time
from urllib.parse import urlsplit

from potstill.core.errors import FatalError, RefusedFieldError, RejectedError, TransientError, UnreachableError
from potstill.core.params import Params
from potstill.core.prices import find_price
from potstill.teacher.api.batch_service import BatchService, BatchState
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.batching.collecting import Collected, collect
from potstill.teacher.batching.retrying import pause_s
from potstill.teacher.batching.submitting import Submitter
from potstill.teacher.batching.wording import describe_batches, describe_waiting, find_cost
from potstill.teacher.budget import Budget
from potstill.teacher.plan import Plan
from potstill.teacher.progress import Progress
from potstill.teacher.store.batches import JournalledBatch

FULL = "token_limit_exceeded"
SHORTEST_POLL_S, LONGEST_POLL_S = 0.2, 60.0
POLLED_OFTEN = 0.02  # the pause between two looks, as a share of a batch's age


class BatchRun:
    """Asks a plan's requests in batches; `error` is what ended the run early, `lost_at` since when nobody answers."""

    def __init__(
        self, params: Params, plan: Plan, credentials: Sequence[Credentials], budget: Budget, progress: Progress
    ) -> None:
        """Keep what to ask and whom; open no connection yet."""
        self.error: Exception | None = None
        self.lost_at: float | None = None
        self._params = params
        self._plan = plan
        self._store = plan.batches
        self._budget = budget
        self._progress = progress
        teacher = params.teachers[params.teacher]
        self._price = find_price(params)
        self._options = RequestOptions(teacher)
        services = [BatchService(each, params.runtime.timeout_s, self._options, teacher.scope) for each in credentials]
        self._services = {service.credentials.endpoint: service for service in services}
        self._ending = asyncio.Event()
        self._submitter = Submitter(params, plan, services, self._options, budget, self._ending)
        self._has_free = True  # as far as is known without a look at each request
        self._attempts: Counter[str] = Counter()  # of requests that batches left without an answer

    def stop(self, error: Exception) -> None:
        """End the run because of the error, after the call that is being made."""
        self.error = self.error or error
        self._ending.set()

    async def run(self, *, submitting: bool) -> None:
        """Follow the batches that hold this plan's requests until there are none; submit new ones for what is free.

        With `batch_fallback: now` a request that a batch left without an answer is not submitted again. Raise
        FatalError if no further batch can succeed, or `batch_wait_s` is over.
        """
        started = monotonic()
        while not self._ending.is_set():
            if submitting and self._has_free:
                await self._submitter.submit_missing(self._left_over())
                self._has_free = False
            for batch in self._find_held():
                await self._look_at(batch)
            held = self._find_held()
            self._progress.waiting_for = self._describe(held)
            if held:
                self._check_time(started, held)
            elif not submitting or self._is_done():
                return
            self._has_free |= not held
            await self._wait(min(map(poll_s, held), default=SHORTEST_POLL_S))

    async def close(self) -> None:
        """Close the connections."""
        for service in self._services.values():
            await service.close()

    def _left_over(self) -> set[str]:
        """Return the keys of the requests that are to be asked directly, since a batch left them without an answer."""
        asked_now = self._params.runtime.batch_fallback == "now"
        left = {key for key, attempts in self._attempts.items() if attempts and self._plan.is_open(key)}
        return left if asked_now else set()

    def _is_done(self) -> bool:
        """Return whether nothing is left to submit, here or in another run."""
        return self._plan.count_open() <= len(self._left_over())

    async def _wait(self, seconds: float) -> None:
        """Wait, or until the run is to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    def _find_held(self) -> list[JournalledBatch]:
        """Return the batches that requests of this plan are in, whoever submitted them, the oldest first."""
        names = self._plan.count_in_batches()
        return [batch for batch in self._store.read("ended_at IS NULL") if batch.name in names]

    def _describe(self, batches: list[JournalledBatch]) -> str:
        """Return in a line how far batches are; nothing where there are none."""
        return describe_batches(batches, [find_cost(batch, self._price) for batch in batches]) if batches else ""

    def _check_time(self, started: float, held: list[JournalledBatch]) -> None:
        """Raise FatalError if the run has waited for as long as it may."""
        limit = self._params.runtime.batch_wait_s
        if limit is not None and monotonic() > started + limit:
            raise FatalError(describe_waiting(held, limit))

    async def _look_at(self, batch: JournalledBatch) -> None:
        """Ask how far a batch is, and collect what it brought where it has ended; submit it where nobody has."""
        service = self._services.get(batch.endpoint)
        if service is None:
            raise FatalError(
                f"batch {batch.shown_id} was submitted to {batch.endpoint}, which no credentials of teachers."
                f"{self._params.teacher} name; set {batch.credentials}_ENDPOINT to it until the batch has ended"
            )
        if batch.id is None:
            if self._store.take_over(batch):
                await self._submitter.submit(service, batch, resumed=True)
            return
        try:
            state = await service.retrieve(batch.id)
        except TransientError as error:
            self.lost_at = (self.lost_at or monotonic()) if isinstance(error, UnreachableError) else None
            await self._wait(pause_s(0, error))
            return
        except RejectedError as error:
            raise FatalError(
                f"batch {batch.id} at {urlsplit(batch.endpoint).hostname}: {error}; `make batches CANCEL={batch.id}` "
                "gives it up, and what has no answer is asked again"
            ) from None
        self.lost_at = None
        if state.has_ended:
            await self._collect(service, batch, state)
        else:
            self._store.note(batch.name, state=state.state, done=state.done, failed=state.failed)

    async def _collect(self, service: BatchService, batch: JournalledBatch, state: BatchState) -> None:
        """Keep what an ended batch brought, and let the rest be asked again; raise FatalError if that is no use."""
        collected = await collect(service, self._store, batch, state, self._params.runtime.max_attempts)
        self._count(collected, state)
        fatal = next((error for error in collected.errors.values() if isinstance(error, FatalError)), None)
        if fatal and not (isinstance(fatal, RefusedFieldError) and self._options.learn(fatal)):
            raise fatal
        if state.error_code == FULL:
            self._learn_limit(batch, state)
        elif state.state == "failed" and not collected.answers:
            raise FatalError(f"batch {state.id} at {urlsplit(batch.endpoint).hostname} failed with {state.error}")

    def _count(self, collected: Collected, state: BatchState) -> None:
        """Count answers, and failures: requests that were refused for good, or left without an answer too often."""
        for key in filter(self._plan.is_open, collected.keys):
            answered = key in collected.answers
            usage = collected.answers.get(key)
            self._submitter.settle(key, usage, answered=answered)
            if answered:
                self._progress.add_answer(usage, self._budget.known_cost_usd)
                continue
            error = collected.errors.get(key) or TransientError(f"the batch ended as {state.state} without an answer")
            self._attempts[key] += state.error_code != FULL and not isinstance(error, FatalError)
            if isinstance(error, RejectedError) or self._attempts[key] >= self._params.runtime.max_attempts:
                self._plan.note_failure(key, str(error))
                self._progress.add_failure(self._budget.known_cost_usd)
        self._plan.count_open()  # which drops what has an answer now
        self._has_free = True

    def _learn_limit(self, batch: JournalledBatch, state: BatchState) -> None:
        """Learn from a batch that the service had no room for how many tokens it takes at once.

        With others on their way it is what they have; else half of this one. Raise FatalError for one request alone.
        """
        others = self._store.count_tokens(batch.teacher, batch.endpoint)
        if not others and batch.requests == 1:
            raise FatalError(f"{urlsplit(batch.endpoint).hostname} has no room for even one request: {state.error}")
        self._submitter.token_limit = float(others or batch.prompt_tokens / 2)


def poll_s(batch: JournalledBatch) -> float:
    """Return the seconds until the next look at a batch: the older it is, the longer."""
    return min(LONGEST_POLL_S, max(SHORTEST_POLL_S, POLLED_OFTEN * (time() - batch.begun_at)))
