"""How far each variant is: a line each that stays in its place on a terminal, one for each change elsewhere."""

import re
import sys
from collections.abc import Sequence
from shutil import get_terminal_size
from typing import Any

import click
from tqdm import tqdm

STAGE = re.compile(r"Running stage '([^']+)'")
ROWS = re.compile(r"\S+: ([\d,]+ of [\d,]+ rows, .*)")
ASKED = re.compile(r"[\d,]+ requests(, [\d,]+ distinct)?: [\d,]+ asked")


class VariantLines:
    """Shows the state of each variant behind its name."""

    def __init__(self, names: Sequence[str]) -> None:
        """Begin with a line each on a terminal, with none elsewhere."""
        self._shown = dict.fromkeys(names, "")
        self._width = max(map(len, names))
        self._bars: dict[str, tqdm[Any]] = {}
        if sys.stderr.isatty():
            for position, name in enumerate(names):
                self._bars[name] = tqdm(position=position, bar_format="{desc}", dynamic_ncols=True)
                self._bars[name].set_description_str(f"{name:{self._width}}  waits")

    def show(self, name: str, state: str) -> None:
        """Show a variant's state if it is another one; those of a stage that asks come every ten seconds."""
        if state == self._shown[name]:
            return
        self._shown[name] = state
        if name in self._bars:
            line = f"{name:{self._width}}  {state}"
            self._bars[name].set_description_str(line[: get_terminal_size().columns - 1])  # a longer one would wrap
        else:
            click.echo(f"{name}: {state}", err=True)

    def close(self) -> None:
        """Leave the lines as they are."""
        for bar in self._bars.values():
            bar.close()


def read_state(line: str) -> str | None:
    """Return what a line of a run's output says about how far it is; None for a line that says nothing of it."""
    if stage := STAGE.match(line):
        return f"stage {stage[1]}"
    if rows := ROWS.match(line):
        return rows[1]
    return line if ASKED.match(line) else None
