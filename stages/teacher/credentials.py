"""Where the teacher's endpoint and key come from: the environment, or the nearest .env."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from stages.environment import load_env_file
from stages.errors import InputError


@dataclass(frozen=True)
class Credentials:
    """An endpoint's URL and key, and the variables that they came from."""

    endpoint: str
    key: str
    prefix: str

    def __repr__(self) -> str:
        """Keep the key out of tracebacks and logs."""
        return f"Credentials(endpoint={self.endpoint!r}, key=***)"


def read_credentials(prefix: str) -> Credentials:
    """Read {prefix}_ENDPOINT and {prefix}_KEY from the environment, or from the nearest .env upwards of this folder."""
    load_env_file()
    values = {name: os.environ.get(f"{prefix}_{name}", "").strip() for name in ("ENDPOINT", "KEY")}
    missing = [f"{prefix}_{name}" for name, value in values.items() if not value]
    if missing:
        raise InputError(
            f".env: expected {' and '.join(missing)}, found none here or in the environment: copy .env.example to .env "
            "and fill it in, or choose `teacher: smollm2` in params.yaml"
        )
    endpoint = _clean_endpoint(values["ENDPOINT"])
    if endpoint is None:
        raise InputError(
            f".env: {prefix}_ENDPOINT: expected a URL such as https://NAME.services.ai.azure.com/models, without user "
            "and password"
        )
    return Credentials(endpoint, values["KEY"], prefix)


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
