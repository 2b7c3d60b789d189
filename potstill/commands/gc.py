"""Free space in DVC's cache, without losing what nobody else has."""

from pathlib import Path

import click

from potstill.core.options import project_path_option
from potstill.sharing.cleaning import clean_cache
from potstill.sharing.repository import open_project


@click.command()
@project_path_option("ledger", "Folder of the ledger, whose segments of all commits stay.")
@click.option("--experiments", is_flag=True, help="Remove files of experiments as well, where the remote has them.")
@click.option("--unpushed", is_flag=True, help="Remove files that the remote has not and no commit names, too.")
def main(ledger: Path, *, experiments: bool, unpushed: bool) -> None:
    """Free space in DVC's cache of what `make pull` fetches again.

    The workspace's outputs stay, as do the ledger of every commit, what only this machine has, and experiments. With
    `--unpushed`, what neither the remote has nor any commit, experiment or stash names goes as well.
    """
    with open_project() as repo:
        lines = clean_cache(repo, ledger, experiments=experiments, unpushed=unpushed)
    click.echo("\n".join(lines))
