"""A chat model asked through azure-ai-inference."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from aiohttp import ClientConnectorError, ClientHttpProxyError, ClientSession, DummyCookieJar, TCPConnector
from aiohttp.client_exceptions import ConnectionTimeoutError
from azure.ai.inference.aio import ChatCompletionsClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest

from potstill.core.params import Teacher
from potstill.core.records import Message
from potstill.teacher.api.client import request_body
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.http_errors import AnswerReader
from potstill.teacher.api.logins import log_in
from potstill.teacher.api.network import KEEP_ALIVE_S, classify_connection_error, connect_timeout_s, proxy_for
from potstill.teacher.api.replies import Limits, Reply

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

ROUTE = "/chat/completions?api-version=2024-05-01-preview"
SCOPE = "https://cognitiveservices.azure.com/.default"
NOT_CONNECTED = (ClientConnectorError, ClientHttpProxyError, ConnectionTimeoutError)


class AzureClient:
    """A chat model behind azure-ai-inference, one attempt a call.

    Its `complete` would run thirteen policies and build models that are taken apart again: 1.35 ms of CPU a request,
    where `send_request` with none takes 0.38. No policy retries, redirects or logs, so nothing does.
    """

    def __init__(
        self,
        credentials: Credentials,
        teacher: Teacher,
        timeout_s: float,
        identity: "AsyncTokenCredential | None" = None,
    ) -> None:
        """Note whom to ask; nothing is opened yet."""
        self.endpoint_host = urlsplit(credentials.endpoint).hostname or ""
        self._url = credentials.endpoint + ROUTE
        self._credentials = credentials
        self._teacher = teacher
        self._timeout_s = timeout_s
        self._login = log_in(credentials, teacher.scope or SCOPE, identity)
        self._answers = AnswerReader(credentials, self._login)
        self._headers = {"Content-Type": "application/json"}
        if credentials.key is not None:  # some services read a key from here only
            self._headers["api-key"] = credentials.key
        if teacher.extras:
            self._headers["extra-parameters"] = "pass-through"

    @property
    def limits(self) -> Limits:
        """What the server's headers last said of its limits."""
        return self._answers.limits

    @cached_property
    def _client(self) -> ChatCompletionsClient:
        """Open the connections, within the loop that they belong to; the library's own session stops at 100 of them."""
        session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
            cookie_jar=DummyCookieJar(),
            trust_env=False,
            proxy=proxy_for(self._credentials.endpoint),
        )
        return ChatCompletionsClient(
            self._credentials.endpoint,
            AzureKeyCredential("unused"),  # it must be told one, though what is sent is the request's
            policies=[],
            transport=AioHttpTransport(
                session=session,
                use_env_settings=False,
                connection_timeout=connect_timeout_s(self._timeout_s),
                read_timeout=self._timeout_s,
            ),
        )

    async def complete(self, messages: Sequence[Message]) -> Reply:
        """Ask once; raise a FatalError, a RejectedError or a TransientError."""
        # What went wrong is raised after the block, so that it is not shown with the library's error.
        failure: Exception | None = None
        headers = self._headers | {"Authorization": f"Bearer {await self._login.secret()}"}
        request = _SentOnce("POST", self._url, headers=headers, content=request_body(self._teacher, messages))
        try:
            response = await self._client.send_request(request)
        except AzureError as error:
            failure = classify_connection_error(error, NOT_CONNECTED, self._credentials, self._timeout_s)
        if failure is not None:
            raise failure
        return self._answers.read(response.status_code, response.headers, response.content)

    async def close(self) -> None:
        """Give back the connections."""
        await self._login.close()
        if "_client" in vars(self):
            await self._client.close()


class _SentOnce(HttpRequest):
    """A request that the library need not copy before it is sent, since nobody keeps it."""

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return the request itself."""
        return self
