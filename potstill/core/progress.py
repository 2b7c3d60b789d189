"""A progress bar for whoever waits at a terminal."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 2
BLOCK = 1 << 20  # bytes


def show_progress(rows: Iterable[T], name: str, total: int | None = None, unit: str = "row") -> Iterator[T]:
    """Yield the rows, and draw a bar on stderr once they take longer than PATIENCE_S, if stderr is a terminal."""
    from tqdm import tqdm  # noqa: PLC0415 (most stages are done before they need it)

    yield from tqdm(rows, name, total, unit=unit, delay=PATIENCE_S, disable=None, leave=False, dynamic_ncols=True)


def count_lines(path: Path) -> int | None:
    """Return how many lines a file has, for a bar; None where none would be drawn."""
    if not sys.stderr.isatty():
        return None
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))
