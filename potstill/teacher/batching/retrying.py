"""Calls that are made again after a transient failure."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from potstill.core.errors import TransientError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
LONGEST_ASKED_S = 600.0  # of the pauses that a server asks for

T = TypeVar("T")


async def retry(call: Callable[[], Awaitable[T]], attempts: int) -> T:
    """Make a call until it succeeds; raise the last TransientError after so many attempts, any other error at once."""
    for attempt in range(attempts - 1):
        try:
            return await call()
        except TransientError as error:
            await asyncio.sleep(pause_s(attempt, error))
    return await call()


def pause_s(attempt: int, error: TransientError) -> float:
    """Return the seconds that the server asked for, else twice as many as before, with jitter."""
    pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
    jitter = random.uniform(0.5, 1)  # noqa: S311
    return float(min(LONGEST_ASKED_S, error.retry_after_s or 0.0) + pause * jitter)
