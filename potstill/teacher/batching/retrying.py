"""Calls that are made again after a transient failure, and pauses that the end of a run cuts short."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from potstill.core.errors import TransientError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
LONGEST_ASKED_S = 600.0  # of the pauses that a server asks for

T = TypeVar("T")


async def retry(call: Callable[[], Awaitable[T]], attempts: int, ending: asyncio.Event) -> T:
    """Make a call until it succeeds; raise the last TransientError after so many attempts, any other error at once.

    Once `ending` is set, it is not made again.
    """
    for attempt in range(attempts - 1):
        try:
            return await call()
        except TransientError as error:
            await pause(pause_s(attempt, error), ending)
            if ending.is_set():
                raise
    return await call()


async def pause(seconds: float, ending: asyncio.Event) -> None:
    """Wait, or until the run is to end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ending.wait()


def pause_s(attempt: int, error: TransientError) -> float:
    """Return the seconds that the server asked for, else twice as many as before, with jitter."""
    doubled = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
    jitter = random.uniform(0.5, 1)  # noqa: S311
    return float(min(LONGEST_ASKED_S, error.retry_after_s or 0.0) + doubled * jitter)
