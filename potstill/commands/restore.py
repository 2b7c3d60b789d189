"""Go back to the last committed run."""

from pathlib import Path

import click

from potstill.core.options import project_path_option
from potstill.sharing.repository import open_project
from potstill.sharing.restoring import restore_files, restore_outputs


@click.command()
@project_path_option("ledger", "Folder with what was bought and published, which stays as it is.")
def main(ledger: Path) -> None:
    """Go back to the last committed run: its params, metrics and outputs.

    What was changed in params.yaml goes to git's stash. Outputs are overwritten, also where a file of them was changed
    by hand; answers that were bought since stay in the journal.
    """
    with open_project() as repo:
        lines = restore_files() + restore_outputs(repo, ledger)
    click.echo("\n".join(lines))
