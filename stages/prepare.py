"""Stage prepare: turn questions into the chat requests that the teacher will be sent."""

from pathlib import Path

import click

from potstill.core.options import path_option
from potstill.core.params_file import load_params
from potstill.prompting.requests import write_requests


@click.command()
@path_option("raw", "Folder with the questions.")
@path_option("requests", "Folder for {split}.jsonl.")
def main(raw: Path, requests: Path) -> None:
    """Put the questions into the words of the prompt chosen in params.yaml."""
    params = load_params()
    written = write_requests(params, raw, requests)
    for split, count in written.counts.items():
        click.echo(f"{split}: {count:,} requests" if count else f"{split}: no questions, so it is left out")
    rotations, most = params.prepare.rotations, written.most_choices
    if isinstance(rotations, int) and rotations > most:
        click.echo(f"note: prepare.rotations is {rotations}, but no question has more than {most} choices to rotate")


if __name__ == "__main__":
    main()
