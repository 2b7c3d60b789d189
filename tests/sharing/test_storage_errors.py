"""What services complain of, as sentences; the services themselves are asked in test_remotes.py."""

import socket

import pytest

from potstill.sharing.storage_errors import build_storage_error, find_kind


def raised_from(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(PermissionError("no"), "access", id="permission"),
        pytest.param(OSError("ErrorCode:AuthorizationFailure"), "access", id="Azure's code in the text"),
        pytest.param(OSError("SignatureDoesNotMatch"), "access", id="S3's code in the text"),
        pytest.param(FileNotFoundError("The specified bucket does not exist"), "absent", id="bucket"),
        pytest.param(ConnectionRefusedError(111, "refused"), "unreachable", id="refused"),
        pytest.param(
            raised_from(OSError("it failed"), socket.gaierror(-2, "unknown")), "unreachable", id="by its cause"
        ),
        pytest.param(TimeoutError(), "unreachable", id="timeout"),
        pytest.param(ValueError("a bug"), None, id="anything else"),
    ],
)
def test_an_error_is_known_by_what_it_says_or_by_its_cause(error: Exception, kind: str | None) -> None:
    assert find_kind(error) == kind


def test_a_chain_that_leads_to_itself_ends() -> None:
    first, second = OSError("a"), OSError("b")
    first.__context__, second.__context__ = second, first
    assert find_kind(first) is None


def test_an_unknown_error_gives_its_first_line_or_its_name() -> None:
    assert str(build_storage_error("store", "s3://b", ValueError("one.\ntwo"), "advice")) == (
        "remote store (s3://b): one; `make remote` tries it again"
    )
    assert "ValueError" in str(build_storage_error("store", "s3://b", ValueError(), ""))
