"""The files that outputs are made of: where each is, and how it gets from DVC's cache to the remote and back."""

import hashlib
import json
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.fs.callbacks import TqdmCallback
from dvc.repo import Repo
from dvc_objects.errors import ObjectFormatError

from potstill.core.errors import InputError
from potstill.core.progress import show_progress
from potstill.sharing.formatting import format_size
from potstill.sharing.history import FOLDER_SUFFIX, Output
from potstill.sharing.remotes import Remote


@dataclass(frozen=True)
class TransferStats:
    """How many files were copied, of how many bytes, and which arrived damaged and were not kept."""

    files: int = 0
    size: int = 0
    damaged: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return "N files, SIZE"."""
        return f"{self.files:,} {'file' if self.files == 1 else 'files'}, {format_size(self.size)}"


class Cache:
    """DVC's cache on this machine."""

    def __init__(self, repo: Repo) -> None:
        """Take the cache of a project."""
        self.objects = repo.cache.local

    def path(self, md5: str) -> Path:
        """Return where an object is or would be."""
        return Path(self.objects.oid_to_path(md5))

    def holds(self, md5: str) -> bool:
        """Return whether an object is here; DVC removes one that it finds damaged."""
        try:
            self.objects.check(md5)
        except (FileNotFoundError, ObjectFormatError):
            return False
        return True

    def size(self, objects: Iterable[str]) -> int:
        """Return how many bytes objects that are here have."""
        return sum(self.path(md5).stat().st_size for md5 in objects)

    def list_folder(self, md5: str) -> dict[str, str]:
        """Return the md5 of each file of a folder, by name; none if the listing is not here or is none."""
        if not md5.endswith(FOLDER_SUFFIX):
            return {}
        try:
            return {entry["relpath"]: entry["md5"] for entry in json.loads(self.path(md5).read_bytes())}
        except (OSError, ValueError, LookupError, TypeError):
            return {}

    def map_objects(self, outputs: Iterable[Output]) -> dict[str, Output]:
        """Return the objects of outputs, as far as their listings are here, each with an output it is of."""
        parts: dict[str, Output] = {}
        for output in outputs:
            for md5 in (output.md5, *self.list_folder(output.md5).values()):
                parts.setdefault(md5, output)
        return parts

    def find_incomplete(self, outputs: Iterable[Output]) -> set[Output]:
        """Return the outputs of which something is not here."""
        outputs = list(outputs)
        return self.find_outputs(outputs, {md5 for md5 in self.map_objects(outputs) if not self.holds(md5)})

    def find_outputs(self, outputs: Iterable[Output], objects: Set[str]) -> set[Output]:
        """Return the outputs that are made of some of these objects; two outputs may have the same ones."""
        return {output for output in outputs if not objects.isdisjoint(self.map_objects([output]))}

    def check_whole(self, objects: Iterable[str]) -> None:
        """Raise InputError if an object is not what its name says: it would damage the remote for everyone."""
        for md5 in show_progress(sorted(objects), "Checking DVC's cache", unit="file"):
            if compute_md5(self.path(md5)) != md5.removesuffix(FOLDER_SUFFIX):
                raise InputError(
                    f"{self.path(md5)}: expected the content that its name is made of, got another, so it was damaged; "
                    "delete it and run `make repro`, which takes the answers from the journal"
                )


def compute_md5(path: Path) -> str:
    """Return the md5 of a file's content, by which DVC names it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def upload(cache: Cache, remote: Remote, objects: Iterable[str]) -> TransferStats:
    """Copy to the remote what the cache has and the remote has not.

    A listing goes after its files, and not at all if neither has one of them.
    """
    wanted = set(objects)
    cached, stored = {md5 for md5 in wanted if cache.holds(md5)}, remote.find(wanted)
    new = {md5 for md5 in cached - stored if set(cache.list_folder(md5).values()) <= cached | stored}
    cache.check_whole(new)
    _copy(cache.objects, remote.objects, new, remote, f"Pushing to {remote.url}")
    return TransferStats(len(new), cache.size(new))


def download(cache: Cache, remote: Remote, objects: Iterable[str]) -> TransferStats:
    """Copy from the remote what the cache has not, and keep no object that is not what its name says."""
    stored = remote.find({md5 for md5 in objects if not cache.holds(md5)})
    _copy(remote.objects, cache.objects, stored, remote, f"Fetching from {remote.url}", verify=True)
    whole = {md5 for md5 in stored if cache.holds(md5)}
    return TransferStats(len(whole), cache.size(whole), tuple(sorted(stored - whole)))


def _copy(source: Any, target: Any, objects: set[str], remote: Remote, label: str, *, verify: bool = False) -> None:
    """Copy objects from one of DVC's stores to another: files first, so that no listing is there without them."""
    failures: list[Exception] = []
    with TqdmCallback(desc=label, unit="file") as progress:
        for listings in (False, True):
            batch = [md5 for md5 in sorted(objects) if md5.endswith(FOLDER_SUFFIX) == listings]
            paths = [source.oid_to_path(md5) for md5 in batch]
            try:
                target.add(
                    paths, source.fs, batch, verify=verify, check_exists=False, callback=progress,
                    on_error=lambda _, error: failures.append(error), batch_size=remote.objects.fs.jobs,
                )  # fmt: skip
            except Exception as error:  # noqa: BLE001 (each service has errors of its own)
                raise remote.build_error(error) from None
            if failures:
                raise remote.build_error(failures[0]) from None


def download_outputs(cache: Cache, remote: Remote, outputs: Collection[Output]) -> TransferStats:
    """Download the listings of folders, and then what they list."""
    listings = download(cache, remote, {output.md5 for output in outputs if output.is_folder})
    files = download(cache, remote, cache.map_objects(outputs))
    damaged = (*listings.damaged, *files.damaged)
    return TransferStats(listings.files + files.files, listings.size + files.size, tuple(dict.fromkeys(damaged)))
