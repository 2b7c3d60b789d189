"""Stage prepare: turn questions into the chat requests that the teacher will be sent."""

from pathlib import Path

import click

from potstill.core.options import path_option
from potstill.core.params import load_params
from potstill.prompting.requests import prepare


@click.command()
@path_option("raw", "Folder with the questions.")
@path_option("requests", "Folder for {split}.jsonl.")
def main(raw: Path, requests: Path) -> None:
    """Put the questions into the words of the prompt chosen in params.yaml."""
    prepare(load_params(), raw, requests)


if __name__ == "__main__":
    main()
