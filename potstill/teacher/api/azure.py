"""Requests sent through azure-ai-inference."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from aiohttp import ClientConnectorError, ClientHttpProxyError, ClientSession, DummyCookieJar, TCPConnector
from aiohttp.client_exceptions import ConnectionTimeoutError
from azure.ai.inference.aio import ChatCompletionsClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import HttpRequest

from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.network import KEEP_ALIVE_S, connect_timeout_s, proxy_for
from potstill.teacher.api.replies import HttpResponse

ROUTE = "/chat/completions?api-version=2024-05-01-preview"


class AzureSender:
    """Sends through `ChatCompletionsClient.send_request`.

    The library's `complete` would run thirteen policies and build models that are taken apart again: 1.35 ms of CPU a
    request, where `send_request` with none takes 0.38. No policy retries, redirects or logs, so nothing does.
    """

    scope = "https://cognitiveservices.azure.com/.default"
    errors: type[Exception] = AzureError
    not_connected: tuple[type[Exception], ...] = (ClientConnectorError, ClientHttpProxyError, ConnectionTimeoutError)

    def __init__(self, credentials: Credentials, timeout_s: float, *, pass_extras: bool) -> None:
        """Keep the endpoint; open no connection yet. `pass_extras` has it take options that it does not know."""
        self._endpoint = credentials.endpoint
        self._timeout_s = timeout_s
        self._headers = {"extra-parameters": "pass-through"} if pass_extras else {}
        if credentials.key is not None:  # some services read a key from here only
            self._headers["api-key"] = credentials.key

    @cached_property
    def _client(self) -> ChatCompletionsClient:
        """Open the connections, within the loop that they belong to; the library's own session stops at 100 of them."""
        session = ClientSession(
            connector=TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
            cookie_jar=DummyCookieJar(),
            trust_env=False,
            proxy=proxy_for(self._endpoint),
        )
        return ChatCompletionsClient(
            self._endpoint,
            AzureKeyCredential("unused"),  # one is required, but the request's header is what is sent
            policies=[],
            transport=AioHttpTransport(
                session=session,
                use_env_settings=False,
                connection_timeout=connect_timeout_s(self._timeout_s),
                read_timeout=self._timeout_s,
            ),
        )

    async def send(self, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Send a request, and return the response, whatever its status."""
        request = _SentOnce("POST", self._endpoint + ROUTE, headers={**headers, **self._headers}, content=body)
        response = await self._client.send_request(request)
        return HttpResponse(response.status_code, response.headers, response.content)

    async def close(self) -> None:
        """Close the connections."""
        if "_client" in vars(self):
            await self._client.close()


class _SentOnce(HttpRequest):
    """A request that the library need not copy before it is sent, since nobody keeps it."""

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return the request itself."""
        return self
