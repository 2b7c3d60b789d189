"""Many calls at once: workers, attempts and pauses. It knows no dataset, and not what becomes of a reply."""

import asyncio
import heapq
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from potstill.core.errors import FatalError, RejectedError, TransientError, UnreachableError
from potstill.core.records import Chat
from potstill.core.tokens import CHARACTERS_PER_TOKEN
from potstill.teacher.api.replies import Reply
from potstill.teacher.budget import Budget
from potstill.teacher.endpoints import Endpoint, Endpoints
from potstill.teacher.loop import stop_on_error
from potstill.teacher.pace import CallStart

MAX_REFUSALS = 100  # 429s of one request
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 30  # between attempts, where the server asks for no pause
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
    not_before: dict[Endpoint, float] = field(default_factory=dict, compare=False)  # where it failed


@dataclass(frozen=True)
class Bounds:
    """How hard to ask: calls in flight, seconds and number of attempts of one request, failed rows in a row.

    Servers that were there before may be away for `outage_s` seconds before that costs attempts. When the run ends
    early, calls in flight have `grace_s` seconds.
    """

    concurrency: int
    timeout_s: float
    max_attempts: int
    max_failures_in_a_row: int
    outage_s: float = 60
    grace_s: float = 10


Record = Callable[[str, Reply | Failure, str], None]  # key, outcome, and the host that it came from


class Asker:
    """Asks requests with a bounded number of calls in flight.

    `retries` counts the attempts after a first; `error` is what ended the run early.
    """

    def __init__(self, endpoints: Sequence[Endpoint], budget: Budget, bounds: Bounds, record: Record) -> None:
        """Keep where to ask, and `record`, which gets each Reply or Failure as it comes; open no connection yet."""
        self.retries = 0
        self.error: Exception | None = None
        self._endpoints = Endpoints(endpoints, bounds.concurrency, bounds.outage_s)
        self._budget = budget
        self._bounds = bounds
        self._record = record
        self._numbers = count()
        self._retry_heap: list[PendingRequest] = []
        self._in_hand = 0  # requests that workers have taken
        self._changed = asyncio.Event()
        self._ending = asyncio.Event()
        self._failures_in_a_row = 0
        self._completion_tokens = FIRST_GUESS_TOKENS

    @property
    def lost_at(self) -> float | None:
        """Return since when (monotonic) no server can be reached, None where one can."""
        return self._endpoints.lost_at

    def stop(self, error: Exception) -> None:
        """End the run because of the error: start no call, and let those in flight, which may be paid for, end."""
        self.error = self.error or error
        self._ending.set()

    async def ask_all(self, requests: Iterator[tuple[str, Chat]]) -> None:
        """Ask each (key, chat), until all have a Reply or a Failure or `error` has ended the run.

        Requests are taken one by one as calls end, so that memory does not grow with them.
        """
        async with asyncio.TaskGroup() as group:
            works = [stop_on_error(self, self._ask_next(requests)) for _ in range(self._bounds.concurrency)]
            workers = [group.create_task(work) for work in works]
            ending = group.create_task(self._end_early(workers))
            await asyncio.wait(workers)
            ending.cancel()

    async def _end_early(self, workers: Iterable[asyncio.Task[None]]) -> None:
        """Once the run is to end, cancel workers when no call is in flight any more, or after `grace_s`."""
        await self._ending.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._bounds.grace_s):
                while self._endpoints.in_flight:
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
        """Make one attempt where one may start first; a request that must wait there, unlike others, is put back."""
        characters = sum(len(message.content) for message in request.chat.messages)
        expected_tokens = characters / CHARACTERS_PER_TOKEN + self._completion_tokens
        await self._budget.reserve(request.number, request.chat.messages)
        try:
            if place := await self._endpoints.wait_for_start(expected_tokens, request.not_before):
                await self._attempt(request, *place, expected_tokens)
            else:
                self._put_back(request, self._endpoints.opens_at(request.not_before))
        finally:
            self._budget.release(request.number)

    async def _attempt(
        self, request: PendingRequest, endpoint: Endpoint, start: CallStart, expected_tokens: float
    ) -> None:
        """Make one attempt; a transient failure puts the request back with a pause that holds no slot."""
        try:
            if self._ending.is_set():
                return
            async with asyncio.timeout(self._bounds.timeout_s):
                reply = await endpoint.client.complete(request.chat)
        except TimeoutError:
            self._retry(request, endpoint, TransientError(f"no answer within {self._bounds.timeout_s:g} s"))
        except TransientError as error:
            if not isinstance(error, UnreachableError):
                endpoint.lost_at = None
            if error.throttled:
                endpoint.pace.note_refusal(start, error.retry_after_s)
            self._retry(request, endpoint, error)
        except RejectedError as error:
            self._fail(request, endpoint, str(error))
        else:
            self._budget.settle(request.number, reply.usage)
            self._note_answer(endpoint, expected_tokens, reply)
            self._record(request.key, reply, endpoint.client.endpoint_host)
        finally:
            self._endpoints.end_call(endpoint)

    def _note_answer(self, endpoint: Endpoint, expected_tokens: float, reply: Reply) -> None:
        """Learn from an answer that the server is there, what it allows, and how long its answers are."""
        self._endpoints.note_answer(endpoint)
        self._failures_in_a_row = 0
        tokens = None
        if reply.usage:
            tokens = float(reply.usage.prompt_tokens + reply.usage.completion_tokens)
            self._completion_tokens += LEARNING * (reply.usage.completion_tokens - self._completion_tokens)
        endpoint.pace.note_answer(expected_tokens, tokens, endpoint.client.limits)

    def _retry(self, request: PendingRequest, endpoint: Endpoint, error: TransientError) -> None:
        """Put a request back, or give it up after its last attempt; a 429 and an outage cost no attempt.

        It waits for the endpoint where it failed, and not for another one that is well.
        """
        request.attempts += self._endpoints.note_error(endpoint, error)
        request.refusals += error.throttled
        if request.attempts >= self._bounds.max_attempts or request.refusals >= MAX_REFUSALS:
            self._fail(request, endpoint, str(error))
            return
        self.retries += 1
        now, pause_s = monotonic(), _pause_s(request, error)
        request.not_before[endpoint] = now + pause_s
        # After LONGEST_BACKOFF_S another endpoint may be well; if none is, the request is put back once more.
        due = now if self._endpoints.has_another(request.not_before) else now + min(pause_s, LONGEST_BACKOFF_S)
        self._put_back(request, due)

    def _put_back(self, request: PendingRequest, due: float) -> None:
        """Have a request taken again when it is due (monotonic)."""
        request.due = due
        heapq.heappush(self._retry_heap, request)

    def _fail(self, request: PendingRequest, endpoint: Endpoint, message: str) -> None:
        """Record that a request failed for good; raise FatalError after too many in a row."""
        self._record(request.key, Failure(message), endpoint.client.endpoint_host)
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= self._bounds.max_failures_in_a_row:
            raise FatalError(f"{self._failures_in_a_row} requests failed in a row, the last with {message}")


def _pause_s(request: PendingRequest, error: TransientError) -> float:
    """Return the seconds that the server asked for, else exponentially more each time; always with jitter."""
    failed = request.attempts + request.refusals
    jitter_s = random.uniform(0, min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(failed, 10)))  # noqa: S311
    return jitter_s if error.retry_after_s is None else error.retry_after_s + min(jitter_s, 1.0)
