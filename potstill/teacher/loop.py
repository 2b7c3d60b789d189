"""The event loop that calls are made in, and how an error in a part of a run ends it."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
# Each call leaves some hundred objects that are soon gone; to look for circles among them after every 700 takes 5
# to 25 % of a call in aiohttp, and after so many it is lost among the rest, for a few MB.
COLLECT_AFTER = 50_000


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run the work to its end, in uvloop where there is one; what was imported before is left to no collector."""
    threshold = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *threshold[1:])
    try:
        with asyncio.Runner(loop_factory=_choose_loop()) as runner:
            return runner.run(work)
    finally:
        gc.set_threshold(*threshold)
        gc.unfreeze()


class Stoppable(Protocol):
    """A run that ends early because of an error; `lost_at` is since when (monotonic) no server can be reached."""

    error: Exception | None

    @property
    def lost_at(self) -> float | None:
        """Return it, None while a server can be reached."""

    def stop(self, error: Exception) -> None:
        """End the run because of the error, after what is in flight."""


async def stop_on_error(asking: Stoppable, work: Coroutine[Any, Any, None]) -> None:
    """Do a part of a run's work; an error in it ends the whole run."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 (whatever it is, calls in flight are to end well)
        asking.stop(error)


def _choose_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes a loop; None for Python's own."""
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 (which is not for Windows)

    return uvloop.new_event_loop
