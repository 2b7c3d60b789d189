"""The input file of a batch: a line for each request, within what the service takes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from potstill.core.records import Chat
from potstill.core.tokens import CHARACTERS_PER_TOKEN
from potstill.teacher.api.batch_service import ROUTE
from potstill.teacher.api.client import build_body
from potstill.teacher.api.options import RequestOptions


@dataclass(frozen=True)
class BatchLimits:
    """What one batch may hold: requests, bytes of its file, and tokens of its prompts, None where that is not known.

    They are OpenAI's; Azure takes more requests.
    """

    tokens: float | None = None
    requests: int = 50_000
    size: int = 200_000_000


@dataclass
class BatchInput:
    """What a file holds: the keys of its requests, its bytes, and about how many tokens its prompts have."""

    keys: list[str] = field(default_factory=list)
    size: int = 0
    tokens: float = 0


def build_line(key: str, body: bytes) -> bytes:
    """Return the line of a request, which the key names in the answers."""
    return b'{"custom_id": "%s", "method": "POST", "url": "%s", "body": %s}\n' % (key.encode(), ROUTE.encode(), body)


def write_lines(
    path: Path,
    requests: Iterator[tuple[str, Chat]],
    options: RequestOptions,
    limits: BatchLimits,
    reserve: Callable[[str, Chat], bool],
) -> BatchInput:
    """Write requests, each (key, chat), until one goes beyond the limits or is not to be had for the budget.

    A first request is taken whatever its tokens. `reserve` says whether there is money for one, and sets it aside.
    """
    written = BatchInput()
    with path.open("wb") as file:
        for key, chat in requests:
            line = build_line(key, build_body(options, chat))
            tokens = sum(len(message.content) for message in chat.messages) / CHARACTERS_PER_TOKEN
            full = len(written.keys) == limits.requests or written.size + len(line) > limits.size
            too_many = limits.tokens is not None and written.tokens + tokens > limits.tokens
            if full or (too_many and written.keys) or not reserve(key, chat):
                break
            file.write(line)
            written.keys.append(key)
            written.size += len(line)
            written.tokens += tokens
    return written
