"""List the batches that were submitted, or cancel one."""

import click

from potstill.core.params_file import load_params
from potstill.teacher.batching.listing import cancel, describe_all, forget


@click.command()
@click.option("--cancel", "cancelled", default="", help="The id of a batch to cancel.")
@click.option("--forget", "forgotten", default="", help="The id of a batch to give up, without a call.")
def main(cancelled: str, forgotten: str) -> None:
    """List batches with state, age, counts and cost, or cancel one."""
    params = load_params()
    if cancelled:
        click.echo(cancel(params, cancelled))
    elif forgotten:
        click.echo(forget(forgotten))
    else:
        for line in describe_all(params):
            click.echo(line)
