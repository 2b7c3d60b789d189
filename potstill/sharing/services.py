"""Kinds of storage: what DVC needs for each, what opens it, and how its URLs are written and shown."""

from configparser import ConfigParser, Error
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from potstill.core.errors import InputError

CONFIG, PRIVATE_CONFIG = ".dvc/config", ".dvc/config.local"
NONE_SET = "no remote storage is set: `make remote URL=azure://container/path` (or s3://, gs://, ssh://, a folder)"


@dataclass(frozen=True)
class Service:
    """A kind of storage: DVC's package for it, its secret options and variables, and what else may open it."""

    title: str
    package: str | None
    secret: tuple[str, ...]
    variables: tuple[str, ...]
    default_login: str

    def describe_credential_places(self, name: str) -> str:
        """Return where the credentials of a remote of this name belong."""
        if not self.secret:
            return "check that you may write there"
        return (
            f"put them into {PRIVATE_CONFIG} (`dvc remote modify --local {name} {self.secret[0]} ...`) or into the "
            f"environment ({', '.join(self.variables)}), never into git"
        )


FOLDER = Service("folder", None, (), (), "your rights on this machine")
SERVICES = {
    "azure": Service(
        "Azure Blob Storage",
        "dvc-azure",
        ("connection_string", "account_key", "sas_token", "client_secret"),
        ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"),
        "Microsoft Entra ID, such as the login of `az login`",
    ),
    "s3": Service(
        "S3",
        "dvc-s3",
        ("secret_access_key", "session_token", "sse_customer_key"),
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
        "AWS's own files, or this machine's role",
    ),
    "gs": Service(
        "Google Cloud Storage",
        "dvc-gs",
        ("credentialpath",),
        ("GOOGLE_APPLICATION_CREDENTIALS",),
        "the login of `gcloud auth application-default login`",
    ),
    "ssh": Service("SSH", "dvc-ssh", ("password", "passphrase"), ("SSH_AUTH_SOCK",), "your SSH keys"),
}


def find_service(url: str) -> Service:
    """Return the kind of storage of a URL: one of SERVICES, a folder, or another one that DVC may know."""
    scheme = urlsplit(url).scheme
    if len(scheme) < 2 or scheme == "file":  # noqa: PLR2004 (none, or the letter of a Windows drive)
        return FOLDER
    return SERVICES.get(scheme) or Service(scheme, f"dvc-{scheme}", ("password",), (), "what DVC's configuration says")


def strip_secrets(url: str) -> str:
    """Return a URL without user, password and query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl() if parts.netloc else url


def check_url(url: str) -> None:
    """Raise InputError if a URL names nothing to write in, or carries a secret into git."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InputError(f"URL: expected one such as azure://container/path, got none ({error})") from None
    if find_service(url) not in (FOLDER, *SERVICES.values()):
        raise InputError(f"URL: expected azure://, s3://, gs://, ssh:// or a folder, got {parts.scheme}://")
    if parts.password is not None or parts.query:
        raise InputError(f"URL: expected no password, key or token in it, since {CONFIG} is kept by git")
    if find_service(url) is not FOLDER and not parts.netloc:
        raise InputError(f"URL: expected a name after {parts.scheme}://, such as {parts.scheme}://name/path")


def has_remote() -> bool:
    """Return whether DVC's configuration in the working folder names a default remote; imports no DVC."""
    config = ConfigParser(interpolation=None, strict=False)
    with suppress(Error, UnicodeDecodeError):
        config.read([CONFIG, PRIVATE_CONFIG], encoding="utf-8")
    return config.has_option("core", "remote")
