"""Set the remote storage, make the place for it where that is possible, and check that it can be written and read."""

import click

from potstill.sharing.remote_setup import set_remote
from potstill.sharing.repository import open_project


@click.command()
@click.option("--url", default="", help="azure://container/path, s3://, gs://, ssh:// or a folder; none: as it is set.")
def main(url: str) -> None:
    """Set DVC's default remote, and check it with one small object."""
    with open_project() as repo:
        lines = set_remote(repo, url.strip())
    click.echo("\n".join(lines))
