"""Check what DVC would stop at late: it removes the outputs of a stage before it runs it."""

import click

from potstill.core.params_file import load_params
from potstill.sharing.processes import check_git_repository


@click.command()
def main() -> None:
    """Check params.yaml and git; prints nothing if both are right."""
    load_params()
    check_git_repository()
