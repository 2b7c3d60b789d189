"""Share what was bought: write it to the ledger, and give it to DVC."""

from pathlib import Path

import click

from potstill.core.options import project_path_option
from potstill.sharing.publishing import push_ledger, track_ledger, write_segment
from potstill.sharing.repository import open_project


@click.command()
@project_path_option("ledger", "Folder for the segments, which DVC tracks.")
def main(ledger: Path) -> None:
    """Write bought answers to the ledger, track it with DVC, and push it.

    Only answers that this project used and nobody published are written. Without a remote nothing is pushed.
    """
    with open_project() as repo:
        written = write_segment(ledger)
        track_ledger(repo, ledger)
        click.echo(f"{written}; {push_ledger(repo, ledger)}")
