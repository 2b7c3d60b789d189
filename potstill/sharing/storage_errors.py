"""What storage services complain of, as sentences for people."""

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
PUT_RIGHT = {
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
    """Tell which of PUT_RIGHT an error is about, by what it and its causes are called and say; None if none."""
    told = [text for cause in causes(error) for text in (type(cause).__name__, str(cause))]
    for kind, signs in SIGNS.items():
        if any(sign in text for sign in signs for text in told):
            return kind
    if any(isinstance(cause, PermissionError) for cause in causes(error)):
        return "access"
    if any(isinstance(cause, FileNotFoundError | NotADirectoryError) for cause in causes(error)):
        return "absent"
    if any(isinstance(cause, TimeoutError | ConnectionError | socket.gaierror) for cause in causes(error)):
        return "unreachable"
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def first_line(error: BaseException) -> str:
    """Return an error's first line, or its name where it has none."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")


def build_storage_error(name: str, url: str, error: Exception, where_credentials_belong: str) -> InputError:
    """Make one sentence of what went wrong with a remote, with what to do about it."""
    if isinstance(error, InputError):
        return error
    kind = find_kind(error)
    if kind is None:
        return InputError(f"remote {name} ({url}): {first_line(error)}; `make remote` tries it again")
    advice = ADVICE.get(kind, where_credentials_belong)
    return InputError(f"remote {name} ({url}): {PUT_RIGHT[kind]} ({first_line(error)}); {advice}")
