"""One run of the teacher: ask what is missing, write the responses, and log what was done."""

from pathlib import Path
from time import monotonic

import click

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.records import write_json, write_rows
from potstill.teacher.buying import buy_missing
from potstill.teacher.latest_run import LatestRun
from potstill.teacher.plan import Plan, open_plan
from potstill.teacher.summary import RunSummary


def infer(params: Params, requests: Path, responses: Path, ledger: Path, log: Path) -> None:
    """Ask what is missing, and write the responses and the log.

    Raise InputError if more rows failed than may, or no call can succeed, StoppedError if the user stops the run.
    """
    with open_plan(params, requests, ledger) as plan:
        summary = RunSummary(plan.counts)
        answer(params, plan, summary, responses, log)
        click.echo(summary.describe())
        endpoints = len(params.teachers[params.teacher].credentials)
        for mixture in summary.describe_mixtures(endpoints):
            click.echo(f"warning: teacher {params.teacher}: {mixture}", err=True)
        check_failures(plan, params.runtime.max_failed_fraction)


def answer(params: Params, plan: Plan, summary: RunSummary, responses: Path, log: Path) -> None:
    """Write the responses in request order, and the log, also that of a run that is stopped before it has all."""
    started = monotonic()
    this_run = LatestRun(log)
    try:
        if plan.counts.missing:
            buy_missing(params, plan, summary)
        for split in plan.splits():
            check_latest(this_run, responses)
            write_rows(responses / f"{split}.jsonl", plan.responses(split))
    finally:
        seconds = monotonic() - started
        summary.add_rows(plan)
        if this_run.is_latest():
            write_json(log, summary.to_log(seconds))


def check_latest(this_run: LatestRun, responses: Path) -> None:
    """Raise InputError if another run began later: it writes the rows, and finds what this one bought."""
    if not this_run.is_latest():
        raise InputError(
            f"{responses}: another run of this stage was started after this one, so its rows are written there; every "
            "answer that came here is kept"
        )


def check_failures(plan: Plan, max_failed_fraction: float) -> None:
    """Raise InputError if more rows failed than may; it names how many, and what the last one met."""
    failed, last = plan.failures()
    if failed > max_failed_fraction * plan.counts.requests:
        raise InputError(
            f"{failed} of {plan.counts.requests} requests failed, the last {last}; "
            "the other answers are kept; run this again, which asks only what is missing, or raise "
            f"runtime.max_failed_fraction (now {max_failed_fraction:g}) to go on without"
        )
    if failed:
        click.echo(f"{failed} failed rows pass; `dvc repro --force --single-item infer` asks them again")
