"""Who asks: a key, or a token of Microsoft Entra ID; and how both are kept out of what is shown."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from potstill.core.errors import FatalError, TransientError
from potstill.teacher.api.completions import clean
from potstill.teacher.api.credentials import Credentials

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

# Measured where no login is: 0.3 s. Each of the tools that the library may start (az, azd, pwsh) has 10 s of its own.
LOGIN_TIMEOUT_S = 30
SHORTEST_PIECE = 8
LONGEST_TEXT = 10_000
HIDDEN = "\ud800"  # which no cleaned text holds


class Login:
    """The key, or tokens of Microsoft Entra ID, which azure-identity keeps, and renews before they end.

    `secrets` are all that were in use, the current one and those before it.
    """

    def __init__(self, credentials: Credentials, scope: str, identity: "AsyncTokenCredential | None" = None) -> None:
        """Keep what to ask for; without an `identity`, tokens are looked for in all places where the library looks."""
        self.secrets: list[str] = [credentials.key] if credentials.key else []
        self._credentials = credentials
        self._scope = scope
        self._identity = identity
        self._get_token: Callable[[], Awaitable[str]] | None = None

    async def get_secret(self) -> str:
        """Return the key, or a token that is valid now, to be sent after "Bearer".

        Where there never was a token, nobody is logged in, which is a FatalError; where there was one, the next
        attempt may get one again, so that is a TransientError.
        """
        if self._credentials.key:
            return self._credentials.key
        token = await self._fetch_token()
        if token is None and self.secrets:
            raise TransientError("Microsoft Entra ID gave no new token")
        if token is None:
            raise FatalError(
                "Microsoft Entra ID gives no token, since nobody is logged in: set "
                f"{self._credentials.prefix}_KEY, or log in with `az login`"
            )
        if token not in self.secrets:
            self.secrets.append(token)
        return token

    async def _fetch_token(self) -> str | None:
        """Return a valid token, or None: what the library says then is a page of places where it looked in vain."""
        from azure.core.exceptions import AzureError  # noqa: PLC0415 (0.5 s that those who have a key need not wait)

        try:
            async with asyncio.timeout(LOGIN_TIMEOUT_S):
                return await self._open()()
        except (AzureError, TimeoutError):
            return None

    def _open(self) -> Callable[[], Awaitable[str]]:
        """Return the library's function for tokens, made at the first use, within the loop that it belongs to."""
        if self._get_token is None:
            from azure.identity.aio import DefaultAzureCredential, get_bearer_token_provider  # noqa: PLC0415

            # Unless somebody set up logging, Python would print the library's page on stderr, beside our sentence.
            logging.getLogger("azure").addHandler(logging.NullHandler())
            self._identity = self._identity or DefaultAzureCredential()
            self._get_token = get_bearer_token_provider(self._identity, self._scope)
        return self._get_token

    async def close(self) -> None:
        """Close the identity's connections."""
        if self._identity is not None:
            await self._identity.close()


def redact(text: str, secrets: Sequence[str]) -> str:
    """Return a text cleaned, with *** for each piece of a secret, even one cut short or parted by white space."""
    characters = list(clean(text[:LONGEST_TEXT]))
    positions = [index for index, character in enumerate(characters) if not character.isspace()]
    squeezed = "".join(characters[index] for index in positions)
    for secret in secrets:
        length = min(SHORTEST_PIECE, len(secret))
        pieces = {secret[start : start + length] for start in range(len(secret) - length + 1)}
        for start in range(len(squeezed) - length + 1):
            if squeezed[start : start + length] in pieces:
                first, last = positions[start], positions[start + length - 1]
                characters[first : last + 1] = HIDDEN * (last + 1 - first)
    return re.sub(f"{HIDDEN}+", "***", "".join(characters))
