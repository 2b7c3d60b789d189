"""Say what a run would ask, and what that would cost."""

from pathlib import Path

import click

from potstill.core.options import project_path_option
from potstill.core.params_file import load_params
from potstill.teacher.estimate import describe_estimate


@click.command()
@project_path_option("requests", "Folder with what is to be asked.")
@project_path_option("ledger", "Folder with what others bought and published.")
def main(requests: Path, ledger: Path) -> None:
    """Count the requests to ask, their tokens and US dollars; ask nothing."""
    click.echo(describe_estimate(load_params(), requests, ledger))
