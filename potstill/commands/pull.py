"""Fetch what others made: the outputs of this commit, the ledger, and its answers into the journal."""

from pathlib import Path

import click

from potstill.core.options import project_path_option
from potstill.sharing.experiments import pull_experiments
from potstill.sharing.history import list_workspace_outputs, select_outputs
from potstill.sharing.ledger_files import check_pointer, drop_damaged, install_segments
from potstill.sharing.objects import Cache, download_outputs
from potstill.sharing.outputs import (
    build_missing_error,
    check_out,
    describe_damaged,
    describe_lost,
    list_chosen_outputs,
    list_declared,
)
from potstill.sharing.remotes import open_remote
from potstill.sharing.repository import open_project
from potstill.sharing.unshared import ALL_SHARED, describe_unshared


@click.command()
@project_path_option("ledger", "Folder for the segments, which DVC tracks.")
@click.option("--all-commits", is_flag=True, help="Fetch the outputs of every branch's and tag's commits as well.")
@click.option("--experiments", is_flag=True, help="Fetch experiments as well, their outputs and their commits.")
@click.option("--force", is_flag=True, help="Overwrite files of outputs that nothing else has a copy of.")
def main(ledger: Path, *, all_commits: bool, experiments: bool, force: bool) -> None:
    """Fetch outputs and the ledger, and import its answers into the journal."""
    with open_project() as repo:
        check_pointer(ledger)
        remote, cache = open_remote(repo), Cache(repo)
        if experiments:
            click.echo(pull_experiments(repo))
        workspace, declared = list_workspace_outputs(), list_declared(repo)
        outputs = list_chosen_outputs(all_commits=all_commits, experiments=experiments)
        ledgers = select_outputs(workspace, ledger)
        drop_damaged(cache, ledgers)
        stats = download_outputs(cache, remote, outputs)
        click.echo(f"{stats} fetched from {remote.url}")
        for line in describe_damaged(cache, remote, outputs, stats.damaged):
            click.echo(line, err=True)
        click.echo(install_segments(cache, ledger, ledgers))
        check_out(repo, [path for path in declared if Path(path) != ledger], force=force)
        lost = cache.find_incomplete(outputs)
        missing = {output for output in lost & workspace.keys() if output.path in declared}
        for line in describe_lost(outputs, lost - missing):
            click.echo(line, err=True)
        if missing:
            raise build_missing_error(missing, ledger)
        unshared = describe_unshared(repo, remote, ledger)
    click.echo("\n".join(unshared or [ALL_SHARED]))
