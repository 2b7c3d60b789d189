"""The runs of a student: untrained, and for each seed a trained one and a control."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from potstill.core.errors import InputError

UNTRAINED = "untrained"
Arm = Literal["untrained", "trained", "control"]
NAME = re.compile(r"(trained|control)-(\d+)")


@dataclass(frozen=True)
class Run:
    """One student: before training, after it, or after the same training on shuffled labels; seed 0 if untrained."""

    arm: Arm
    seed: int = 0

    def __str__(self) -> str:
        """Return its name, which its outputs have, too."""
        return self.arm if self.arm == UNTRAINED else f"{self.arm}-{self.seed}"


def parse_run(name: str) -> Run:
    """Return the run of a name; raise InputError if it is none."""
    if name == UNTRAINED:
        return Run("untrained")
    if not (found := NAME.fullmatch(name)):
        raise InputError(f"--run: expected untrained, trained-SEED or control-SEED, got {name!r}")
    return Run("trained" if found[1] == "trained" else "control", int(found[2]))


run_option = click.option(
    "--run", required=True, callback=lambda _context, _option, name: parse_run(name),
    help="untrained, trained-SEED or control-SEED.",
)  # fmt: skip


def list_runs(seeds: list[int]) -> list[Run]:
    """Return all runs, the untrained one first."""
    return [Run("untrained"), *(Run(arm, seed) for arm in ("trained", "control") for seed in seeds)]


def check_folder(folder: Path, holds: str) -> None:
    """Raise InputError if a folder of an earlier stage is not there."""
    if not folder.is_dir():
        raise InputError(f"{folder}: expected {holds}, found none; run `make student`")
