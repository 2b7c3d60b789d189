"""What one call brings: a Reply, or one of the errors that say whether to ask again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from potstill.core.records import Usage

ReplyStatus = Literal["answered", "truncated", "filtered"]


@dataclass(frozen=True)
class Reply:
    """What the teacher said to one request."""

    status: ReplyStatus
    content: str | None
    reasoning: str | None
    finish_reason: str | None
    model: str | None
    usage: Usage | None
    logprobs: list[dict[str, object]] | None


@dataclass(frozen=True)
class Limits:
    """What a server's headers say of its limits, per minute; None where they say nothing."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True)
class HttpResponse:
    """What a server sent, whichever library received it; header names are found in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes
