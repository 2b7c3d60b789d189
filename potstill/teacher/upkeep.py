"""What goes on beside the asking of a run: signals, writing to the disk, claims and progress."""

import asyncio
import signal
from collections.abc import Coroutine
from itertools import count
from typing import Any

import click

from potstill.core.errors import StoppedError
from potstill.teacher.loop import Stoppable, stop_on_error
from potstill.teacher.plan import Plan
from potstill.teacher.progress import Progress
from potstill.teacher.store.claims import CLAIM_S, Claims
from potstill.teacher.store.journal import Journal

FLUSH_S = 0.1
LOOK_S = 1


async def run_with_upkeep(asking: Stoppable, work: Coroutine[Any, Any, None], plan: Plan, progress: Progress) -> None:
    """Do the work of a run, which an error in it or beside it, or a signal, ends early; `asking.error` is that then."""
    stop_on_signals(asking)
    async with asyncio.TaskGroup() as group:
        works = (flush_often(plan.journal), renew_often(plan.claims), report_often(progress, asking))
        upkeep = [group.create_task(stop_on_error(asking, each)) for each in works]
        await asyncio.sleep(0)  # which starts them, also where there turns out to be nothing to do
        await stop_on_error(asking, work)
        for task in upkeep:
            task.cancel()


def stop_on_signals(asking: Stoppable) -> None:
    """Let Ctrl-C and SIGTERM end the run after what is in flight; a second one ends it at once."""
    task, loop, signals = asyncio.current_task(), asyncio.get_running_loop(), count(1)

    def stop() -> None:
        if next(signals) == 1:
            asking.stop(StoppedError())
            click.echo("stopping when the calls in flight have ended; a second signal stops at once", err=True)
        elif task:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


async def flush_often(journal: Journal) -> None:
    """Write answers to the disk, off the loop, so that a power cut costs no more than the last moment."""
    while True:
        await asyncio.sleep(FLUSH_S)
        await asyncio.to_thread(journal.flush)


async def renew_often(claims: Claims, interval_s: float = CLAIM_S / 4) -> None:
    """Keep this run's claims from expiring."""
    while True:
        await asyncio.sleep(interval_s)
        claims.renew()


async def report_often(progress: Progress, asking: Stoppable) -> None:
    """Show how far the run is, also while nothing comes."""
    while True:
        await asyncio.sleep(LOOK_S)
        progress.show(asking.lost_at)
