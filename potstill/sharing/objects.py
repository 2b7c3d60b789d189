"""The files that outputs are made of: where each is, and how it gets from DVC's cache to the remote and back."""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.fs.callbacks import TqdmCallback
from dvc.repo import Repo
from dvc_objects.errors import ObjectFormatError

from potstill.core.errors import InputError
from potstill.sharing.formatting import format_size
from potstill.sharing.history import FOLDER_SUFFIX, Output
from potstill.sharing.remotes import Remote


@dataclass(frozen=True)
class TransferStats:
    """How many files travelled, how many bytes they have, and which came damaged and were not kept."""

    files: int = 0
    size: int = 0
    damaged: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.files:,} {'file' if self.files == 1 else 'files'}, {format_size(self.size)}"


class Cache:
    """DVC's cache on this machine."""

    def __init__(self, repo: Repo) -> None:
        """Find it."""
        self.objects = repo.cache.local

    def path(self, md5: str) -> Path:
        """Return where an object is or would be."""
        return Path(self.objects.oid_to_path(md5))

    def holds(self, md5: str) -> bool:
        """Return whether an object is here; one that was seen to be damaged is removed, as DVC does."""
        try:
            self.objects.check(md5)
        except (FileNotFoundError, ObjectFormatError):
            return False
        return True

    def size(self, objects: Iterable[str]) -> int:
        """Return how many bytes objects that are here have."""
        return sum(self.path(md5).stat().st_size for md5 in objects)

    def list_folder(self, md5: str) -> dict[str, str]:
        """Return the files of a folder, each name with its md5; none where that is no listing, or is not here."""
        if not md5.endswith(FOLDER_SUFFIX):
            return {}
        try:
            return {entry["relpath"]: entry["md5"] for entry in json.loads(self.path(md5).read_bytes())}
        except (OSError, ValueError, LookupError, TypeError):
            return {}

    def parts_of(self, outputs: Iterable[Output]) -> dict[str, Output]:
        """Return the objects that outputs are made of, as far as their listings are here, each with one it is of."""
        parts: dict[str, Output] = {}
        for output in outputs:
            names = [output.md5, *self.list_folder(output.md5).values()]
            for md5 in names:
                parts.setdefault(md5, output)
        return parts

    def find_incomplete(self, outputs: Iterable[Output]) -> set[Output]:
        """Return the outputs of which something is not here."""
        return {output for md5, output in self.parts_of(outputs).items() if not self.holds(md5)}

    def check_whole(self, objects: Iterable[str]) -> None:
        """Refuse an object whose content is not what it is named by: it would damage the remote for everyone."""
        for md5 in objects:
            if md5_of(self.path(md5)) != md5.removesuffix(FOLDER_SUFFIX):
                raise InputError(
                    f"{self.path(md5)}: expected the content that its name is made of, got another, so it was damaged; "
                    "delete it and run `make repro`, which takes the answers from the journal"
                )


def md5_of(path: Path) -> str:
    """Return the md5 of a file's content, by which DVC names it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def push(cache: Cache, remote: Remote, objects: Iterable[str]) -> TransferStats:
    """Copy to the remote what is here and not there.

    A listing goes after its files, and not at all if one of them is neither here nor there.
    """
    asked = set(objects)
    here, there = {md5 for md5 in asked if cache.holds(md5)}, remote.find(asked)
    new = {md5 for md5 in here - there if set(cache.list_folder(md5).values()) <= here | there}
    cache.check_whole(new)
    copy(cache.objects, remote.objects, new, remote, f"Pushing to {remote.url}")
    return TransferStats(len(new), cache.size(new))


def pull(cache: Cache, remote: Remote, objects: Iterable[str]) -> TransferStats:
    """Copy from the remote what is there and not here, and keep no object that is not what it is named by."""
    there = remote.find({md5 for md5 in objects if not cache.holds(md5)})
    copy(remote.objects, cache.objects, there, remote, f"Fetching from {remote.url}", verify=True)
    whole = {md5 for md5 in there if cache.holds(md5)}
    return TransferStats(len(whole), cache.size(whole), tuple(sorted(there - whole)))


def copy(source: Any, target: Any, objects: set[str], remote: Remote, doing: str, *, verify: bool = False) -> None:
    """Copy objects from one of DVC's stores to another: files first, so that no listing is there without them."""
    failures: list[Exception] = []
    with TqdmCallback(desc=doing, unit="file") as progress:
        for listings in (False, True):
            batch = [md5 for md5 in sorted(objects) if md5.endswith(FOLDER_SUFFIX) == listings]
            paths = [source.oid_to_path(md5) for md5 in batch]
            try:
                target.add(
                    paths, source.fs, batch, verify=verify, check_exists=False, callback=progress,
                    on_error=lambda _, error: failures.append(error), batch_size=remote.objects.fs.jobs,
                )  # fmt: skip
            except Exception as error:  # noqa: BLE001 (each service has errors of its own)
                raise remote.storage_error(error) from None
            if failures:
                raise remote.storage_error(failures[0]) from None


def fetch(cache: Cache, remote: Remote, outputs: Collection[Output]) -> TransferStats:
    """Fetch the listings of folders, and then what they list."""
    listings = pull(cache, remote, {output.md5 for output in outputs if output.is_folder})
    files = pull(cache, remote, cache.parts_of(outputs))
    damaged = (*listings.damaged, *files.damaged)
    return TransferStats(listings.files + files.files, listings.size + files.size, tuple(dict.fromkeys(damaged)))
