"""Where the teacher's endpoint and key come from: the environment, or the nearest .env."""

import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from potstill.core.environment import load_env_file
from potstill.core.errors import InputError

KEY = re.compile(r"[!-~]*")


@dataclass(frozen=True)
class Credentials:
    """An endpoint's URL, its key (None: Microsoft Entra ID is asked for a token), and the variables they came from."""

    endpoint: str
    key: str | None
    prefix: str

    def __repr__(self) -> str:
        """Return it without the key, for tracebacks and logs."""
        return f"Credentials(endpoint={self.endpoint!r}, key={self.key and '***'})"


def read_credentials(prefix: str) -> Credentials:
    """Read {prefix}_ENDPOINT and {prefix}_KEY from the environment, or from the nearest .env upwards of this folder."""
    load_env_file()
    url, key = (os.environ.get(f"{prefix}_{name}", "").strip() for name in ("ENDPOINT", "KEY"))
    if not url:
        missing = f"{prefix}_ENDPOINT" if key else f"{prefix}_ENDPOINT and {prefix}_KEY"
        raise InputError(
            f".env: expected {missing}, found none here or in the environment: copy .env.example to .env "
            "and fill it in, or choose `teacher: smollm2` in params.yaml"
        )
    endpoint = _clean_endpoint(url)
    if endpoint is None:
        raise InputError(
            f".env: {prefix}_ENDPOINT: expected a URL such as https://NAME.services.ai.azure.com/models, without user "
            "and password"
        )
    if not KEY.fullmatch(key):  # a header cannot hold it, and a library's complaint would quote it
        raise InputError(f".env: {prefix}_KEY: expected ASCII letters, digits and signs, without spaces")
    if not key and urlsplit(endpoint).scheme != "https" and not is_loopback(urlsplit(endpoint).hostname or ""):
        raise InputError(
            f".env: {prefix}_ENDPOINT: expected an https URL, or {prefix}_KEY beside it: a token of Microsoft Entra ID "
            "is not sent where others can read it"
        )
    return Credentials(endpoint, key or None, prefix)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _clean_endpoint(url: str) -> str | None:
    """Return the URL that routes are put after, without the route and query that portals show; None if it is none."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or "@" in parts.netloc:
            return None
        parts.hostname.encode("idna")
    except ValueError:
        return None
    return parts._replace(path=parts.path.rstrip("/").removesuffix("/chat/completions"), query="", fragment="").geturl()
