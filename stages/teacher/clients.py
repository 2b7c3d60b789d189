"""The teacher's API behind one small protocol: messages in, a Reply or one of three errors out."""

import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlsplit

from aiohttp import ClientConnectorError, ClientOSError, ServerDisconnectedError
from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletions,
    ChatRequestMessage,
    SystemMessage,
    UserMessage,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import DecodeError, HttpResponseError, ServiceRequestError, ServiceResponseError
from pydantic import ValidationError

from stages.params import Teacher
from stages.records import Message, Usage
from stages.teacher.credentials import Credentials

STOPPING = {
    401: "check {key}",
    403: "check that {key} may use this model",
    404: "check {endpoint} and the teacher's model",
}
TRANSIENT = {408, 409, 425, 429}
SERVER_ERROR = 500
BROKEN_OFF, SUCCESS = 0, 200
SURROGATE = re.compile("[\ud800-\udfff]")
THINKING = re.compile(r"\s*<think>(.*?)(?:</think>\s*|\Z)", re.DOTALL)


ReplyStatus = Literal["answered", "truncated", "filtered"]
MESSAGES: dict[str, Callable[[str], ChatRequestMessage]] = {
    "system": SystemMessage,
    "user": UserMessage,
    "assistant": AssistantMessage,
}
STATUSES: dict[str | None, ReplyStatus] = {"length": "truncated", "content_filter": "filtered"}


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


class Client(Protocol):
    """One teacher at one endpoint."""

    endpoint_host: str

    async def complete(self, messages: Sequence[Message]) -> Reply:
        """Ask once; raise a FatalError, a RejectedError or a TransientError."""

    async def close(self) -> None:
        """Give back the connections."""


class AzureClient:
    """A chat model behind azure-ai-inference, one attempt a call; its own retries are off."""

    def __init__(self, credentials: Credentials, teacher: Teacher, timeout_s: float) -> None:
        """Prepare the connection; nothing is sent yet."""
        self.endpoint_host = urlsplit(credentials.endpoint).hostname or ""
        self._credentials = credentials
        self._teacher = teacher
        self._client = ChatCompletionsClient(
            credentials.endpoint,
            AzureKeyCredential(credentials.key),
            retry_total=0,
            use_env_settings=not _is_loopback(self.endpoint_host),  # no proxy can reach this machine's own loopback
            connection_timeout=timeout_s,
            read_timeout=timeout_s,
        )

    async def complete(self, messages: Sequence[Message]) -> Reply:
        """Ask once, and sort what may go wrong into the three kinds of error."""
        try:
            completion = await self._client.complete(
                messages=[_to_azure(message) for message in messages],
                model=self._teacher.model,
                temperature=self._teacher.temperature,
                top_p=self._teacher.top_p,
                seed=self._teacher.seed,
                max_tokens=self._teacher.max_tokens,
            )
        except HttpResponseError as error:
            return self._sort_status(error)
        except ServiceRequestError as error:
            kind = TransientError if _was_connected(error) else UnreachableError
            raise kind(self._redact(str(error))) from None
        except ServiceResponseError as error:
            raise TransientError(self._redact(str(error))) from None
        except json.JSONDecodeError:
            raise TransientError("the server's answer is no JSON") from None
        return _to_reply(completion)

    def _sort_status(self, error: HttpResponseError) -> Reply:
        """Return a filtered Reply, or raise the error that an HTTP status means."""
        status = error.status_code or 0
        # The library decodes before it looks at the status, so a 401 or 429 without JSON is a DecodeError, too.
        if isinstance(error, DecodeError) and status in (BROKEN_OFF, SUCCESS):
            said = "is no JSON" if status else "broke off"
            raise TransientError(f"the server's answer {said}") from None
        code = error.error.code if error.error else None
        said = f"status {status}: {' '.join(self._redact(error.message or '').split())[:300]}"
        if code == "content_filter":
            return Reply("filtered", None, None, "content_filter", None, None, None)
        if status in STOPPING or code == "unknown_model":
            advice = STOPPING.get(status, STOPPING[404])
            names = {"key": f"{self._credentials.prefix}_KEY", "endpoint": f"{self._credentials.prefix}_ENDPOINT"}
            raise FatalError(f"{self.endpoint_host} answered {said}; {advice.format(**names)}") from None
        if status in TRANSIENT or status >= SERVER_ERROR:
            raise TransientError(said, retry_after_s=_retry_after_s(error), throttled=status == 429) from None  # noqa: PLR2004
        raise RejectedError(said) from None

    def _redact(self, text: str) -> str:
        """Take the key out of what a server or a library said; do it before shortening, which may cut a key in two."""
        return _clean(text).replace(self._credentials.key, "***")

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.close()


def _to_azure(message: Message) -> ChatRequestMessage:
    """Say one message in the library's own types."""
    return MESSAGES[message.role](message.content)


def _is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _was_connected(error: ServiceRequestError) -> bool:
    """Tell a connection that broke before the first byte came back from one that was never made."""
    cause = error.inner_exception
    return isinstance(cause, ServerDisconnectedError | ClientOSError) and not isinstance(cause, ClientConnectorError)


def _to_reply(completion: ChatCompletions) -> Reply:
    """Read the first choice; a body without one, or of another shape, is a failed attempt."""
    try:
        if not completion.get("choices"):
            raise TransientError("the server's answer holds no choices")
        return _read_choice(completion)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise TransientError("the server's answer is no chat completion") from None


def _read_choice(completion: ChatCompletions) -> Reply:
    """Read the first choice; a body of another shape raises whatever the library stumbles over."""
    choice = completion.choices[0]
    finish_reason = (
        None if choice.finish_reason is None else str(getattr(choice.finish_reason, "value", choice.finish_reason))
    )
    content, thoughts = _split_thinking(_clean(choice.message.content or ""))
    logprobs = (choice.get("logprobs") or {}).get("content")
    return Reply(
        status=STATUSES.get(finish_reason, "answered"),
        content=content,
        reasoning=_clean(choice.message.get("reasoning_content") or "") or thoughts,
        finish_reason=finish_reason,
        model=completion.get("model"),
        usage=_to_usage(completion.get("usage") or {}),
        logprobs=logprobs and json.loads(_clean(json.dumps(logprobs, ensure_ascii=False))),
    )


def _to_usage(counted: Mapping[str, object]) -> Usage | None:
    """Read how many tokens were counted; an answer that was bought is kept even where they are not."""
    try:
        return Usage.model_validate({name: counted.get(name) for name in Usage.model_fields})
    except ValidationError:
        return None


def _split_thinking(text: str) -> tuple[str, str | None]:
    """Part a reasoning model's <think> text, which may have been cut off, from its answer."""
    thinking = THINKING.match(text)
    return (text, None) if thinking is None else (text[thinking.end() :], thinking[1].strip())


def _clean(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 file can hold."""
    return SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _retry_after_s(error: HttpResponseError) -> float | None:
    """Read how many seconds the server asks to wait, from retry-after-ms or a numeric Retry-After."""
    headers = getattr(error.response, "headers", {})
    for name, unit_s in (("retry-after-ms", 0.001), ("Retry-After", 1.0)):
        try:
            asked_s = float(headers[name]) * unit_s
        except (KeyError, ValueError):
            continue
        if math.isfinite(asked_s) and asked_s >= 0:
            return asked_s
    return None
