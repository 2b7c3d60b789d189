"""Asking what nobody has bought yet, and keeping what comes, until all is answered or the user stops it."""

import asyncio
import signal
import time
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import click

from potstill.core.environment import ASKING, NEVER, may_ask
from potstill.core.errors import FatalError, InputError, StoppedError
from potstill.core.params import Params, Teacher
from potstill.teacher.api.bundled import serve
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials, read_credentials
from potstill.teacher.api.replies import Reply
from potstill.teacher.asking import Asker, Bounds, Failure
from potstill.teacher.budget import Budget
from potstill.teacher.pace import Pace
from potstill.teacher.plan import Plan
from potstill.teacher.progress import Progress
from potstill.teacher.store.claims import CLAIM_S, Claims
from potstill.teacher.store.journal import Journal

FLUSH_S = 0.1
ELSEWHERE_POLL_S = 0.25
ELSEWHERE_REST = 10  # times as long as it took to look, so that many requests keep no core busy


def buy_missing(params: Params, journal: Journal, plan: Plan, asking: dict[str, object]) -> None:
    """Ask what is missing, journalling each answer as it arrives.

    `asking` takes how many were asked, the retries and the endpoint's host. An InputError says why no further call can
    succeed.
    """
    teacher, tally = params.teachers[params.teacher], plan.tally
    if not may_ask():
        raise InputError(
            f"{ASKING}={NEVER}: {tally.missing:,} requests have no answer in the journal or the ledger, and the "
            "teacher may not be asked; run `make pull`, or unset it"
        )
    with connection(teacher) as credentials:
        progress = Progress(params.teacher, tally.missing, tally.distinct - tally.missing)
        try:
            asyncio.run(ask_until_done(params, credentials, journal, plan, progress, asking))
        except FatalError as error:
            kept = progress.counts["asked"]
            raise InputError(f"{error}; {kept} answers are kept and will not be asked again") from None
        finally:
            progress.close()
            asking["asked"] = progress.counts["asked"] + progress.counts["failed"]


async def ask_until_done(
    params: Params,
    credentials: Credentials,
    journal: Journal,
    plan: Plan,
    progress: Progress,
    asking: dict[str, object],
) -> None:
    """Ask until every request has an answer or has failed, here or in another run that claimed it first."""
    teacher, runtime = params.teachers[params.teacher], params.runtime
    client = connect(teacher, credentials, runtime.timeout_s)
    asking["endpoint_host"] = client.endpoint_host
    budget = Budget(params.teacher, teacher, runtime.budget_usd)

    def record(key: str, outcome: Reply | Failure) -> None:
        if isinstance(outcome, Reply):
            journal.record(key, teacher.max_tokens, outcome, client.endpoint_host)
        else:
            plan.note_failure(key, outcome.message)
        usage = outcome.usage if isinstance(outcome, Reply) else None
        tokens = usage.prompt_tokens + usage.completion_tokens if usage else 0
        progress.add(failed=isinstance(outcome, Failure), tokens=tokens, cost_usd=budget.known_cost_usd)

    # The bundled teacher has one slot: a queue before it would only wear down the time limit of each attempt.
    concurrency = 1 if teacher.provider == "local" else runtime.concurrency
    bounds = Bounds(concurrency, runtime.timeout_s, runtime.max_attempts, runtime.max_failures_in_a_row)
    asker = Asker(client, Pace(runtime.requests_per_minute, runtime.tokens_per_minute), budget, bounds)
    works = (flush_often(journal), renew_often(plan.claims), progress.report_often())
    upkeep = [asyncio.create_task(stop_on_error(work, asker)) for work in works]
    stop_on_signals(asker)
    try:
        await asker.ask_all(plan.claim_missing(), record)
        while not asker.stopped.is_set():
            started = time.monotonic()
            if not plan.is_open():
                break
            looked_s = time.monotonic() - started
            await asyncio.sleep(max(ELSEWHERE_POLL_S, ELSEWHERE_REST * looked_s))
            await asker.ask_all(plan.claim_missing(elsewhere=True), record)
    finally:
        asking["retries"] = asker.retries
        for task in upkeep:
            task.cancel()
        ended = await asyncio.gather(*upkeep, return_exceptions=True)
        await client.close()
    for error in ended:
        if isinstance(error, InputError):
            raise error
    if asker.stopped.is_set():
        raise StoppedError


async def stop_on_error(work: Coroutine[Any, Any, None], asker: Asker) -> None:
    """Let a journal that can no longer be written end the run as a signal would, after the calls in flight."""
    try:
        await work
    except InputError:
        asker.stopped.set()
        raise


def stop_on_signals(asker: Asker) -> None:
    """Let Ctrl-C and SIGTERM end the run after what is in flight; a second one ends it at once."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def stop() -> None:
        if not asker.stopped.is_set():
            asker.stopped.set()
            click.echo("stopping when the calls in flight have ended; a second signal stops at once", err=True)
        elif task:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


async def flush_often(journal: Journal) -> None:
    """Bring what was written to the disk, off the loop, so that a power cut costs no more than the last moment."""
    while True:
        await asyncio.sleep(FLUSH_S)
        await asyncio.to_thread(journal.flush)


async def renew_often(claims: Claims) -> None:
    """Keep this run's claims from expiring."""
    while True:
        await asyncio.sleep(CLAIM_S / 4)
        claims.renew()


def connection(teacher: Teacher) -> AbstractContextManager[Credentials]:
    """Give the endpoint and key of a teacher, starting the bundled one where it is the one chosen."""
    return serve(teacher.model) if teacher.provider == "local" else nullcontext(read_credentials(teacher.credentials))
