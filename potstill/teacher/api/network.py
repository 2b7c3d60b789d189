"""The route to a server: its proxy, and what it means that no whole response came. Knows no client."""

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from potstill.core.errors import FatalError, TransientError, UnreachableError
from potstill.teacher.api.credentials import Credentials, is_loopback

CONNECT_TIMEOUT_S = 10
KEEP_ALIVE_S = 60
PORTS = {"http": 80, "https": 443}
NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")  # what OpenSSL makes of a plain HTTP response


def proxy_for(endpoint: str) -> str | None:
    """Return the environment's proxy for an endpoint; no proxy can reach this machine's own loopback.

    One named as host:port is taken for an http proxy, as by curl. Raise a FatalError for one that is no http or https
    URL, without quoting it, since it may hold a password.
    """
    parts = urlsplit(endpoint)
    if is_loopback(parts.hostname or "") or proxy_bypass(parts.netloc):
        return None
    setting = getproxies().get(parts.scheme)
    if not setting:
        return None
    proxy = setting if "://" in setting else f"http://{setting}"
    try:
        address_of(proxy)
        if urlsplit(proxy).path.strip("/"):
            raise ValueError("a proxy has no path; its password may have been taken for one")
    except ValueError:
        raise FatalError(
            "the environment's proxy: expected a URL such as http://proxy.example:3128; correct HTTP_PROXY or "
            "HTTPS_PROXY, or unset it"
        ) from None
    return proxy


def address_of(url: str) -> tuple[str, int]:
    """Return the host and port of an http or https URL; raise a ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("expected a URL with http or https and a host")
    parts.hostname.encode("idna")
    return parts.hostname, parts.port or PORTS[parts.scheme]


def connect_timeout_s(timeout_s: float) -> float:
    """Return how long a connection may take, where a whole attempt may take `timeout_s`."""
    return min(CONNECT_TIMEOUT_S, timeout_s)


def classify_connection_error(
    error: BaseException, not_connected: tuple[type[BaseException], ...], credentials: Credentials, timeout_s: float
) -> FatalError | TransientError:
    """Return the error that a library's exception means where no whole response came.

    `not_connected` are the exceptions by which the library says that it never reached the server. The sentences are
    made of nothing but the causes, so that they are the same for each library, and hold no secret that an exception
    may quote.
    """
    causes = list(_causes(error))
    certificate = [cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)]
    if certificate:
        # The innermost is Python's own; aiohttp's, which is of the same class, does not say why.
        return FatalError(
            f"{urlsplit(credentials.endpoint).hostname}'s certificate cannot be verified "
            f"({certificate[-1].verify_message}); check {credentials.prefix}_ENDPOINT, or have SSL_CERT_FILE name a "
            "file with the authority that signed it"
        )
    if any(isinstance(cause, not_connected) for cause in causes):
        return UnreachableError(f"{_describe_route(credentials.endpoint)}: {_describe_reason(causes)}")
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return TransientError(f"no answer within {timeout_s:g} s")
    return TransientError("the connection broke before the answer was whole")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception, what it was raised from, and the parts of groups."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for part in error.exceptions:
                yield from _causes(part)
        error = error.__cause__ or error.__context__


def _describe_route(endpoint: str) -> str:
    """Return host and port, and those of the proxy on the way, without its password."""
    host, port = address_of(endpoint)
    proxy = proxy_for(endpoint)
    return f"{host}:{port}" + (f" through the proxy {proxy.rpartition('@')[2].rpartition('//')[2]}" if proxy else "")


def _describe_reason(causes: list[BaseException]) -> str:
    """Return why there is no connection, in the same words for each library."""
    if any(getattr(cause, "reason", None) in NO_TLS for cause in causes):
        return "it does not speak TLS; is the endpoint's scheme http?"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "its name is not known"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "connection refused"
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return "no connection in time"
    return "no connection"
