"""Say what would run again and why, what that would cost, what is missing here, and what is only here."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.core.params import load_params
from potstill.sharing.formatting import format_names
from potstill.sharing.history import Output, outputs_of_workspace
from potstill.sharing.objects import Cache
from potstill.sharing.processes import run_python
from potstill.sharing.remotes import find_remote
from potstill.sharing.repository import open_project
from potstill.sharing.reruns import list_followers, list_reruns
from potstill.sharing.services import NONE_SET
from potstill.sharing.unshared import describe_unshared
from potstill.teacher.estimate import describe_estimate


@click.command()
@project_path_option("source", "Folder with local datasets.")
@project_path_option("raw", "Folder with questions.")
@project_path_option("requests", "Folder with what is to be asked.")
@project_path_option("ledger", "Folder with what was bought and published.")
def main(source: Path, raw: Path, requests: Path, ledger: Path) -> None:
    """Say in words where this project stands; changes nothing, and asks the teacher nothing."""
    load_params()
    with open_project() as repo:
        outputs = outputs_of_workspace()  # first, since it tells of an unreadable dvc.lock better than DVC
        reruns = list_reruns(repo)
        followers = list_followers(repo, reruns)
        missing = describe_missing(Cache(repo), outputs, ledger)
        left = describe_sharing(repo, ledger)
    would_run = [rerun.stage for rerun in reruns] + followers
    for line in [*map(str, reruns), *describe_followers(followers)] or ["nothing would run: all stages are up to date"]:
        click.echo(line)
    if "infer" in would_run:
        try:
            click.echo(describe_cost(would_run, source, raw, requests, ledger))
        except InputError as error:
            click.echo(str(error))
    for line in missing + left:
        click.echo(line)


def describe_followers(stages: list[str]) -> list[str]:
    """Name the stages that run only if those before them write something else."""
    return [f"after that, where their inputs change: {', '.join(stages)}"] if stages else []


def describe_missing(cache: Cache, outputs: Iterable[Output], ledger: Path) -> list[str]:
    """Name the outputs that are not in the workspace, and of which DVC's cache lacks something."""
    gone = sorted(output.path for output in cache.find_incomplete(outputs) if not Path(output.path).exists())
    lines = [f"not here: {format_names(gone)}; `make pull` fetches what others made"] if gone else []
    advice = "; until then `make repro` asks nothing" if str(ledger) in gone else ""
    return [line + advice for line in lines]


def describe_sharing(repo: Repo, ledger: Path) -> list[str]:
    """Say what is only here, and why nothing can be said of a remote that is not set or cannot be reached."""
    try:
        remote = find_remote(repo)
        trouble = [] if remote else [NONE_SET]
    except InputError as error:
        remote, trouble = None, [str(error)]
    return [*describe_unshared(repo, remote, ledger), *trouble] or ["nothing is only here"]


def describe_cost(stages: list[str], source: Path, raw: Path, requests: Path, ledger: Path) -> str:
    """Count what `infer` would ask, and what that would cost, with what the stages before it would write."""
    params = load_params()
    with TemporaryDirectory() as aside:
        if "load" in stages:
            run_stage("load", source=source, raw=(raw := Path(aside, "raw")))
        if "load" in stages or "prepare" in stages:
            run_stage("prepare", raw=raw, requests=(requests := Path(aside, "requests")))
        return describe_estimate(params, requests, ledger)


def run_stage(name: str, **paths: Path) -> str:
    """Run a stage and return what it printed; its complaint comes as an InputError."""
    named = [word for option, path in paths.items() for word in (f"--{option}", str(path))]
    try:
        return run_python(f"stages.{name}", *named).rstrip("\n")
    except InputError as error:
        raise InputError(f"what it would cost is not known: {error}") from None
