"""Say what would run again and why, what that would cost, what is missing here, and what is only here."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from dvc.repo import Repo

from stages.errors import InputError, plain_errors
from stages.options import path_option
from stages.params import load_params
from stages.sharing.history import outputs_of_workspace
from stages.sharing.left import tell_left
from stages.sharing.objects import Cache
from stages.sharing.remotes import Remote
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
            outputs_of_workspace()  # an unreadable dvc.lock is told by this, and better than by DVC
            reruns = list_reruns(repo)
            followers = list_followers(repo, reruns)
            missing = tell_missing(Cache(repo), ledger)
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


def tell_missing(cache: Cache, ledger: Path) -> list[str]:
    """Name the outputs that are not in the workspace, and of which DVC's cache lacks something."""
    gone = sorted({
        output.path for md5, output in cache.parts_of(outputs_of_workspace()).items()
        if not Path(output.path).exists() and not cache.holds(md5)
    })  # fmt: skip
    lines = [f"not here: {tell_names(gone)}; `make pull` fetches what others made"] if gone else []
    advice = "; until then `make repro` asks nothing" if str(ledger) in gone else ""
    return [line + advice for line in lines]


def tell_shared(repo: Repo, ledger: Path) -> list[str]:
    """Say what is only here, and why nothing can be said of a remote that is not set or cannot be reached."""
    remote, trouble = None, [NONE_SET]
    if repo.config["core"].get("remote"):
        try:
            remote, trouble = Remote(repo), []
            remote.check_readable()
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
    """Run a stage in a process of its own and return what it printed; its complaint comes as an InputError."""
    named = [word for option, path in paths.items() for word in (f"--{option}", str(path))]
    done = subprocess.run(  # noqa: S603 (of this project's words)
        [sys.executable, "-m", f"stages.{name}", *named, *options], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        complaint = done.stderr.strip().splitlines() or ["it failed without a word"]
        raise InputError(f"what it would cost is not known: {complaint[-1].removeprefix('Error: ')}")
    return done.stdout.rstrip("\n")


if __name__ == "__main__":
    main()
