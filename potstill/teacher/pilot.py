"""Asking a few of the missing requests, to learn what the others will take."""

import random
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from potstill.core.params import Params
from potstill.core.records import Request, read_rows, split_files, write_rows
from potstill.teacher.buying import buy_missing
from potstill.teacher.plan import open_plan
from potstill.teacher.summary import RunSummary

SEED = 0


def ask_pilot(params: Params, requests: Path, ledger: Path, size: int) -> None:
    """Ask so many of the missing requests, drawn from all of them, as a run would: directly, whatever runtime.batch is.

    Drawn at random, since rotations and replicates come at even distances.
    """
    direct = params.model_copy(update={"runtime": params.runtime.model_copy(update={"batch": False})})
    with TemporaryDirectory() as folder:
        write_sample(params, requests, ledger, size, Path(folder))
        with open_plan(direct, Path(folder), ledger) as plan:
            summary = RunSummary(plan.counts)
            try:
                if plan.counts.missing:
                    buy_missing(direct, plan, summary)
            finally:
                summary.add_rows(plan)
            click.echo(f"pilot: {summary.describe()}")
            failed, last = plan.failures()
            if failed:
                click.echo(f"{failed} failed, the last {last}", err=True)


def write_sample(params: Params, requests: Path, ledger: Path, size: int, folder: Path) -> None:
    """Write rows of a random sample of the requests to ask; of all of them, if these are not more."""
    with open_plan(params, requests, ledger) as plan:
        free = list(plan.free_keys())
        chosen = random.Random(SEED).sample(free, min(size, len(free)))  # noqa: S311 (no secret)
        rows: dict[str, set[str]] = defaultdict(set)
        for split, identity in plan.find_rows(chosen):
            rows[split].add(identity)
    for file in split_files(requests):
        write_rows(folder / file.name, (row for row in read_rows(file, Request) if row.id in rows[file.stem]))
