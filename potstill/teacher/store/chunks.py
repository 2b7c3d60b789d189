"""Many rows in lists that take little memory, as itertools.batched does from Python 3.12 on."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def chunked(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the rows in lists of `size`, the last one shorter."""
    rest = iter(rows)
    while chunk := list(islice(rest, size)):
        yield chunk
