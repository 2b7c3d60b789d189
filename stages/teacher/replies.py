"""What one call comes back with: a Reply, or one of the errors that say whether to ask again."""

from dataclasses import dataclass
from typing import Literal

from stages.records import Usage

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


class FatalError(Exception):
    """No call can succeed before somebody changes something; the message says what."""


class RejectedError(Exception):
    """The teacher will not take this one request; asking again is no use."""


class TransientError(Exception):
    """This attempt failed; another may succeed."""

    def __init__(self, message: str, *, retry_after_s: float | None = None, throttled: bool = False) -> None:
        """Keep how long the server asked to wait (seconds), and whether it was too many requests (429)."""
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.throttled = throttled


class UnreachableError(TransientError):
    """The server could not even be connected to."""
