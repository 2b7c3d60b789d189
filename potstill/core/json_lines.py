"""JSON Lines of any form."""

from collections.abc import Iterator
from pathlib import Path

import jsonlines

from potstill.core.errors import InputError


def read_objects(path: Path, *, skip_empty: bool = False) -> Iterator[dict[str, object]]:
    """Yield the JSON object of each line; an InputError names the file, the line and what stands there instead."""
    with path.open("rb") as file, jsonlines.Reader(file) as lines:
        try:
            yield from lines.iter(type=dict, skip_empty=skip_empty)
        except jsonlines.InvalidLineError as error:
            raise InputError(f"{path}: line {error.lineno}: expected a JSON object, got {error.line[:80]!r}") from None
