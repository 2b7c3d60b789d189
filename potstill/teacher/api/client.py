"""The teacher's API behind one small protocol: messages in, a Reply or one of three errors out."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from potstill.core.params import Teacher
from potstill.core.records import Message
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.replies import Limits, Reply

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


class Client(Protocol):
    """One teacher at one endpoint."""

    endpoint_host: str

    @property
    def limits(self) -> Limits:
        """What the server's headers last said of its limits."""

    async def complete(self, messages: Sequence[Message]) -> Reply:
        """Ask once; raise a FatalError, a RejectedError or a TransientError."""

    async def close(self) -> None:
        """Give back the connections."""


def connect(
    teacher: Teacher,
    credentials: Credentials,
    timeout_s: float,
    identity: "AsyncTokenCredential | None" = None,
) -> Client:
    """Return the client of a teacher's provider; it opens its connections at the first call.

    An `identity` gives tokens where the credentials hold no key; without one the login of this machine is used.
    """
    # Each library takes long to import, and a run needs one of them at most.
    if teacher.provider == "openai":
        from potstill.teacher.api.openai import OpenAIClient  # noqa: PLC0415

        return OpenAIClient(credentials, teacher, timeout_s, identity)
    from potstill.teacher.api.azure import AzureClient  # noqa: PLC0415

    return AzureClient(credentials, teacher, timeout_s, identity)


def request_body(teacher: Teacher, messages: Sequence[Message]) -> bytes:
    """Return the body of a request, the same for each client: what params.yaml sets, and no more."""
    options = {
        "model": teacher.model,
        "temperature": teacher.temperature,
        "top_p": teacher.top_p,
        "seed": teacher.seed,
        # A model that takes the one limit refuses the other.
        "max_tokens": None if "max_completion_tokens" in teacher.extras else teacher.max_tokens,
    }
    body = {
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        **{name: value for name, value in options.items() if value is not None},
        **teacher.extras,
    }
    return json.dumps(body).encode()
