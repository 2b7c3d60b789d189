"""Command-line options for paths, which dvc.yaml alone knows."""

import shlex
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from potstill.core.errors import InputError

PIPELINE_FILE = Path("dvc.yaml")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def path_option(name: str, meaning: str) -> Decorator:
    """Return the decorator for a stage's required option --NAME, a file or folder that it gets as a Path."""
    return click.option(f"--{name}", required=True, type=click.Path(path_type=Path), help=meaning)


def project_path_option(name: str, meaning: str) -> Decorator:
    """Return the decorator for a command's option --NAME; left out, it is what dvc.yaml gives a stage as --NAME."""
    return click.option(
        f"--{name}",
        type=click.Path(path_type=Path),
        default=lambda: find_path(name),
        help=meaning,
        show_default="dvc.yaml",
    )


def find_path(name: str) -> Path:
    """Return what dvc.yaml gives a stage as --NAME; raise InputError if it cannot be read or names none."""
    try:
        stages = YAML(typ="safe").load(PIPELINE_FILE.read_text(encoding="utf-8"))["stages"]
        words = [word for stage in stages.values() for word in _split_command(stage.get("cmd", ""))]
        return Path(words[words.index(f"--{name}") + 1])
    except FileNotFoundError:
        raise InputError(f"{PIPELINE_FILE}: not found in {Path.cwd()}; run from the project's folder") from None
    except (YAMLError, LookupError, TypeError, ValueError, AttributeError):
        raise InputError(f"{PIPELINE_FILE}: expected a stage with the option --{name}, found none; mend it") from None


def _split_command(command: str | list[str]) -> list[str]:
    """Return the words of a stage's command or commands; none if no shell could read them."""
    with suppress(ValueError):
        return shlex.split(command if isinstance(command, str) else "\n".join(command))
    return []
