"""The ledger's folder, filled from DVC's cache segment by segment, so that a missing one does not hold up the rest."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from potstill.core.records import replacing
from potstill.sharing.history import COMMITS, FOLDER_SUFFIX, Output, list_history_outputs, select_outputs
from potstill.sharing.objects import Cache, compute_md5
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.ledger import import_segments, list_segments
from potstill.teacher.store.pointer import pointer_of, read_pointer


def check_pointer(ledger: Path) -> None:
    """Raise InputError if the ledger's .dvc file is unreadable."""
    read_pointer(pointer_of(ledger))


def drop_damaged(cache: Cache, ledgers: Collection[Output]) -> None:
    """Remove objects of ledgers from the cache that are not what their names say, so that they are fetched again."""
    for md5 in cache.map_objects(ledgers):
        if cache.holds(md5) and compute_md5(cache.path(md5)) != md5.removesuffix(FOLDER_SUFFIX):
            cache.objects.delete(md5)


def install_segments(cache: Cache, ledger: Path, ledgers: Collection[Output]) -> str:
    """Put the cache's segments into the ledger's folder, and their answers into the journal; return how many are new.

    Segments that only other commits name leave the folder.
    """
    _place_segments(cache, ledger, ledgers)
    with Journal(journal_path()) as journal:
        added = import_segments(journal, ledger)
    text = f"answers new to the journal: {added:,} (segments in {ledger}: {len(list_segments(ledger)):,})"
    _clear_segments(cache, ledger, ledgers)
    return text


def _place_segments(cache: Cache, ledger: Path, ledgers: Collection[Output]) -> None:
    """Copy the segments that the cache has, and the folder lacks or has damaged, into the ledger's folder."""
    listed = {name: md5 for output in ledgers for name, md5 in cache.list_folder(output.md5).items()}
    for name, md5 in listed.items():
        segment = ledger / name
        if cache.holds(md5) and not (segment.is_file() and compute_md5(segment) == md5):
            _copy_durably(cache.path(md5), segment)


def _clear_segments(cache: Cache, ledger: Path, ledgers: Collection[Output]) -> None:
    """Remove segments that the cache has and only other commits name.

    One that no commit names stays, as `make publish` leaves it when it is killed: the next one tracks it.
    """
    listed = {name for output in ledgers for name in cache.list_folder(output.md5)}
    others = [segment for segment in list_segments(ledger) if segment.name not in listed]
    if not others or not all(cache.holds(output.md5) for output in ledgers):
        return
    elsewhere = cache.map_objects(select_outputs(list_history_outputs("HEAD", *COMMITS), ledger))
    for segment in others:
        md5 = compute_md5(segment)
        if md5 in elsewhere and cache.holds(md5):
            segment.unlink()


def _copy_durably(source: Path, target: Path) -> None:
    """Copy a file; it gets its name when it is whole and on the disk."""
    with replacing(target) as unfinished, source.open("rb") as read, unfinished.open("wb") as written:
        shutil.copyfileobj(read, written)
        written.flush()
        os.fsync(written.fileno())
