"""Who asks: a key, or a token of Microsoft Entra ID; and how both are kept out of what is said."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from potstill.core.errors import FatalError, TransientError
from potstill.teacher.api.completions import clean
from potstill.teacher.api.credentials import Credentials

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

# Measured where no login is: 0.3 s. Each of the tools that the library may start (az, azd, pwsh) has 10 s of its own.
LOGIN_TIMEOUT_S = 30
SHORTEST_PIECE = 8
LONGEST_TEXT = 10_000


class Login(Protocol):
    """What a client sends to say who asks."""

    async def secret(self) -> str:
        """Return the key or token that stands after "Bearer"; a FatalError or TransientError says why there is none."""

    def redact(self, text: str) -> str:
        """Take the secret out of a text."""

    async def close(self) -> None:
        """Give back what was opened to get it."""


class KeyLogin:
    """A key, which is always there."""

    def __init__(self, key: str) -> None:
        """Keep the key."""
        self._key = key

    async def secret(self) -> str:
        """Return the key."""
        return self._key

    def redact(self, text: str) -> str:
        """Take the key out of a text."""
        return redact(text, [self._key])

    async def close(self) -> None:
        """Do nothing: nothing was opened."""


class EntraLogin:
    """A token of Microsoft Entra ID, which azure-identity keeps, and renews before it ends."""

    def __init__(self, scope: str, prefix: str, identity: "AsyncTokenCredential | None" = None) -> None:
        """Note what to ask for; without an `identity`, it is looked for in all places where the library looks."""
        self._scope = scope
        self._prefix = prefix
        self._identity = identity
        self._provider: Callable[[], Awaitable[str]] | None = None
        self._tokens: list[str] = []

    async def secret(self) -> str:
        """Return a token that is valid now.

        Where there never was one, nobody is logged in; where there was, the next attempt may get one again.
        """
        from azure.core.exceptions import AzureError  # noqa: PLC0415 (0.5 s that those who have a key need not wait)

        try:
            async with asyncio.timeout(LOGIN_TIMEOUT_S):
                token = await self._open()()
        except (AzureError, TimeoutError):
            pass  # what the library says is a page of places where it looked in vain
        else:
            if token not in self._tokens:
                self._tokens.append(token)
            return token
        if self._tokens:
            raise TransientError("Microsoft Entra ID gave no new token")
        raise FatalError(
            f"Microsoft Entra ID gives no token, since nobody is logged in: set {self._prefix}_KEY, or log in with "
            "`az login`"
        )

    def _open(self) -> Callable[[], Awaitable[str]]:
        """Return what gives tokens, made at the first use, within the loop that it belongs to."""
        if self._provider is None:
            from azure.identity.aio import DefaultAzureCredential, get_bearer_token_provider  # noqa: PLC0415

            # Unless somebody set up logging, Python would print the library's page on stderr, beside our sentence.
            logging.getLogger("azure").addHandler(logging.NullHandler())
            self._identity = self._identity or DefaultAzureCredential()
            self._provider = get_bearer_token_provider(self._identity, self._scope)
        return self._provider

    def redact(self, text: str) -> str:
        """Take all tokens out of a text, the current one and those before it."""
        return redact(text, self._tokens)

    async def close(self) -> None:
        """Give back the identity's connections."""
        if self._identity is not None:
            await self._identity.close()


def log_in(credentials: Credentials, scope: str, identity: "AsyncTokenCredential | None" = None) -> Login:
    """Return the login that the credentials allow: by key where there is one."""
    return KeyLogin(credentials.key) if credentials.key else EntraLogin(scope, credentials.prefix, identity)


def redact(text: str, secrets: list[str]) -> str:
    """Return a text cleaned, with *** for each piece of a secret, even one cut short or parted by white space."""
    text = clean(text[:LONGEST_TEXT])
    seen = [index for index, character in enumerate(text) if not character.isspace()]
    squeezed = "".join(text[index] for index in seen)
    hidden: set[int] = set()
    for secret in secrets:
        length = min(SHORTEST_PIECE, len(secret))
        pieces = {secret[start : start + length] for start in range(len(secret) - length + 1)}
        for start in range(len(squeezed) - length + 1):
            if squeezed[start : start + length] in pieces:
                hidden.update(range(seen[start], seen[start + length - 1] + 1))
    return "".join(
        text[index] if index not in hidden else "***" if index - 1 not in hidden else "" for index in range(len(text))
    )
