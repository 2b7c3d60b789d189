"""Requests sent through openai: to OpenAI, to Azure's /openai/v1 or to any server with this API."""

import ssl
from collections.abc import Mapping
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, Omit

from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.network import KEEP_ALIVE_S, connect_timeout_s, proxy_for
from potstill.teacher.api.replies import HttpResponse

ROUTE = "/chat/completions"
# The library would take them from the environment, where they may be meant for another server.
OTHERS_HEADERS = dict.fromkeys(("OpenAI-Organization", "OpenAI-Project"), Omit())


SCOPE = "https://ai.azure.com/.default"
NOT_CONNECTED: tuple[type[Exception], ...] = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)


def open_openai(endpoint: str, timeout_s: float) -> AsyncOpenAI:
    """Return a client with any number of connections, for which no variable but ours and SSL_CERT_FILE decide."""
    timeout = httpx2.Timeout(timeout_s, connect=connect_timeout_s(timeout_s))
    http_client = httpx2.AsyncClient(
        verify=ssl.create_default_context(),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        proxy=proxy_for(endpoint),
        timeout=timeout,
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEEP_ALIVE_S),
        trust_env=False,
    )
    return AsyncOpenAI(
        api_key="unused",  # one is required, but the request's header is what is sent
        base_url=endpoint,
        max_retries=0,
        timeout=timeout,
        http_client=http_client,
    )


class OpenAISender:
    """Sends through `AsyncOpenAI.post`; its own retries are off."""

    scope = SCOPE
    errors: tuple[type[Exception], ...] = (APIConnectionError,)
    not_connected = NOT_CONNECTED

    def __init__(self, credentials: Credentials, timeout_s: float) -> None:
        """Keep the endpoint; open no connection yet."""
        self._endpoint = credentials.endpoint
        self._timeout_s = timeout_s

    @cached_property
    def _client(self) -> AsyncOpenAI:
        """Open the connections."""
        return open_openai(self._endpoint, self._timeout_s)

    async def send(self, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Send a request, and return the response, whatever its status."""
        sent: dict[str, str | Omit] = {**OTHERS_HEADERS, **headers}
        try:
            response = await self._client.post(ROUTE, cast_to=httpx2.Response, content=body, options={"headers": sent})
        except APIStatusError as error:
            response = error.response
        return HttpResponse(response.status_code, response.headers, response.content)

    async def close(self) -> None:
        """Close the connections."""
        if "_client" in vars(self):
            await self._client.close()
