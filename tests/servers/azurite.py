"""Azurite, Microsoft's emulator of Azure Blob Storage, on loopback: `make azurite` runs it for people."""

import base64
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from tests.servers.processes import listening, one_at_a_time

ROOT = Path(__file__).parents[2]
PROGRAM = ".azurite/node_modules/azurite/dist/src/blob/main.js"
ACCOUNT = "potstill"


@dataclass(frozen=True)
class Azurite:
    """A running emulator with one account, whose key is made anew at each start."""

    port: int
    key: str

    def connection_string(self, key: str | None = None) -> str:
        """What Azure's portal shows under this name; another key is one that is refused."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key or self.key};"
            f"BlobEndpoint=http://127.0.0.1:{self.port}/{ACCOUNT};"
        )


def new_key() -> str:
    """Make a key as Azure does."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def is_installable() -> bool:
    """Return whether there is Node.js to run it with."""
    return bool(shutil.which("node") and shutil.which("npm"))


def install() -> None:
    """Install it below the project, as `make azurite` does; where several tests want it at once, one of them does."""
    (ROOT / ".azurite").mkdir(exist_ok=True)
    with one_at_a_time(ROOT / ".azurite/lock"):
        subprocess.run(["make", "--no-print-directory", PROGRAM], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def running(*options: str) -> Iterator[Azurite]:
    """Run it on a free port, or as the options say."""
    key = new_key()
    command = ["node", str(ROOT / PROGRAM), "--skipApiVersionCheck", "--disableTelemetry", "--silent", *options]
    with listening(command, os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"}) as port:
        yield Azurite(port, key)


def main() -> None:
    """Serve until Ctrl-C, and print how a remote is set to it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running("--blobPort", "0", "--location", str(ROOT / ".azurite/data")) as azurite:
        sys.stdout.write(
            "Azurite runs until Ctrl-C. In another terminal:\n\n"
            f"export AZURE_STORAGE_CONNECTION_STRING='{azurite.connection_string()}'\n"
            "make remote URL=azure://potstill/answers\n"
        )
        sys.stdout.flush()
        try:
            Event().wait()
        except KeyboardInterrupt:
            sys.stdout.write("\n")


if __name__ == "__main__":
    main()
