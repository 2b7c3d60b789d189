"""One run of the teacher: what is asked, what is written, and what is noted of it."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.records import Response, write_json, write_rows
from potstill.teacher.buying import buy_missing
from potstill.teacher.latest_run import Turn
from potstill.teacher.plan import Plan
from potstill.teacher.store.answers import BoughtAnswer
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.ledger import import_ledger, record_uses
from potstill.teacher.store.projects import project_id

STOPPED_BY_SIGNAL = 130
USES_BATCH = 1000
STATUSES = ("answered", "truncated", "filtered", "failed")


@contextmanager
def planned(params: Params, requests: Path, ledger: Path) -> Iterator[tuple[Journal, Plan]]:
    """Open the journal, with what the ledger holds in it, and find out what must be asked."""
    with Journal(journal_path()) as journal:
        import_ledger(journal, ledger)
        with Plan(journal, params.teachers[params.teacher], requests) as plan:
            yield journal, plan


def infer(params: Params, requests: Path, responses: Path, ledger: Path, log: Path) -> None:
    """Ask what is missing, and write the responses and the log; an InputError tells of rows that failed for good."""
    with planned(params, requests, ledger) as (journal, plan):
        came = answer(params, journal, plan, responses, log)
        came.warn_of_mixture(params.teacher)
        check_failures(plan, params.runtime.max_failed_fraction)


def answer(params: Params, journal: Journal, plan: Plan, responses: Path, log: Path) -> "ResponseTally":
    """Write the responses in request order, and the log, also that of a run that is stopped before it has all."""
    started = time.monotonic()
    turn = Turn(log)
    asking: dict[str, object] = {"asked": 0, "retries": 0, "endpoint_host": None}
    came = ResponseTally(journal, project_id(Path.cwd()))
    try:
        if plan.tally.missing:
            buy_missing(params, journal, plan, asking)
            plan.tally.add_bought_elsewhere(int(str(asking["asked"])))
        for split in plan.splits():
            check_turn(turn, responses)
            write_rows(responses / f"{split}.jsonl", came.count(plan.rows(split)))
    except BaseException:
        came = ResponseTally(journal, came.project)
        for split in plan.splits():
            deque(came.count(plan.rows(split)), maxlen=0)
        raise
    finally:
        came.note_uses()
        if not turn.is_over():
            write_json(log, summarise(plan, asking, came, time.monotonic() - started))
    tally = plan.tally
    click.echo(
        f"{tally.requests:,} requests: {asking['asked']:,} asked, {tally.from_journal:,} found in the journal, "
        f"{tally.from_ledger:,} in the ledger; "
        + ", ".join(f"{came.statuses[status]:,} {status}" for status in STATUSES)
    )
    return came


class ResponseTally:
    """Counts the rows of a run as they are written: their status, and which models and endpoints they are from.

    Their answers are noted as used by the project, which publishes what it used.
    """

    def __init__(self, journal: Journal, project: str) -> None:
        """Start with none."""
        self.project = project
        self.statuses: Counter[str] = Counter()
        self.models: set[str] = set()
        self.hosts: set[str] = set()
        self._journal = journal
        self._uses: list[tuple[str, int]] = []

    def count(self, rows: Iterable[tuple[Response, BoughtAnswer | None]]) -> Iterator[Response]:
        """Pass the rows on, counting them."""
        for row, bought in rows:
            self.statuses[row.status] += 1
            self.models |= {row.model} if row.model else set()
            if bought:
                self.hosts.add(bought.endpoint_host)
                self._uses.append((row.key, bought.max_tokens))
            if len(self._uses) >= USES_BATCH:
                self.note_uses()
            yield row

    def note_uses(self) -> None:
        """Note the answers of the rows since the last time as used."""
        record_uses(self._journal, self.project, self._uses)
        self._uses.clear()

    def warn_of_mixture(self, teacher: str) -> None:
        """Say so where the answers are not all of one model at one endpoint."""
        for kind, names in (("models", self.models), ("endpoints", self.hosts)):
            if len(names) > 1:
                told = ", ".join(sorted(names))
                click.echo(f"warning: teacher {teacher}: the answers come from {len(names)} {kind}: {told}", err=True)


def summarise(plan: Plan, asking: dict[str, object], came: ResponseTally, seconds: float) -> dict[str, object]:
    """Count what a run was to ask, found, asked and got; `seconds` is the time of asking and writing."""
    return {
        "requests": plan.tally.requests,
        "distinct": plan.tally.distinct,
        "from_journal": plan.tally.from_journal,
        "from_ledger": plan.tally.from_ledger,
        **asking,
        **{status: came.statuses[status] for status in STATUSES},
        "models_served": sorted(came.models),
        "seconds": round(seconds, 3),
        "requests_per_second": round(int(str(asking["asked"])) / seconds, 3),
    }


def check_turn(turn: Turn, responses: Path) -> None:
    """Leave the writing to a run that began later; what this one bought, that one finds."""
    if turn.is_over():
        raise InputError(
            f"{responses}: another run of this stage was started after this one, so its rows are written there; every "
            "answer that came here is kept"
        )


def check_failures(plan: Plan, max_failed_fraction: float) -> None:
    """Leave the stage red if more rows failed than may; an InputError says how many, and what the last one met."""
    failed, last = plan.failures()
    if failed > max_failed_fraction * plan.tally.requests:
        raise InputError(
            f"{failed} of {plan.tally.requests} requests failed, the last {last}; "
            "the other answers are kept and `make repro` asks only what is missing, or raise "
            f"runtime.max_failed_fraction (now {max_failed_fraction:g}) to go on without"
        )
    if failed:
        click.echo(f"{failed} failed rows pass; `dvc repro --force --single-item infer` asks them again")
