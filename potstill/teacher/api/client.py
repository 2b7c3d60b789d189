"""One attempt at one endpoint: a chat in, a Reply or one of three errors out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from potstill.core.catalogues import Teacher
from potstill.core.errors import RefusedFieldError
from potstill.core.records import Chat
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.http_responses import read_reply, update_limits
from potstill.teacher.api.logins import Login
from potstill.teacher.api.network import classify_connection_error
from potstill.teacher.api.options import JSON, RESPONSE_FORMAT, RequestOptions, build_response_format
from potstill.teacher.api.replies import HttpResponse, Limits, Reply

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


class Sender(Protocol):
    """A library that sends one request: without retries, redirects and cookies, in a session of its own.

    `scope` is what a token of Microsoft Entra ID is asked for. `errors` are raised where no whole response came;
    those that are caused by one of `not_connected` mean that the server was never reached.
    """

    scope: str
    errors: tuple[type[Exception], ...]
    not_connected: tuple[type[Exception], ...]

    async def send(self, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Send a request to the endpoint's route for chats, and return the response, whatever its status."""

    async def close(self) -> None:
        """Close the connections."""


class Caller(Protocol):
    """What makes attempts, here or on other machines; `limits` is what the server's headers last said of its limits."""

    endpoint_host: str
    limits: Limits

    async def complete(self, chat: Chat) -> Reply:
        """Ask once; raise a FatalError, a RejectedError or a TransientError."""

    async def close(self) -> None:
        """Close the connections."""


class Client:
    """One teacher at one endpoint; `limits` is what the server's headers last said of its limits."""

    def __init__(
        self,
        teacher: Teacher,
        credentials: Credentials,
        timeout_s: float,
        sender: Sender,
        identity: "AsyncTokenCredential | None" = None,
    ) -> None:
        """Keep whom to ask; open no connection yet."""
        self.endpoint_host = urlsplit(credentials.endpoint).hostname or ""
        self.limits = Limits()
        self._options = RequestOptions(teacher)
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._sender = sender
        self._login = Login(credentials, teacher.scope or sender.scope, identity)

    async def complete(self, chat: Chat) -> Reply:
        """Ask once; raise a FatalError, a RejectedError or a TransientError.

        Where the model takes the token limit by its other name, that is one call, and those after it know.
        """
        try:
            return await self._send(chat)
        except RefusedFieldError as error:
            if not self._options.learn(error):
                raise
        return await self._send(chat)

    async def _send(self, chat: Chat) -> Reply:
        """Send one request, and return or raise what its response means."""
        secret = await self._login.get_secret()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"}
        # Raised within the block, our error would be shown with the library's, which quotes what was sent and received.
        failure: Exception | None = None
        try:
            response = await self._sender.send(headers, build_body(self._options, chat))
        except self._sender.errors as error:
            failure = classify_connection_error(error, self._sender.not_connected, self._credentials, self._timeout_s)
        if failure is not None:
            raise failure
        self.limits = update_limits(self.limits, response.headers)
        return read_reply(response, self._credentials, self._login.secrets, self._options)

    async def close(self) -> None:
        """Close the connections."""
        await self._login.close()
        await self._sender.close()


def connect(
    teacher: Teacher,
    credentials: Credentials,
    timeout_s: float,
    identity: "AsyncTokenCredential | None" = None,
) -> Client:
    """Return the client of a teacher's provider; it opens its connections at the first call.

    An `identity` gives tokens where the credentials hold no key; without one the login of this machine is used.
    """
    sender: Sender
    # Each library takes long to import, and a run needs one of them at most.
    if teacher.provider == "openai":
        from potstill.teacher.api.openai import OpenAISender  # noqa: PLC0415

        sender = OpenAISender(credentials, timeout_s)
    else:
        from potstill.teacher.api.azure import AzureSender  # noqa: PLC0415

        sender = AzureSender(credentials, timeout_s)
    return Client(teacher, credentials, timeout_s, sender, identity)


def build_body(options: RequestOptions, chat: Chat) -> bytes:
    """Return the body of a request, the same for each library."""
    encode = JSON.encode
    shown = ", ".join(f'{{"role": "{each.role}", "content": {encode(each.content)}}}' for each in chat.messages)
    held = f'"{RESPONSE_FORMAT}": {encode(build_response_format(chat.letters))}, ' if chat.letters else ""
    return f'{{"messages": [{shown}], {held}{options.encoded}'.encode()
