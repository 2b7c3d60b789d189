"""Let DVC run the stages that an edit concerns.

In this process, so that `python -m potstill check repro summary` starts Python once: a run that has nothing to do takes
hardly longer than that.
"""

import sys

import click


@click.command()
def main() -> None:
    """Run the stages that an edit concerns, as `dvc repro` does."""
    from dvc.cli import main as run_dvc  # noqa: PLC0415 (checks come before it, and it takes long to import)

    if code := run_dvc(["repro"]):
        sys.exit(code)
