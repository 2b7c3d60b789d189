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
    for split, count in write_requests(load_params(), raw, requests).items():
        click.echo(f"{split}: {count:,} requests" if count else f"{split}: no questions, so it is left out")


if __name__ == "__main__":
    main()
