"""List the batches that were submitted, or cancel one."""

import click

from potstill.core.params_file import load_params
from potstill.teacher.batching.listing import cancel, describe_all


@click.command()
@click.option("--cancel", "identity", default="", help="The id of a batch to cancel.")
def main(identity: str) -> None:
    """List batches with state, age, counts and cost, or cancel one."""
    params = load_params()
    if identity:
        click.echo(cancel(params, identity))
        return
    for line in describe_all(params):
        click.echo(line)
