"""The teacher's API behind one small protocol: messages in, a Reply or one of three errors out."""

import ipaddress
import json
import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import (
    ClientConnectorError,
    ClientOSError,
    ClientSession,
    DummyCookieJar,
    ServerDisconnectedError,
    TCPConnector,
)
from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.models import AssistantMessage, ChatRequestMessage, SystemMessage, UserMessage
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import DecodeError, HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import AioHttpTransport

from stages.params import Teacher
from stages.records import Message
from stages.teacher.completions import clean, read_completion
from stages.teacher.credentials import Credentials
from stages.teacher.replies import FatalError, RejectedError, Reply, TransientError, UnreachableError

STOPPING = {
    401: "check {key}",
    403: "check that {key} may use this model",
    404: "check {endpoint} and the teacher's model",
    **dict.fromkeys(
        (301, 302, 303, 307, 308), "check {endpoint}: a redirect is not followed, since the key would go with it"
    ),
}
CONNECT_TIMEOUT_S = 10
KEEP_ALIVE_S = 60
TRANSIENT = {408, 409, 425, 429}
SERVER_ERROR = 500
BROKEN_OFF, SUCCESS = 0, 200


MESSAGES: dict[str, Callable[[str], ChatRequestMessage]] = {
    "system": SystemMessage,
    "user": UserMessage,
    "assistant": AssistantMessage,
}


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
        """Note whom to ask; nothing is opened yet."""
        self.endpoint_host = urlsplit(credentials.endpoint).hostname or ""
        self._credentials = credentials
        self._teacher = teacher
        self._timeout_s = timeout_s

    @cached_property
    def _client(self) -> ChatCompletionsClient:
        """Open the connections, within the loop that they belong to; the library's own session stops at 100 of them."""
        session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S), cookie_jar=DummyCookieJar()
        )
        return ChatCompletionsClient(
            self._credentials.endpoint,
            AzureKeyCredential(self._credentials.key),
            transport=AioHttpTransport(session=session, use_env_settings=False),
            proxies=_proxies(self.endpoint_host),
            retry_total=0,
            permit_redirects=False,
            connection_timeout=min(CONNECT_TIMEOUT_S, self._timeout_s),
            read_timeout=self._timeout_s,
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
        try:
            body = completion.as_dict()
        except (AttributeError, KeyError, TypeError, ValueError):
            raise TransientError("the server's answer is no chat completion") from None
        return read_completion(body)

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
        return clean(text).replace(self._credentials.key, "***")

    async def close(self) -> None:
        """Give back the connections."""
        if "_client" in vars(self):
            await self._client.close()


def _to_azure(message: Message) -> ChatRequestMessage:
    """Say one message in the library's own types."""
    return MESSAGES[message.role](message.content)


def _proxies(host: str) -> dict[str, str]:
    """Return the environment's proxies for a host by scheme; none can reach this machine's own loopback."""
    if _is_loopback(host) or proxy_bypass(host):
        return {}
    return {scheme: proxy for scheme, proxy in getproxies().items() if scheme in ("http", "https")}


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
