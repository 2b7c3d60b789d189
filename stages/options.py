"""The stages' command-line options: paths, which dvc.yaml alone knows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def path_option(name: str, meaning: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a required option --NAME for a file or folder, which the command gets as a Path."""
    return click.option(f"--{name}", required=True, type=click.Path(path_type=Path), help=meaning)
