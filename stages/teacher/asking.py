"""Many calls at once: slots, attempts and pauses. It knows no dataset."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential
from tenacity.stop import stop_base

from stages.records import Message
from stages.teacher.clients import Client
from stages.teacher.replies import FatalError, RejectedError, Reply, TransientError, UnreachableError

MAX_FAILURES_IN_A_ROW = 20
MAX_THROTTLED = 100
LONGEST_PAUSE_S = 600
BACKOFF = wait_random_exponential(multiplier=0.5, max=30)


@dataclass(frozen=True)
class Failure:
    """Why a request has no answer, after all its attempts."""

    message: str


Record = Callable[[str, Reply | Failure], None]


class StopAfterAttempts(stop_base):
    """Stop one request after so many failed attempts; being told to slow down (429) counts apart."""

    def __init__(self, max_attempts: int) -> None:
        """Start with all attempts left."""
        self.attempts_left = max_attempts
        self.throttles_left = MAX_THROTTLED

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Count the attempt that just failed, and tell whether it was the last."""
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, TransientError) and error.throttled:
            self.throttles_left -= 1
        else:
            self.attempts_left -= 1
        return min(self.attempts_left, self.throttles_left) <= 0


class Asker:
    """Asks requests with a bounded number of calls in flight; `retries` counts the attempts after a first."""

    def __init__(self, client: Client, concurrency: int, timeout_s: float, max_attempts: int) -> None:
        """Set the bounds; `timeout_s` is for one attempt."""
        self.retries = 0
        self._client = client
        self._slots = asyncio.Semaphore(concurrency)
        self._timeout_s = timeout_s
        self._max_attempts = max_attempts
        self._answered_before = False
        self._failures_in_a_row = 0

    async def ask_all(self, prompts: Iterable[tuple[str, Sequence[Message]]], record: Record) -> None:
        """Ask each (key, messages); each Reply or Failure goes to `record` as it comes, a FatalError ends all."""
        try:
            async with asyncio.TaskGroup() as group:
                for key, messages in prompts:
                    group.create_task(self._ask(key, messages, record))
        except* FatalError as stopped:
            raise stopped.exceptions[0] from None

    async def _ask(self, key: str, messages: Sequence[Message], record: Record) -> None:
        """Ask one request until it is answered, rejected or out of attempts."""
        try:
            reply = await self._ask_with_retries(messages)
        except (RejectedError, TransientError) as error:
            record(key, Failure(str(error)))
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
                raise FatalError(f"{self._failures_in_a_row} requests failed in a row, the last with {error}") from None
            return
        self._failures_in_a_row = 0
        self._answered_before = True
        record(key, reply)

    async def _ask_with_retries(self, messages: Sequence[Message]) -> Reply:
        """Repeat the attempt while its errors are transient; the pauses between hold no slot."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(TransientError),
            stop=StopAfterAttempts(self._max_attempts),
            wait=_pause_s,
            before_sleep=self._count_retry,
            reraise=True,
        ):
            with attempt:
                async with self._slots:
                    return await self._attempt(messages)
        raise AssertionError("tenacity ends in a reply or an error")

    async def _attempt(self, messages: Sequence[Message]) -> Reply:
        """Make one call, bounded in time; a server that nobody has reached yet is most likely misnamed."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._client.complete(messages)
        except TimeoutError:
            raise TransientError(f"no answer within {self._timeout_s:g} s") from None
        except UnreachableError as error:
            if self._answered_before:
                raise
            raise FatalError(
                f"{self._client.endpoint_host} cannot be reached ({error}); check the endpoint and the network"
            ) from None
        except TransientError as error:
            if error.retry_after_s is None or error.retry_after_s <= LONGEST_PAUSE_S:
                raise
            raise FatalError(
                f"{self._client.endpoint_host} asks to wait for {error.retry_after_s:.0f} s ({error}); run again then"
            ) from None

    def _count_retry(self, _: RetryCallState) -> None:
        """Count one more attempt."""
        self.retries += 1


def _pause_s(retry_state: RetryCallState) -> float:
    """Wait as long as the server asked for, else exponentially longer; always with jitter."""
    jitter_s = BACKOFF(retry_state)
    error = retry_state.outcome.exception() if retry_state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, TransientError) else None
    return jitter_s if asked_s is None else asked_s + min(jitter_s, 1.0)
