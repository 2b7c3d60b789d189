"""Errors of storage services, as sentences for people."""

import socket
from collections.abc import Iterator

from potstill.core.errors import InputError

SIGNS = {
    "access": ("AuthenticationFailed", "AuthorizationFailure", "AuthorizationPermissionMismatch", "AccessDenied",
               "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AccountIsDisabled",
               "InsufficientAccountPermissions", "Server failed to authenticate", "Forbidden", "InvalidClientTokenId"),
    "credentials": ("NoCredentialsError", "AzureAuthError", "ClientAuthenticationError", "Unable to locate credentials",
                    "PartialCredentialsError", "ProfileNotFound", "DefaultCredentialsError", "PermissionDenied",
                    "Incorrect padding", "Invalid base64-encoded string"),
    "absent": ("ContainerNotFound", "NoSuchBucket", "The specified bucket does not exist", "ContainerBeingDeleted"),
    "unreachable": ("ServiceRequestError", "EndpointConnectionError", "ConnectTimeoutError", "ServiceResponseError",
                    "ConnectionRefusedError", "ReadTimeoutError", "ServiceRequestTimeoutError", "ConnectionLost"),
}  # fmt: skip
CLASSES: dict[str, tuple[type[BaseException], ...]] = {
    "access": (PermissionError,),
    "absent": (FileNotFoundError, NotADirectoryError),
    "unreachable": (TimeoutError, ConnectionError, socket.gaierror),
}
TROUBLES = {
    "access": "the credentials were refused or may not do this",
    "credentials": "no usable credentials were found",
    "absent": "it is not there",
    "unreachable": "the service cannot be reached",
}
ADVICE = {
    "absent": "`make remote` makes a folder, and a container on Azure; elsewhere make it in the service",
    "unreachable": "check the network and the address (`dvc remote list`), and run this again",
}


def find_kind(error: BaseException) -> str | None:
    """Return which of TROUBLES an error is about, by the names and texts of it and its causes; None if none."""
    chain = list(_list_causes(error))
    texts = [text for cause in chain for text in (type(cause).__name__, str(cause))]
    for kind, signs in SIGNS.items():
        if any(sign in text for sign in signs for text in texts):
            return kind
    for kind, classes in CLASSES.items():
        if any(isinstance(cause, classes) for cause in chain):
            return kind
    return None


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from, each once."""
    listed: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in listed:
        listed.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def first_line(error: BaseException) -> str:
    """Return an error's first line, or its class's name where it has none."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")


def build_storage_error(name: str, url: str, error: Exception, advice: str) -> InputError:
    """Return one sentence of what went wrong with a remote and what to do; `advice` says where credentials belong."""
    if isinstance(error, InputError):
        return error
    kind = find_kind(error)
    if kind is None:
        return InputError(f"remote {name} ({url}): {first_line(error)}; `make remote` tries it again")
    return InputError(f"remote {name} ({url}): {TROUBLES[kind]} ({first_line(error)}); {ADVICE.get(kind, advice)}")
