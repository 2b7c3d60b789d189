"""Say what would run again and why, what that would cost, what is missing here, and what is only here."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from dvc.repo import Repo

from stages.errors import InputError, plain_errors
from stages.options import path_option
from stages.params import load_params
from stages.sharing.commands import run_python
from stages.sharing.history import Output, outputs_of_workspace
from stages.sharing.left import tell_left
from stages.sharing.objects import Cache
from stages.sharing.remotes import find_remote
from stages.sharing.repository import opened
from stages.sharing.reruns import list_followers, list_reruns
from stages.sharing.services import NONE_SET
from stages.sharing.words import tell_names


@click.command()
@path_option("source", "Folder with local datasets.")
@path_option("raw", "Folder with questions.")
@path_option("requests", "Folder with what is to be asked.")
@path_option("responses", "Folder with what came back.")
@path_option("ledger", "Folder with what was bought and published.")
@path_option("log", "File that a run of infer would write.")
def main(source: Path, raw: Path, requests: Path, responses: Path, ledger: Path, log: Path) -> None:
    """Say in words where this project stands; changes nothing, and asks the teacher nothing."""
    with plain_errors():
        load_params()
        with opened() as repo:
            outputs = outputs_of_workspace()  # first, since it tells of an unreadable dvc.lock better than DVC
            reruns = list_reruns(repo)
            followers = list_followers(repo, reruns)
            missing = tell_missing(Cache(repo), outputs, ledger)
            left = tell_shared(repo, ledger)
        would_run = [rerun.stage for rerun in reruns] + followers
        for line in [*map(str, reruns), *tell_followers(followers)] or ["nothing would run: all stages are up to date"]:
            click.echo(line)
        if "infer" in would_run:
            try:
                click.echo(tell_cost(would_run, source, raw, requests, responses, ledger, log))
            except InputError as error:
                click.echo(str(error))
        for line in missing + left:
            click.echo(line)


def tell_followers(stages: list[str]) -> list[str]:
    """Name the stages that run only if those before them write something else."""
    return [f"after that, where their inputs change: {', '.join(stages)}"] if stages else []


def tell_missing(cache: Cache, outputs: Iterable[Output], ledger: Path) -> list[str]:
    """Name the outputs that are not in the workspace, and of which DVC's cache lacks something."""
    gone = sorted(output.path for output in cache.lacking(outputs) if not Path(output.path).exists())
    lines = [f"not here: {tell_names(gone)}; `make pull` fetches what others made"] if gone else []
    advice = "; until then `make repro` asks nothing" if str(ledger) in gone else ""
    return [line + advice for line in lines]


def tell_shared(repo: Repo, ledger: Path) -> list[str]:
    """Say what is only here, and why nothing can be said of a remote that is not set or cannot be reached."""
    try:
        remote = find_remote(repo)
        trouble = [] if remote else [NONE_SET]
    except InputError as error:
        remote, trouble = None, [str(error)]
    return [*tell_left(repo, remote, ledger), *trouble] or ["nothing is only here"]


def tell_cost(
    stages: list[str], source: Path, raw: Path, requests: Path, responses: Path, ledger: Path, log: Path
) -> str:
    """Count what `infer` would ask, and what that would cost, with what the stages before it would write."""
    with TemporaryDirectory() as aside:
        if "load" in stages:
            run_stage("load", source=source, raw=(raw := Path(aside, "raw")))
        if "load" in stages or "prepare" in stages:
            run_stage("prepare", raw=raw, requests=(requests := Path(aside, "requests")))
        return run_stage("infer", "--dry-run", requests=requests, responses=responses, ledger=ledger, log=log)


def run_stage(name: str, *options: str, **paths: Path) -> str:
    """Run a stage and return what it printed; its complaint comes as an InputError."""
    named = [word for option, path in paths.items() for word in (f"--{option}", str(path))]
    try:
        return run_python(f"stages.{name}", *named, *options).rstrip("\n")
    except InputError as error:
        raise InputError(f"what it would cost is not known: {error}") from None


if __name__ == "__main__":
    main()
