"""Run pairs of a prompt and a teacher as DVC experiments, with one estimate and one budget for all of them."""

import asyncio
import json
import sys
from contextlib import closing
from pathlib import Path

import click

from potstill.core.environment import load_env_file
from potstill.core.errors import InputError, StoppedError
from potstill.core.options import project_path_option
from potstill.core.params_file import load_params
from potstill.experiments.combinations import list_combinations
from potstill.experiments.copies import read_workspace
from potstill.experiments.costs import check_prices, describe_costs, describe_shares, estimate_variants, share_budget
from potstill.experiments.lines import VariantLines
from potstill.experiments.runs import VariantRuns
from potstill.sharing.processes import check_git_repository, run_python
from potstill.sharing.repository import open_project

STOPPED_BY_SIGNAL = 130
METRICS = "metrics.json"


@click.command()
@click.option("--prompts", default="", help="Prompts of params.yaml, with commas between.")
@click.option("--teachers", default="", help="Likewise teachers; left out: the chosen one.")
@click.option("--jobs", default="1", help="How many to run at once: 1 or more.")
@project_path_option("raw", "Folder with questions.")
@project_path_option("ledger", "Folder with what was bought and published.")
@project_path_option("reports", "Folder with the metrics.")
def main(prompts: str, teachers: str, jobs: str, raw: Path, ledger: Path, reports: Path) -> None:
    """Run each pair of a prompt and a teacher as a DVC experiment.

    It is named PROMPT, or PROMPT-TEACHER where teachers are given, and replaces an older one of the name. What all of
    them would ask is estimated first, and together they spend no more than runtime.budget_usd.
    """
    params, at_once = load_params(), parse_jobs(jobs)
    variants = list_combinations(params, prompts, teachers)
    check_prices(params, variants)
    check_git_repository()
    load_env_file()
    with open_project() as repo:
        read_workspace(repo)  # before anything runs, since without a commit there is no experiment
    run_python("dvc", "repro", "--quiet", "load")
    costs = estimate_variants(params, variants, raw, ledger)
    click.echo("\n".join(describe_costs(costs)))
    shares = share_budget(costs, params.runtime.budget_usd)
    for line in describe_shares(shares):
        click.echo(line)
    with open_project() as repo:
        workspace = read_workspace(repo)
    with closing(VariantLines([variant.name for variant in variants])) as lines:
        runs = VariantRuns(workspace, shares, reports / METRICS, lines)
        try:
            asyncio.run(runs.run(variants, at_once))
        except StoppedError:
            lines.close()
            click.echo("stopped; every answer that came is kept, and the same command asks only the rest", err=True)
            sys.exit(STOPPED_BY_SIGNAL)
    report(runs)


def parse_jobs(text: str) -> int:
    """Return how many variants run at once; raise InputError if it is no number from 1 up."""
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"JOBS: expected how many variants to run at once, 1 or more, got {text!r}")
    return int(text)


def report(runs: VariantRuns) -> None:
    """Print the accuracy of each variant and the way on; raise InputError if one failed, with what it met."""
    for name in filter(runs.done.get, runs.shares):  # in the order that they were asked for
        click.echo(f"{name}: accuracy {describe_accuracy(runs.done[name])}")
    if runs.done:
        click.echo("compare them: `make compare`")
    if runs.failed:
        reasons = "; ".join(f"{name}: {error}" for name, error in runs.failed.items())
        raise InputError(f"{len(runs.failed)} of {len(runs.done) + len(runs.failed)} variants failed: {reasons}")


def describe_accuracy(metrics: str) -> str:
    """Return each split's accuracy as the metrics file has it."""
    splits = {split: numbers for split, numbers in json.loads(metrics).items() if isinstance(numbers, dict)}
    known = ((split, numbers.get("accuracy")) for split, numbers in splits.items())
    texts = [f"{'unknown' if share is None else f'{share:.1%}'} of {split}" for split, share in known]
    return ", ".join(texts).replace("%", " %")
