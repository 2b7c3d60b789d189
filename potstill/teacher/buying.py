"""Asking what nobody has bought yet, and keeping what comes, until all is answered or the user stops it."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from time import monotonic, time

import click

from potstill.core.catalogues import Teacher
from potstill.core.environment import ASKING, NEVER, may_ask, read_budget_share
from potstill.core.errors import FatalError, InputError, StoppedError
from potstill.core.params import Params
from potstill.teacher.api.bundled import serve
from potstill.teacher.api.client import Caller, connect
from potstill.teacher.api.credentials import Credentials, read_credentials
from potstill.teacher.api.replies import Reply
from potstill.teacher.asking import Asker, Bounds, Failure
from potstill.teacher.budget import Budget
from potstill.teacher.loop import run
from potstill.teacher.pace import Pace
from potstill.teacher.plan import Plan
from potstill.teacher.progress import Progress
from potstill.teacher.refusals import describe_fatal_error
from potstill.teacher.store.answers import BoughtAnswer
from potstill.teacher.store.claims import CLAIM_S, Claims
from potstill.teacher.store.journal import Journal
from potstill.teacher.summary import RunSummary

MOST_TOGETHER = 16
FLUSH_S = 0.1
LOOK_S = 1
ELSEWHERE_POLL_S = 0.25
ELSEWHERE_REST = 10  # times as long as it took to look, so that many requests keep no core busy


def buy_missing(params: Params, plan: Plan, summary: RunSummary) -> None:
    """Ask what is missing, journal each answer as it arrives, and count in the summary, also where the run fails.

    Raise InputError if no further call can succeed, StoppedError if the user stops the run.
    """
    if not may_ask():
        raise InputError(
            f"{ASKING}={NEVER}: {plan.counts.missing:,} requests have no answer in the journal or the ledger, and the "
            "teacher may not be asked; run `make pull`, or unset it"
        )
    teacher = params.teachers[params.teacher]
    with (
        connection(teacher) as credentials,
        engine(params, credentials) as open_client,
        closing(Progress(params.teacher, plan.counts)) as progress,
    ):
        try:
            run(ask_until_done(params, open_client, plan, progress, summary))
        except FatalError as error:
            kept = f"; {progress.answered:,} answers are kept and will not be asked again" if progress.answered else ""
            raise InputError(f"{describe_fatal_error(error, params)}{kept}") from None
        finally:
            summary.asked = progress.answered + progress.failed
    plan.counts.from_journal += plan.counts.missing - summary.asked  # what another run bought meanwhile


async def ask_until_done(
    params: Params, open_client: Callable[[], Caller], plan: Plan, progress: Progress, summary: RunSummary
) -> None:
    """Ask until every request has an answer or has failed, here or in another run that claimed it first."""
    teacher, runtime = params.teachers[params.teacher], params.runtime
    share = read_budget_share()
    budget = Budget(params.teacher, teacher, runtime.budget_usd if share is None else share)
    client = open_client()
    summary.endpoint_host = client.endpoint_host
    recorder = AnswerRecorder(plan, teacher.max_tokens, client.endpoint_host, budget, progress)
    # The bundled teacher has one slot: a queue before it would only wear down the time limit of each attempt.
    concurrency = 1 if teacher.provider == "local" else runtime.concurrency
    bounds = Bounds(concurrency, runtime.timeout_s, runtime.max_attempts, runtime.max_failures_in_a_row)
    pace = Pace(runtime.requests_per_minute, runtime.tokens_per_minute)
    asker = Asker(client, pace, budget, bounds, recorder.record)
    recorder.stop = asker.stop
    stop_on_signals(asker)
    try:
        async with asyncio.TaskGroup() as group:
            works = (flush_often(plan.journal), renew_often(plan.claims), report_often(progress, asker))
            upkeep = [group.create_task(asker.stop_on_error(work)) for work in works]
            await asker.stop_on_error(ask_here_or_elsewhere(asker, plan))
            for task in upkeep:
                task.cancel()
    finally:
        recorder.keep_or_stop()
        summary.retries = asker.retries
        await client.close()
    if asker.error:
        raise asker.error


@dataclass
class AnswerRecorder:
    """Keeps each answer in the journal and each failure in the plan, and counts them in the progress.

    What arrives in one turn of the loop is written together, MOST_TOGETHER answers at most: more than these a process
    that is killed cannot lose of what it had read.
    """

    plan: Plan
    max_tokens: int
    endpoint_host: str
    budget: Budget
    progress: Progress
    stop: Callable[[Exception], None] = field(init=False)  # the run, because of an error
    _arrived: list[BoughtAnswer] = field(default_factory=list)

    def record(self, key: str, outcome: Reply | Failure) -> None:
        """Keep and count what became of a request, in this turn of the loop."""
        if isinstance(outcome, Failure):
            self.plan.note_failure(key, outcome.message)
            self.progress.add(outcome, self.budget.known_cost_usd)
            return
        if not self._arrived:
            asyncio.get_running_loop().call_soon(self.keep_or_stop)
        self._arrived.append(BoughtAnswer(key, self.max_tokens, outcome, self.endpoint_host, time()))
        if len(self._arrived) == MOST_TOGETHER:  # more are there only after a write that failed
            self.keep()

    def keep(self) -> None:
        """Write what has arrived to the journal, and count it."""
        if not self._arrived:
            return
        self.plan.journal.record_all(self._arrived)  # if it cannot, they are tried again as the run ends
        arrived, self._arrived = self._arrived, []
        for answer in arrived:
            self.progress.add(answer.reply, self.budget.known_cost_usd)

    def keep_or_stop(self) -> None:
        """Write what has arrived; an error in it ends the run."""
        try:
            self.keep()
        except Exception as error:  # noqa: BLE001 (whatever it is, calls in flight are to end well)
            self.stop(error)


async def ask_here_or_elsewhere(asker: Asker, plan: Plan) -> None:
    """Ask what nobody else asks, and wait for what others ask, or take it over from those that end without it."""
    while True:
        await asker.ask_all(plan.claim_missing())
        started = monotonic()
        if asker.error or not plan.is_asked_elsewhere():
            return
        await asyncio.sleep(max(ELSEWHERE_POLL_S, ELSEWHERE_REST * (monotonic() - started)))


def stop_on_signals(asker: Asker) -> None:
    """Let Ctrl-C and SIGTERM end the run after what is in flight; a second one ends it at once."""
    task, loop, signals = asyncio.current_task(), asyncio.get_running_loop(), count(1)

    def stop() -> None:
        if next(signals) == 1:
            asker.stop(StoppedError())
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


async def report_often(progress: Progress, asker: Asker) -> None:
    """Show how far the run is, also while nothing comes."""
    while True:
        await asyncio.sleep(LOOK_S)
        progress.show(asker.lost_at)


def connection(teacher: Teacher) -> AbstractContextManager[Credentials]:
    """Return the endpoint and key of a teacher for a block, with the bundled one started where it is the one chosen."""
    return serve(teacher.model) if teacher.provider == "local" else nullcontext(read_credentials(teacher.credentials))


def engine(params: Params, credentials: Credentials) -> AbstractContextManager[Callable[[], Caller]]:
    """Return what opens the client for a block: one of this process, or one whose attempts a Ray cluster makes.

    The bundled teacher, which takes one call at a time from this machine, is asked from here in any case.
    """
    teacher, runtime = params.teachers[params.teacher], params.runtime
    if runtime.engine == "local" or teacher.provider == "local":
        return nullcontext(partial(connect, teacher, credentials, runtime.timeout_s))
    try:
        from potstill.teacher.cluster.connection import open_cluster  # noqa: PLC0415 (an extra, which takes seconds)
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise InputError(
            "runtime.engine: ray is not installed; run `make setup EXTRAS=ray`, or set runtime.engine to local"
        ) from None
    return open_cluster(teacher, credentials, runtime)
