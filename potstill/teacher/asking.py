"""Many calls at once: workers, attempts and pauses. It knows no dataset, and not what becomes of a reply."""

import asyncio
import heapq
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from potstill.core.errors import FatalError, RejectedError, TransientError, UnreachableError
from potstill.core.records import Message
from potstill.teacher.api.client import Client
from potstill.teacher.api.replies import Reply
from potstill.teacher.budget import CHARACTERS_PER_TOKEN, Budget
from potstill.teacher.pace import Pace

MAX_THROTTLED = 100
LONGEST_PAUSE_S = 600
LONGEST_BACKOFF_S = 30
FIRST_BACKOFF_S = 0.5
OUTAGE_PAUSE_S = (0.25, 5.0)
FIRST_GUESS_TOKENS, LEARNING = 256.0, 0.05


@dataclass(frozen=True)
class Failure:
    """Why a request has no answer, after all its attempts."""

    message: str


@dataclass(order=True)
class Job:
    """One request on its way: when it may be asked (again), and how often it was."""

    due: float
    number: int
    key: str = field(compare=False)
    messages: list[Message] = field(compare=False)
    attempts: int = field(default=0, compare=False)
    throttled: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Bounds:
    """How hard to ask: calls in flight, seconds and number of attempts of one request, failed rows in a row.

    A server that was there before may be away for `outage_s` seconds before that costs attempts. When the run ends
    early, calls in flight have `grace_s` seconds.
    """

    concurrency: int
    timeout_s: float
    max_attempts: int
    max_failures_in_a_row: int
    outage_s: float = 60
    grace_s: float = 10


Record = Callable[[str, Reply | Failure], None]


class Asker:
    """Asks requests with a bounded number of calls in flight; `retries` counts the attempts after a first."""

    def __init__(self, client: Client, pace: Pace, budget: Budget, bounds: Bounds) -> None:
        """Get ready; nothing is asked yet."""
        self.retries = 0
        self.stopped = asyncio.Event()
        self._client = client
        self._pace = pace
        self._budget = budget
        self._bounds = bounds
        self._numbers = count()
        self._waiting: list[Job] = []
        self._in_flight = 0  # requests that workers have in hand
        self._calls = 0  # those of them that the server has
        self._broken = False
        self._changed = asyncio.Event()
        self._answered_at: float | None = None
        self._failures_in_a_row = 0
        self._outages = 0
        self._completion_tokens = FIRST_GUESS_TOKENS

    async def ask_all(self, requests: Iterator[tuple[str, list[Message]]], record: Record) -> None:
        """Ask each (key, messages); each Reply or Failure goes to `record` as it comes, a FatalError ends all.

        Requests are taken one by one as calls end, so that memory does not grow with them. After `stopped` is set, or
        an error that ends the run, no call starts, and those in flight, which may be paid for, have `grace_s` to end.
        """
        workers = [asyncio.create_task(self._work(requests, record)) for _ in range(self._bounds.concurrency)]
        stopping = asyncio.create_task(self.stopped.wait())
        every: asyncio.Future[Any] = asyncio.gather(*workers)
        ends: list[asyncio.Future[Any]] = [every, stopping]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._is_ending():
                await self._wait_for_calls()
            if every.done() or not self.stopped.is_set():
                await every
        finally:
            stopping.cancel()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(every, *workers, return_exceptions=True)

    def _is_ending(self) -> bool:
        """Return whether no call may start any more."""
        return self._broken or self.stopped.is_set()

    async def _wait_for_calls(self) -> None:
        """Give the calls in flight `grace_s` to end; a worker that only waits for its turn is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._bounds.grace_s):
                while self._calls:
                    self._changed.clear()
                    await self._changed.wait()

    async def _work(self, requests: Iterator[tuple[str, list[Message]]], record: Record) -> None:
        """Ask one request after the other."""
        try:
            while (job := await self._take(requests)) is not None:
                self._in_flight += 1
                try:
                    await self._ask(job, record)
                finally:
                    self._in_flight -= 1
                    self._changed.set()
        except Exception:
            self._broken = True
            raise

    async def _take(self, requests: Iterator[tuple[str, list[Message]]]) -> Job | None:
        """Return what is to be asked next, a retry that is due first; None when nothing will come any more."""
        while not self._is_ending():
            now = _now()
            if self._waiting and self._waiting[0].due <= now:
                return heapq.heappop(self._waiting)
            if len(self._waiting) < 2 * self._bounds.concurrency:
                if request := next(requests, None):
                    return Job(now, next(self._numbers), *request)
                if not self._waiting and not self._in_flight:
                    self._changed.set()
                    return None
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._waiting[0].due - now if self._waiting else None):
                    await self._changed.wait()
        return None

    async def _ask(self, job: Job, record: Record) -> None:
        """Make one attempt; a transient failure puts the request back with a pause that holds no slot."""
        expected = _estimate_tokens(job.messages) + self._completion_tokens
        await self._budget.reserve(job.number, job.messages)
        turn = await self._pace.wait_for_turn(expected)
        self._calls += 1
        try:
            if self._is_ending():
                return
            async with asyncio.timeout(self._bounds.timeout_s):
                reply = await self._client.complete(job.messages)
        except TimeoutError:
            self._retry(job, TransientError(f"no answer within {self._bounds.timeout_s:g} s"), record)
        except TransientError as error:
            if error.throttled:
                self._pace.note_refusal(turn, error.retry_after_s)
            self._retry(job, error, record)
        except RejectedError as error:
            self._fail(job, str(error), record)
        else:
            self._budget.settle(job.number, reply.usage)
            self._note_answer(expected, reply)
            record(job.key, reply)
        finally:
            self._calls -= 1
            self._budget.release(job.number)

    def _note_answer(self, expected_tokens: float, reply: Reply) -> None:
        """Learn from an answer how the server does, and how long its answers are."""
        self._answered_at, self._failures_in_a_row, self._outages = _now(), 0, 0
        tokens = None
        if reply.usage:
            tokens = float(reply.usage.prompt_tokens + reply.usage.completion_tokens)
            self._completion_tokens += LEARNING * (reply.usage.completion_tokens - self._completion_tokens)
        self._pace.note_answer(expected_tokens, tokens, self._client.limits)

    def _retry(self, job: Job, error: TransientError, record: Record) -> None:
        """Put a request back, or give it up after its last attempt; a 429 and an outage cost no attempt."""
        if error.retry_after_s is not None and error.retry_after_s > LONGEST_PAUSE_S:
            raise FatalError(
                f"{self._client.endpoint_host} asks to wait for {error.retry_after_s:.0f} s ({error}); run again then"
            )
        if error.throttled:
            job.throttled += 1
        elif not (isinstance(error, UnreachableError) and self._is_outage(error)):
            job.attempts += 1
        if job.attempts >= self._bounds.max_attempts or job.throttled >= MAX_THROTTLED:
            self._fail(job, str(error), record)
            return
        self.retries += 1
        job.due = _now() + _pause_s(job, error)
        heapq.heappush(self._waiting, job)

    def _is_outage(self, error: UnreachableError) -> bool:
        """Tell a server that is away for a while; one that nobody has reached yet is most likely misnamed."""
        host = self._client.endpoint_host
        if self._answered_at is None:
            raise FatalError(f"{host} cannot be reached ({error}); check the endpoint and the network")
        if _now() > self._answered_at + self._bounds.outage_s:
            return False
        self._outages += 1
        shortest, longest = OUTAGE_PAUSE_S
        self._pace.close_for(min(longest, shortest * 2 ** min(self._outages // self._bounds.concurrency, 8)))
        return True

    def _fail(self, job: Job, message: str, record: Record) -> None:
        """Record that a request failed for good; many in a row end the run."""
        record(job.key, Failure(message))
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= self._bounds.max_failures_in_a_row:
            raise FatalError(f"{self._failures_in_a_row} requests failed in a row, the last with {message}")


def _estimate_tokens(messages: list[Message]) -> float:
    """Guess how many tokens messages have, by their length in English."""
    return sum(len(message.content) for message in messages) / CHARACTERS_PER_TOKEN


def _pause_s(job: Job, error: TransientError) -> float:
    """Wait as long as the server asked for, else exponentially longer; always with jitter."""
    failed = job.attempts + job.throttled
    jitter_s = random.uniform(0, min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(failed, 10)))  # noqa: S311
    return jitter_s if error.retry_after_s is None else error.retry_after_s + min(jitter_s, 1.0)


def _now() -> float:
    """Return the loop's clock."""
    return asyncio.get_running_loop().time()
