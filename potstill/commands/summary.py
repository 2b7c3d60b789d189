"""Say where a run's results are and how they are kept; what `make repro` ends with, so it imports no DVC."""

from pathlib import Path

import click

from potstill.core.options import project_path_option
from potstill.sharing.commits import describe_uncommitted
from potstill.sharing.services import has_remote

PAGE = "index.html"


@click.command()
@project_path_option("reports", "Folder with the report page.")
@project_path_option("export", "Folder with the training set.")
def main(reports: Path, export: Path) -> None:
    """Name the report page, the training set, and what to commit and push."""
    click.echo(f"report page:  {reports / PAGE} (`make report` opens it)")
    click.echo(f"training set: {export}")
    for line in describe_uncommitted():
        click.echo(f"{line}, then `make push`" if has_remote() and "git commit" in line else line)
