"""Check params.yaml, before DVC removes the outputs of a stage that would stop at a mistake in it."""

import click

from potstill.core.params_file import load_params


@click.command()
def main() -> None:
    """Check params.yaml; prints nothing if it is right."""
    load_params()
