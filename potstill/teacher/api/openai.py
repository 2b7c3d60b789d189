"""A chat model asked through openai, at OpenAI, at Azure's /openai/v1 or at any server with this API."""

import ssl
from collections.abc import Sequence
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, Omit

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

ROUTE = "/chat/completions"
SCOPE = "https://ai.azure.com/.default"
# The library would take them from the environment, where they may be meant for another server.
OTHERS_HEADERS = dict.fromkeys(("OpenAI-Organization", "OpenAI-Project"), Omit())
NOT_CONNECTED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)


class OpenAIClient:
    """A chat model behind openai's client, one attempt a call; its own retries are off."""

    def __init__(
        self,
        credentials: Credentials,
        teacher: Teacher,
        timeout_s: float,
        identity: "AsyncTokenCredential | None" = None,
    ) -> None:
        """Note whom to ask; nothing is opened yet."""
        self.endpoint_host = urlsplit(credentials.endpoint).hostname or ""
        self._credentials = credentials
        self._teacher = teacher
        self._timeout_s = timeout_s
        self._login = log_in(credentials, teacher.scope or SCOPE, identity)
        self._answers = AnswerReader(credentials, self._login)

    @property
    def limits(self) -> Limits:
        """What the server's headers last said of its limits."""
        return self._answers.limits

    @cached_property
    def _client(self) -> AsyncOpenAI:
        """Open the connections, as many as are asked for, and let no variable but ours and SSL_CERT_FILE decide."""
        timeout = httpx2.Timeout(self._timeout_s, connect=connect_timeout_s(self._timeout_s))
        http_client = httpx2.AsyncClient(
            verify=ssl.create_default_context(),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            proxy=proxy_for(self._credentials.endpoint),
            timeout=timeout,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEEP_ALIVE_S),
            trust_env=False,
        )
        return AsyncOpenAI(
            api_key="unused",  # it must be told one, though what is sent is the request's
            base_url=self._credentials.endpoint,
            max_retries=0,
            timeout=timeout,
            http_client=http_client,
        )

    async def complete(self, messages: Sequence[Message]) -> Reply:
        """Ask once; raise a FatalError, a RejectedError or a TransientError."""
        # What went wrong is raised after the block: an error raised within it would be shown with the library's, which
        # quotes what the server said.
        failure: Exception | None = None
        try:
            response = await self._client.post(
                ROUTE,
                cast_to=httpx2.Response,
                content=request_body(self._teacher, messages),
                options={"headers": {**OTHERS_HEADERS, "Authorization": f"Bearer {await self._login.secret()}"}},
            )
        except APIStatusError as error:
            response = error.response
        except APIConnectionError as error:
            failure = classify_connection_error(error, NOT_CONNECTED, self._credentials, self._timeout_s)
        if failure is not None:
            raise failure
        return self._answers.read(response.status_code, response.headers, response.content)

    async def close(self) -> None:
        """Give back the connections."""
        await self._login.close()
        if "_client" in vars(self):
            await self._client.close()
