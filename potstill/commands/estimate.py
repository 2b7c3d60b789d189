"""Say what a run would ask, and what that would cost."""

import asyncio
import sys
from pathlib import Path

import click

from potstill.core.errors import InputError, StoppedError
from potstill.core.options import project_path_option
from potstill.core.params_file import load_params
from potstill.teacher.estimate import describe_estimate

STOPPED_BY_SIGNAL = 130


@click.command()
@project_path_option("requests", "Folder with what is to be asked.")
@project_path_option("ledger", "Folder with what others bought and published.")
@click.option("--pilot", default="", help="How many of the missing requests to ask first; left out: none.")
def main(requests: Path, ledger: Path, pilot: str) -> None:
    """Count the requests to ask, their tokens and cost; ask none, or a pilot.

    A pilot's answers are kept, and what the others will take is reckoned by them.
    """
    params, size = load_params(), parse_pilot(pilot)
    if size:
        from potstill.teacher.pilot import ask_pilot  # noqa: PLC0415 (the clients, half a second)

        try:
            ask_pilot(params, requests, ledger, size)
        except (StoppedError, asyncio.CancelledError, KeyboardInterrupt):
            click.echo("stopped; every answer that came is kept", err=True)
            sys.exit(STOPPED_BY_SIGNAL)
    click.echo(describe_estimate(params, requests, ledger))


def parse_pilot(text: str) -> int:
    """Return how many requests a pilot asks, 0 where there is none; raise InputError if it is no number from 1 up."""
    if text and (not text.isdecimal() or int(text) < 1):
        raise InputError(f"PILOT: expected how many requests to ask, 1 or more, got {text!r}")
    return int(text or 0)
