"""Many calls at once: workers, attempts and pauses. It knows no dataset, and not what becomes of a reply."""

import asyncio
import heapq
import random
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any

from potstill.core.errors import FatalError, RejectedError, TransientError, UnreachableError
from potstill.core.prices import CHARACTERS_PER_TOKEN
from potstill.core.records import Chat
from potstill.teacher.api.client import Caller
from potstill.teacher.api.replies import Reply
from potstill.teacher.budget import Budget
from potstill.teacher.pace import Pace

MAX_REFUSALS = 100  # 429s of one request
LONGEST_RETRY_AFTER_S = 600  # that a run waits for; a server that asks for more ends it
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 30  # between attempts, where the server asks for no pause
OUTAGE_PAUSE_S = (0.25, 5.0)  # the first and the longest, while the server cannot be reached
FIRST_GUESS_TOKENS, LEARNING = 256.0, 0.05  # tokens of an answer, and the weight of each new one in their mean


@dataclass(frozen=True)
class Failure:
    """Why a request has no answer, after all its attempts."""

    message: str


@dataclass(order=True)
class PendingRequest:
    """One request without an answer yet: when it may be asked (again), and how often it was asked and told to wait."""

    due: float
    number: int
    key: str = field(compare=False)
    chat: Chat = field(compare=False)
    attempts: int = field(default=0, compare=False)
    refusals: int = field(default=0, compare=False)


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
    """Asks requests with a bounded number of calls in flight.

    `retries` counts the attempts after a first; `lost_at` is when (monotonic) the server could no longer be reached,
    None while it can; `error` is what ended the run early.
    """

    def __init__(self, client: Caller, pace: Pace, budget: Budget, bounds: Bounds, record: Record) -> None:
        """Keep where to ask, and `record`, which gets each Reply or Failure as it comes; open no connection yet."""
        self.retries = 0
        self.lost_at: float | None = None
        self.error: Exception | None = None
        self._client = client
        self._pace = pace
        self._budget = budget
        self._bounds = bounds
        self._record = record
        self._numbers = count()
        self._retry_heap: list[PendingRequest] = []
        self._in_hand = 0  # requests that workers have taken
        self._in_flight = 0  # those of them that the server has
        self._changed = asyncio.Event()
        self._ending = asyncio.Event()
        self._was_reached = False
        self._failures_in_a_row = 0
        self._connections_refused = 0
        self._completion_tokens = FIRST_GUESS_TOKENS

    def stop(self, error: Exception) -> None:
        """End the run because of the error: start no call, and let those in flight, which may be paid for, end."""
        self.error = self.error or error
        self._ending.set()

    async def stop_on_error(self, work: Coroutine[Any, Any, None]) -> None:
        """Do a part of the run's work; an error in it ends the whole run."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 (whatever it is, calls in flight are to end well)
            self.stop(error)

    async def ask_all(self, requests: Iterator[tuple[str, Chat]]) -> None:
        """Ask each (key, chat), until all have a Reply or a Failure or `error` has ended the run.

        Requests are taken one by one as calls end, so that memory does not grow with them.
        """
        async with asyncio.TaskGroup() as group:
            works = [self.stop_on_error(self._ask_next(requests)) for _ in range(self._bounds.concurrency)]
            workers = [group.create_task(work) for work in works]
            ending = group.create_task(self._end_early(workers))
            await asyncio.wait(workers)
            ending.cancel()

    async def _end_early(self, workers: Iterable[asyncio.Task[None]]) -> None:
        """Once the run is to end, cancel workers when no call is in flight any more, or after `grace_s`."""
        await self._ending.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._bounds.grace_s):
                while self._in_flight:
                    self._changed.clear()
                    await self._changed.wait()
        for worker in workers:
            worker.cancel()

    async def _ask_next(self, requests: Iterator[tuple[str, Chat]]) -> None:
        """Ask one request after the other."""
        while request := await self._take(requests):
            self._in_hand += 1
            try:
                await self._ask(request)
            finally:
                self._in_hand -= 1
                self._changed.set()

    async def _take(self, requests: Iterator[tuple[str, Chat]]) -> PendingRequest | None:
        """Return what is to be asked next, a retry that is due first; None when nothing will come any more."""
        while not self._ending.is_set():
            retry = self._retry_heap[0] if self._retry_heap else None
            if retry and retry.due <= monotonic():
                return heapq.heappop(self._retry_heap)
            if len(self._retry_heap) < 2 * self._bounds.concurrency:
                if request := next(requests, None):
                    return PendingRequest(monotonic(), next(self._numbers), *request)
                if not retry and not self._in_hand:
                    self._changed.set()
                    return None
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(retry.due - monotonic() if retry else None):
                    await self._changed.wait()
        return None

    async def _ask(self, request: PendingRequest) -> None:
        """Make one attempt; a transient failure puts the request back with a pause that holds no slot."""
        characters = sum(len(message.content) for message in request.chat.messages)
        expected_tokens = characters / CHARACTERS_PER_TOKEN + self._completion_tokens
        await self._budget.reserve(request.number, request.chat.messages)
        start = await self._pace.wait_for_start(expected_tokens)
        self._in_flight += 1
        try:
            if self._ending.is_set():
                return
            async with asyncio.timeout(self._bounds.timeout_s):
                reply = await self._client.complete(request.chat)
        except TimeoutError:
            self._retry(request, TransientError(f"no answer within {self._bounds.timeout_s:g} s"))
        except TransientError as error:
            if not isinstance(error, UnreachableError):
                self.lost_at = None
            if error.throttled:
                self._pace.note_refusal(start, error.retry_after_s)
            self._retry(request, error)
        except RejectedError as error:
            self._fail(request, str(error))
        else:
            self._budget.settle(request.number, reply.usage)
            self._note_answer(expected_tokens, reply)
            self._record(request.key, reply)
        finally:
            self._in_flight -= 1
            self._budget.release(request.number)

    def _note_answer(self, expected_tokens: float, reply: Reply) -> None:
        """Learn from an answer that the server is there, what it allows, and how long its answers are."""
        self._was_reached, self.lost_at = True, None
        self._failures_in_a_row = self._connections_refused = 0
        tokens = None
        if reply.usage:
            tokens = float(reply.usage.prompt_tokens + reply.usage.completion_tokens)
            self._completion_tokens += LEARNING * (reply.usage.completion_tokens - self._completion_tokens)
        self._pace.note_answer(expected_tokens, tokens, self._client.limits)

    def _retry(self, request: PendingRequest, error: TransientError) -> None:
        """Put a request back, or give it up after its last attempt; a 429 and an outage cost no attempt."""
        if error.retry_after_s is not None and error.retry_after_s > LONGEST_RETRY_AFTER_S:
            raise FatalError(
                f"{self._client.endpoint_host} asks to wait for {error.retry_after_s:.0f} s ({error}); run again then"
            )
        if error.throttled:
            request.refusals += 1
        elif not (isinstance(error, UnreachableError) and self._may_come_back(error)):
            request.attempts += 1
        if request.attempts >= self._bounds.max_attempts or request.refusals >= MAX_REFUSALS:
            self._fail(request, str(error))
            return
        self.retries += 1
        request.due = monotonic() + _pause_s(request, error)
        heapq.heappush(self._retry_heap, request)

    def _may_come_back(self, error: UnreachableError) -> bool:
        """Return whether a server that cannot be reached is away for less than `outage_s`, and pause all calls then.

        Raise FatalError if nobody has reached it yet: most likely it is misnamed.
        """
        if not self._was_reached:
            host = self._client.endpoint_host
            raise FatalError(f"{host} cannot be reached ({error}); check the endpoint and the network")
        self.lost_at = self.lost_at or monotonic()
        if monotonic() > self.lost_at + self._bounds.outage_s:
            return False
        self._connections_refused += 1
        shortest, longest = OUTAGE_PAUSE_S
        rounds = min(self._connections_refused // self._bounds.concurrency, 8)
        self._pace.close_for(min(longest, shortest * 2**rounds))
        return True

    def _fail(self, request: PendingRequest, message: str) -> None:
        """Record that a request failed for good; raise FatalError after too many in a row."""
        self._record(request.key, Failure(message))
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= self._bounds.max_failures_in_a_row:
            raise FatalError(f"{self._failures_in_a_row} requests failed in a row, the last with {message}")


def _pause_s(request: PendingRequest, error: TransientError) -> float:
    """Return the seconds that the server asked for, else exponentially more each time; always with jitter."""
    failed = request.attempts + request.refusals
    jitter_s = random.uniform(0, min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(failed, 10)))  # noqa: S311
    return jitter_s if error.retry_after_s is None else error.retry_after_s + min(jitter_s, 1.0)
