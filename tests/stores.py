"""Remote storage for tests, each kind behind the same few words: Azurite, moto's S3, a folder."""

import gc
import os
import secrets
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import pytest

from tests.servers import azurite
from tests.servers.processes import listening

CLIENTS = {"adlfs": "AzureBlobFileSystem", "s3fs": "S3FileSystem"}
REQUIRED = "POTSTILL_REQUIRE_AZURITE"
# The storage clients that DVC uses never close their sessions; tests that use them in their own process say so.
UNCLOSED = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass(frozen=True)
class Stored:
    """A file in a store: how large, and a stamp that a second upload would change."""

    size: int
    stamp: str


@dataclass(frozen=True)
class Store:
    """A place for one test: its URL, the variables that open it, and what is in it."""

    url: str
    environment: dict[str, str]
    files_system: Any = None

    def files(self) -> dict[str, Stored]:
        """Return every file below the URL, by its name there."""
        if self.files_system is None:
            found = (file for file in Path(self.url).rglob("*") if file.is_file())
            return {
                str(file.relative_to(self.url)): Stored(file.stat().st_size, str(file.stat().st_mtime_ns))
                for file in found
            }
        path = self.url.split("://")[1]
        self.files_system.invalidate_cache()
        return {
            name.removeprefix(f"{path}/"): Stored(info["size"], str(info.get("etag") or info["LastModified"]))
            for name, info in self.files_system.find(path, detail=True).items()
        }

    def read(self, name: str) -> bytes:
        """Return the content of one of its files."""
        if self.files_system is None:
            return Path(self.url, name).read_bytes()
        return bytes(self.files_system.cat_file(f"{self.url.split('://')[1]}/{name}"))


def folder_store(folder: Path) -> Store:
    """A folder."""
    return Store(str(folder / "store"), {})


def azure_store(server: azurite.Azurite) -> Store:
    """A container's folder in Azurite; the container is not there yet."""
    connection = server.connection_string()
    files = fsspec.filesystem("abfs", connection_string=connection)
    return Store(f"azure://c{secrets.token_hex(6)}/answers", {"AZURE_STORAGE_CONNECTION_STRING": connection}, files)


def s3_environment(endpoint: str) -> dict[str, str]:
    """The variables that open an S3 server, whose keys may be any."""
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "any")
    return keys | {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": "us-east-1"}


def s3_store(endpoint: str) -> Store:
    """A bucket's folder in moto's server; the bucket is there."""
    files = fsspec.filesystem("s3", key="any", secret="any", endpoint_url=endpoint)
    bucket = f"b{secrets.token_hex(6)}"
    files.mkdir(bucket)
    return Store(f"s3://{bucket}/answers", s3_environment(endpoint), files)


@contextmanager
def s3_server(**environment: str) -> Iterator[str]:
    """Run moto's S3 server, and yield its endpoint."""
    with listening([sys.executable, "-m", "moto.server", "--port", "0"], os.environ | environment) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def azurite_server() -> Iterator[azurite.Azurite]:
    """Run Azurite, installed where it is not; without Node.js a test is skipped, or fails where it is required."""
    if not azurite.is_installable():
        sentence = "Azurite needs node and npm, which are not here"
        if os.environ.get(REQUIRED):
            pytest.fail(sentence)
        pytest.skip(sentence)
    azurite.install()
    with azurite.running("--blobPort", "0", "--inMemoryPersistence") as server:
        yield server


def release_clients() -> None:
    """Close what storage clients a test opened, with their sessions, before another test runs."""
    kinds = [getattr(sys.modules[module], name) for module, name in CLIENTS.items() if module in sys.modules]
    if any(kind._cache for kind in kinds):
        for kind in kinds:
            kind.clear_instance_cache()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()
