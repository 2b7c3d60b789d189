"""Give everything that others need to the remote: the ledger, the outputs, and experiments where they are asked for."""

from pathlib import Path

import click

from potstill.core.options import project_path_option
from potstill.sharing.experiments import push_experiments
from potstill.sharing.history import list_workspace_outputs
from potstill.sharing.objects import Cache, upload
from potstill.sharing.outputs import describe_lost, find_lost, list_chosen_outputs
from potstill.sharing.publishing import track_ledger, write_segment
from potstill.sharing.remotes import open_remote
from potstill.sharing.repository import open_project
from potstill.sharing.unshared import ALL_SHARED, describe_unshared


@click.command()
@project_path_option("ledger", "Folder with the segments, which DVC tracks.")
@click.option("--all-commits", is_flag=True, help="Push the outputs of every branch's and tag's commits as well.")
@click.option("--experiments", is_flag=True, help="Push experiments as well, their outputs and their commits.")
def main(ledger: Path, *, all_commits: bool, experiments: bool) -> None:
    """Publish the ledger, push outputs, and name what is still only here."""
    with open_project() as repo:
        list_workspace_outputs()  # nothing is written while dvc.lock cannot be read
        remote, cache = open_remote(repo), Cache(repo)
        click.echo(write_segment(ledger))
        track_ledger(repo, ledger)
        outputs = list_chosen_outputs(all_commits=all_commits, experiments=experiments)
        click.echo(f"{upload(cache, remote, cache.map_objects(outputs))} pushed to {remote.url}")
        for line in describe_lost(outputs, find_lost(cache, remote, outputs)):
            click.echo(line, err=True)
        if experiments:
            click.echo(push_experiments(repo))
        unshared = describe_unshared(repo, remote, ledger)
    click.echo("\n".join(unshared or [ALL_SHARED]))
