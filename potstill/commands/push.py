"""Give everything that others need to the remote: the ledger, the outputs, and experiments where they are asked for."""

from pathlib import Path

import click
from dvc.repo import Repo

from potstill.commands.publish import track, write_segment
from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.sharing.history import COMMITS, EXPERIMENTS, Commit, Output, outputs_of_history, outputs_of_workspace
from potstill.sharing.objects import Cache, push
from potstill.sharing.processes import git_remote
from potstill.sharing.remotes import Remote
from potstill.sharing.repository import open_project
from potstill.sharing.storage_errors import first_line
from potstill.sharing.unshared import describe_lost, describe_unshared, list_lost
from potstill.teacher.store.ledger import list_segments


@click.command()
@project_path_option("ledger", "Folder with the segments, which DVC tracks.")
@click.option("--all-commits", is_flag=True, help="Push the outputs of every branch's and tag's commits as well.")
@click.option("--experiments", is_flag=True, help="Push experiments as well, their outputs and their commits.")
def main(ledger: Path, *, all_commits: bool, experiments: bool) -> None:
    """Publish the ledger, push outputs, and say how much moved and what is still only here."""
    with open_project() as repo:
        outputs_of_workspace()  # nothing is written while dvc.lock cannot be read
        remote = Remote(repo)
        remote.check_readable()
        click.echo(write_segment(ledger))
        if list_segments(ledger):
            track(repo, ledger)
        push_outputs(Cache(repo), remote, chosen_outputs(all_commits=all_commits, experiments=experiments))
        if experiments:
            click.echo(push_experiments(repo))
        left = describe_unshared(repo, remote, ledger)
    for line in left or ["nothing is only here"]:
        click.echo(line)


def chosen_outputs(*, all_commits: bool, experiments: bool) -> dict[Output, Commit]:
    """Return the outputs of the workspace, and of commits and experiments where asked for, each with who named it."""
    history = outputs_of_history("HEAD", *COMMITS) if all_commits else {}
    variants = outputs_of_history(*EXPERIMENTS) if experiments else {}
    return outputs_of_workspace() | variants | history


def push_outputs(cache: Cache, remote: Remote, outputs: dict[Output, Commit]) -> None:
    """Push them, and say what moved, and which of them are neither here nor there."""
    click.echo(f"{push(cache, remote, cache.parts_of(outputs))} pushed to {remote.url}")
    for line in describe_lost(outputs, list_lost(cache, remote, outputs)):
        click.echo(line, err=True)


def push_experiments(repo: Repo) -> str:
    """Push the commits of all experiments to git's remote, and say how many went."""
    upstream = experiments_remote()
    try:
        pushed = repo.experiments.push(upstream, all_commits=True, push_cache=False)
    except Exception as error:  # noqa: BLE001 (git's libraries have errors of their own)
        raise InputError(f"experiments: git's remote {upstream} did not take them: {first_line(error)}") from None
    refused = len(pushed.get("diverged", ()))
    note = f" (refused, since others are there under their names: {refused})" if refused else ""
    return f"experiments pushed to git's remote {upstream}: {len(pushed.get('success', ()))}{note}"


def experiments_remote() -> str:
    """Return the git remote that experiments are shared through; an InputError if there is none."""
    upstream = git_remote()
    if upstream is None:
        raise InputError("git: expected a remote to share experiments through, found none; `git remote add origin URL`")
    return upstream
