"""Stage infer: ask the teacher what nobody has bought yet."""

import asyncio
import sys
from pathlib import Path

import click

from potstill.core.errors import StoppedError
from potstill.core.options import path_option
from potstill.core.params_file import load_params
from potstill.teacher.run import infer

STOPPED_BY_SIGNAL = 130


@click.command()
@path_option("requests", "Folder with what is to be asked.")
@path_option("responses", "Folder for {split}.jsonl.")
@path_option("ledger", "Folder with what others bought and published.")
@path_option("log", "File for what this run asked, found and took.")
def main(requests: Path, responses: Path, ledger: Path, log: Path) -> None:
    """Ask the teacher chosen in params.yaml every request that the journal has no answer to."""
    params = load_params()
    try:
        infer(params, requests, responses, ledger, log)
    except (StoppedError, asyncio.CancelledError, KeyboardInterrupt):
        click.echo("stopped; every answer that came is kept, and `make repro` asks only the rest", err=True)
        sys.exit(STOPPED_BY_SIGNAL)


if __name__ == "__main__":
    main()
