"""One run that asks in batches: it submits what is missing, follows what is submitted, and keeps what comes.

Every step can be the last of its process: a batch stands in the journal before it is submitted, so that the next run,
here or in another clone on this machine, goes on with it.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic, time
from urllib.parse import urlsplit

import click

from potstill.core.errors import FatalError, RefusedFieldError, RejectedError, TransientError
from potstill.core.params import Params
from potstill.core.prices import find_price
from potstill.teacher.api.batch_service import BatchService, BatchState
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.batching.collecting import Collected, collect
from potstill.teacher.batching.retrying import pause, pause_s
from potstill.teacher.batching.submitting import Submitter
from potstill.teacher.batching.tally import BatchTally
from potstill.teacher.batching.wording import describe_batches, describe_waiting, list_batches
from potstill.teacher.budget import Budget
from potstill.teacher.plan import Plan
from potstill.teacher.progress import Progress
from potstill.teacher.store.batches import GIVEN_UP, JournalledBatch

FULL = "token_limit_exceeded"
SHORTEST_POLL_S, LONGEST_POLL_S = 0.2, 60.0
POLLED_OFTEN = 0.02  # the pause between two looks, as a share of a batch's age


class BatchRun:
    """Asks a plan's requests in batches; `error` is what ended the run early, `lost_at` since when no look succeeds."""

    def __init__(
        self, params: Params, plan: Plan, credentials: Sequence[Credentials], budget: Budget, progress: Progress
    ) -> None:
        """Keep what to ask and whom; open no connection yet."""
        self.error: Exception | None = None
        self.lost_at: float | None = None
        self._params = params
        self._plan = plan
        self._store = plan.batches
        self._progress = progress
        self._price = find_price(params)
        teacher = params.teachers[params.teacher]
        self._options = RequestOptions(teacher)
        timeout_s = params.runtime.timeout_s
        services = [BatchService(each, timeout_s, self._options, teacher.scope) for each in credentials]
        self._services = {service.credentials.prefix: service for service in services}
        self._ending = asyncio.Event()
        self._tally = BatchTally(params, plan, budget, progress)
        self._submitter = Submitter(params, plan, services, self._options, self._tally, self._ending)
        self._warned_of: set[str] = set()
        self._has_free = True  # as far as is known without a look at each request

    def describe_open(self) -> str:
        """Return what the service goes on with when the run ends; nothing where that is nothing."""
        batches = self._find_open()
        return f"the service still has {list_batches(batches)}, which `make repro` goes on with" if batches else ""

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
        needed = self._plan.count_in_batches()
        self._tally.reserve_batches(batch for batch in self._find_open() if batch.name in needed)
        while not self._ending.is_set():
            if submitting and self._has_free:
                self._has_free = False
                await self._submitter.submit_missing(self._tally.left_over())
            await self._look_at_all()
            self._count_collected_elsewhere()
            open_batches, is_held = self._find_open(), bool(self._plan.count_in_batches())
            self._progress.waiting_for = self._describe(open_batches)
            if not is_held and (not submitting or self._is_done()):
                return
            self._check_time(started, open_batches)
            self._has_free |= not is_held
            await pause(min(map(poll_s, open_batches), default=SHORTEST_POLL_S), self._ending)

    async def _look_at_all(self) -> None:
        """Look at each open batch; what is wrong with one that this plan does not need is only said, once."""
        needed = self._plan.count_in_batches()
        for batch in self._find_open():
            try:
                await self._look_at(batch)
            except FatalError as error:
                if batch.name in needed:
                    raise
                if batch.name not in self._warned_of:
                    click.echo(f"warning: {error}", err=True)
                self._warned_of.add(batch.name)

    async def close(self) -> None:
        """Close the connections."""
        for service in self._services.values():
            await service.close()

    def _is_done(self) -> bool:
        """Return whether nothing is left to submit, here or in another run."""
        return self._plan.count_open() <= len(self._tally.left_over())

    def _find_open(self) -> list[JournalledBatch]:
        """Return the batches that have not ended and are this teacher's or hold requests of this plan, oldest first.

        Those that no prompt asks any more are among them: they take room at the service, and what comes is paid for.
        """
        names = self._plan.count_in_batches()
        return [
            batch
            for batch in self._store.read("ended_at IS NULL")
            if batch.name in names or (batch.teacher == self._params.teacher and self._find_service(batch))
        ]

    def _find_service(self, batch: JournalledBatch) -> BatchService | None:
        """Return where a batch was submitted; None if no credentials of the teacher name that now."""
        service = self._services.get(batch.credentials)
        return service if service and service.credentials.endpoint == batch.endpoint else None

    def _describe(self, batches: list[JournalledBatch]) -> str:
        """Return in a line how far batches are; nothing where there are none."""
        return describe_batches(batches, [self._price] * len(batches)) if batches else ""

    def _check_time(self, started: float, batches: list[JournalledBatch]) -> None:
        """Raise FatalError if the run has waited for batches as long as it may."""
        limit = self._params.runtime.batch_wait_s
        if batches and limit is not None and monotonic() > started + limit:
            raise FatalError(describe_waiting(batches, limit))

    async def _look_at(self, batch: JournalledBatch) -> None:
        """Ask how far a batch is, and collect what it brought where it has ended; submit it where nobody has."""
        service = self._find_service(batch)
        if service is None:
            raise FatalError(
                f"batch {batch.shown_id} was submitted to {batch.endpoint}, which is not the endpoint of credentials "
                f"{batch.credentials} of teachers.{self._params.teacher} now; have {batch.credentials}_ENDPOINT name "
                "it until the batch has ended"
            )
        if batch.id is None:
            if self._store.take_over(batch):
                await self._submitter.submit(service, batch, resumed=True)
            return
        try:
            state = await service.retrieve(batch.id)
        except TransientError as error:
            self.lost_at = self.lost_at or monotonic()
            await pause(pause_s(0, error), self._ending)
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
        attempts = self._params.runtime.max_attempts
        collected = await collect(service, self._store, batch, state, attempts, self._ending)
        self._has_free = True
        if not collected.keys:  # another run was faster, which is seen from what it left
            return
        self._submitter.submitted.pop(batch.name, None)
        if self._store.is_of_another_run(batch):
            self._plan.count_open()  # which drops what has an answer now
        else:
            self._tally.count(collected, f"ended as {state.state}", is_attempt=state.error_code != FULL)
        fatal = next((error for error in collected.errors.values() if isinstance(error, FatalError)), None)
        if fatal and not (isinstance(fatal, RefusedFieldError) and self._options.learn(fatal)):
            raise fatal
        if state.error_code == FULL:
            self._learn_limit(batch, state)
        elif state.state == "failed" and not collected.answers:
            raise FatalError(f"batch {state.id} at {urlsplit(batch.endpoint).hostname} failed with {state.error}")

    def _count_collected_elsewhere(self) -> None:
        """Count what batches of this run brought that another run or `make batches` has collected."""
        still_open = {batch.name for batch in self._store.read("ended_at IS NULL")}
        for name in self._submitter.submitted.keys() - still_open:
            keys = frozenset(self._submitter.submitted.pop(name))
            (batch,) = self._store.read("name = :name", name=name)
            is_attempt = batch.state not in ("failed", GIVEN_UP)
            self._tally.count(Collected(keys), "was collected elsewhere", is_attempt=is_attempt)
            self._has_free = True
        self._tally.release_batches(still_open)

    def _learn_limit(self, batch: JournalledBatch, state: BatchState) -> None:
        """Learn from a batch that the service had no room for how many tokens it takes at once.

        It is what others have that are on their way, or half of this one. Raise FatalError for one request alone.
        """
        others = self._store.count_tokens(batch.teacher, batch.endpoint)
        if not others and batch.requests == 1:
            raise FatalError(f"{urlsplit(batch.endpoint).hostname} has no room for even one request: {state.error}")
        self._submitter.token_limit = max(float(others), batch.prompt_tokens / 2)


def poll_s(batch: JournalledBatch) -> float:
    """Return the seconds until the next look at a batch: the older it is, the longer."""
    return min(LONGEST_POLL_S, max(SHORTEST_POLL_S, POLLED_OFTEN * (time() - batch.begun_at)))
