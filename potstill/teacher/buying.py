"""Asking what nobody has bought yet, and keeping what comes, until all is answered or the user stops it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from time import monotonic, time
from urllib.parse import urlsplit

import click

from potstill.core.catalogues import Teacher
from potstill.core.environment import ASKING, NEVER, may_ask
from potstill.core.errors import FatalError, InputError, StoppedError
from potstill.core.params import Params
from potstill.teacher.api.bundled import serve
from potstill.teacher.api.client import Caller, connect
from potstill.teacher.api.credentials import Credentials, read_credentials
from potstill.teacher.api.replies import Reply
from potstill.teacher.asking import Asker, Bounds, Failure
from potstill.teacher.budget import Budget
from potstill.teacher.endpoints import Endpoint
from potstill.teacher.loop import run
from potstill.teacher.pace import Pace
from potstill.teacher.plan import Plan
from potstill.teacher.progress import Progress
from potstill.teacher.refusals import describe_fatal_error
from potstill.teacher.store.answers import BoughtAnswer
from potstill.teacher.summary import RunSummary
from potstill.teacher.upkeep import run_with_upkeep

MOST_TOGETHER = 16
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
    in_batches = params.runtime.batch and teacher.provider != "local"
    with connection(teacher) as credentials, closing(Progress(params.teacher, plan.counts)) as progress:
        summary.endpoint_host = ", ".join(dict.fromkeys(urlsplit(each.endpoint).hostname or "" for each in credentials))
        try:
            while plan.count_open():  # what one way leaves without an answer, the other asks
                if in_batches:
                    run(ask_in_batches(params, credentials, plan, progress, submitting=True))
                if plan.count_open() > sum(plan.count_in_batches().values()):
                    with engine(params, credentials) as open_clients:
                        run(ask_until_done(params, open_clients, plan, progress, summary))
                if plan.count_in_batches():
                    run(ask_in_batches(params, credentials, plan, progress, submitting=False))
        except FatalError as error:
            kept = f"; {progress.answered:,} answers are kept and will not be asked again" if progress.answered else ""
            raise InputError(f"{describe_fatal_error(error, params)}{kept}") from None
        finally:
            summary.asked = progress.answered + progress.failed
    plan.counts.from_journal += plan.counts.missing - summary.asked  # what another run bought meanwhile


async def ask_in_batches(
    params: Params, credentials: Sequence[Credentials], plan: Plan, progress: Progress, *, submitting: bool
) -> None:
    """Follow the batches that requests of the plan are in, and submit others where that is wanted."""
    from potstill.teacher.batching.run import BatchRun  # noqa: PLC0415 (openai takes a second to import)

    budget = Budget(params, batch=True, spent_usd=progress.cost_usd or 0.0)
    batches = BatchRun(params, plan, credentials, budget, progress)
    try:
        await run_with_upkeep(batches, batches.run(submitting=submitting), plan, progress)
    finally:
        await batches.close()
    if isinstance(batches.error, StoppedError) and (left := batches.describe_open()):
        click.echo(left, err=True)
    if batches.error:
        raise batches.error


async def ask_until_done(
    params: Params, open_clients: Callable[[], Sequence[Caller]], plan: Plan, progress: Progress, summary: RunSummary
) -> None:
    """Ask until every request has an answer or has failed, here or in another run that claimed it first."""
    teacher, runtime = params.teachers[params.teacher], params.runtime
    budget = Budget(params, spent_usd=progress.cost_usd or 0.0, committed=plan.sum_committed())
    clients = open_clients()
    recorder = AnswerRecorder(plan, teacher.max_tokens, budget, progress)
    # The bundled teacher has one slot: a queue before it would only wear down the time limit of each attempt.
    concurrency = 1 if teacher.provider == "local" else runtime.concurrency
    bounds = Bounds(concurrency, runtime.timeout_s, runtime.max_attempts, runtime.max_failures_in_a_row)
    paces = [Pace(runtime.requests_per_minute, runtime.tokens_per_minute) for _ in clients]
    asker = Asker([*map(Endpoint, clients, paces)], budget, bounds, recorder.record)
    recorder.stop = asker.stop
    try:
        await run_with_upkeep(asker, ask_here_or_elsewhere(asker, plan), plan, progress)
    finally:
        recorder.keep_or_stop()
        summary.retries = asker.retries
        await asyncio.gather(*(client.close() for client in clients))
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
    budget: Budget
    progress: Progress
    stop: Callable[[Exception], None] = field(init=False)  # the run, because of an error
    _arrived: list[BoughtAnswer] = field(default_factory=list)

    def record(self, key: str, outcome: Reply | Failure, endpoint_host: str) -> None:
        """Keep and count what became of a request, in this turn of the loop."""
        if isinstance(outcome, Failure):
            self.plan.note_failure(key, outcome.message)
            self.progress.add_failure(self.budget.known_cost_usd)
            return
        if not self._arrived:
            asyncio.get_running_loop().call_soon(self.keep_or_stop)
        self._arrived.append(BoughtAnswer(key, self.max_tokens, outcome, endpoint_host, time()))
        if len(self._arrived) == MOST_TOGETHER:  # more are there only after a write that failed
            self.keep()

    def keep(self) -> None:
        """Write what has arrived to the journal, and count it."""
        if not self._arrived:
            return
        self.plan.journal.record_all(self._arrived)  # if it cannot, they are tried again as the run ends
        arrived, self._arrived = self._arrived, []
        for answer in arrived:
            self.progress.add_answer(answer.reply.usage, self.budget.known_cost_usd)

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


@contextmanager
def connection(teacher: Teacher) -> Iterator[list[Credentials]]:
    """Yield a teacher's endpoints and keys, with a local one started for the block where it is the one chosen."""
    if teacher.provider == "local":
        with serve(teacher) as credentials:
            yield [credentials]
    else:
        yield [read_credentials(prefix) for prefix in teacher.credentials]


def engine(
    params: Params, credentials: Sequence[Credentials]
) -> AbstractContextManager[Callable[[], Sequence[Caller]]]:
    """Return what opens a client for each endpoint: of this process, or one whose attempts a Ray cluster makes.

    The bundled teacher, which takes one call at a time from this machine, is asked from here in any case.
    """
    teacher, runtime = params.teachers[params.teacher], params.runtime
    if runtime.engine == "local" or teacher.provider == "local":
        return nullcontext(lambda: [connect(teacher, each, runtime.timeout_s) for each in credentials])
    try:
        from potstill.teacher.cluster.connection import open_cluster  # noqa: PLC0415 (an extra, which takes seconds)
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise InputError(
            "runtime.engine: ray is not installed; run `make setup EXTRAS=ray`, or set runtime.engine to local"
        ) from None
    return open_cluster(teacher, credentials, runtime)
