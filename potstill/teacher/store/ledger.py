"""The ledger: a folder of segments by which engineers, clones and branches share what was bought.

A segment never changes and is named by its content: gzip of JSON Lines, one answer each, sorted by key and limit.
"""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from potstill.core.errors import InputError
from potstill.core.progress import show_progress
from potstill.teacher.store.answers import INSERT, SELECT, BoughtAnswer
from potstill.teacher.store.chunks import chunked
from potstill.teacher.store.journal import BATCH, Journal
from potstill.teacher.store.pointer import list_named, pointer_of, read_pointer

SUFFIX = ".jsonl.gz"
NAME_LENGTH = 16
SHOWN = 3
UNPUBLISHED = """
    FROM uses JOIN answers USING (key, max_tokens)
    WHERE project = :project AND NOT EXISTS (
        SELECT 1 FROM temp.held WHERE held.key = answers.key AND held.max_tokens = answers.max_tokens
    )
"""


def record_uses(journal: Journal, project: str, answers: Iterable[tuple[str, int]]) -> None:
    """Record that runs of this project bought or found these answers, each by its key and its own token limit.

    It is done in one transaction, so pass them in parts.
    """
    with journal.transaction() as database:
        rows = ((project, key, limit) for key, limit in answers)
        database.executemany("INSERT OR IGNORE INTO uses VALUES (?, ?, ?)", rows)


def import_ledger(journal: Journal, folder: Path) -> int:
    """Import what only the ledger has, and return how many; raise an InputError if a part of it is not here."""
    added = import_segments(journal, folder)
    check_complete(folder, pointer_of(folder), journal)
    return added


def import_segments(journal: Journal, folder: Path) -> int:
    """Import the segments that the journal does not know, and return how many of their answers were new to it."""
    known = _known_segments(journal)
    return sum(_import_segment(journal, segment) for segment in list_segments(folder) if segment.name not in known)


def _import_segment(journal: Journal, segment: Path) -> int:
    """Import one segment, in several transactions so that other runs need not wait for all of it."""
    check_segment(segment)
    added = 0
    for batch in chunked(show_progress(read_segment(segment), f"Importing {segment.name}", unit="answer"), BATCH):
        with journal.transaction() as database:
            added += database.executemany(INSERT, [answer.to_columns() for answer in batch]).rowcount
    _record_segment(journal, segment)
    return added


def check_complete(folder: Path, pointer: Path, journal: Journal | None = None) -> None:
    """Raise an InputError if the .dvc file names segments that are neither in the folder nor known to the journal.

    The names are compared where DVC's cache has the listing; where it has not, the folder must hold as many files and
    bytes as the .dvc file says, and no more.
    """
    named = read_pointer(pointer)
    if named is None or (journal and any(journal.read("SELECT 1 FROM ledgers WHERE md5 = :md5", {"md5": named.md5}))):
        return
    here, known = _list_sizes(folder), _known_segments(journal) if journal else set()
    listed = list_named(pointer, named)
    names = set(here) if listed is None else {name for name in listed if name.endswith(SUFFIX)}
    missing = sorted(names - here.keys() - known)
    if missing or (listed is None and not named.matches(here.values())):
        found = _format_missing(missing) if missing else f"{len(here)} files with {sum(here.values()):,} bytes are"
        raise InputError(
            f"{pointer}: expected the {named.nfiles} files that it names in {folder}, but {found} there; run "
            "`make pull`, or the answers in them would be bought again"
        )
    if journal and names <= known:
        with journal.transaction() as database:
            database.execute("INSERT OR IGNORE INTO ledgers VALUES (?)", (named.md5,))


def publish(journal: Journal, project: str, folder: Path) -> Path | None:
    """Write one segment of the answers that this project used and no segment in the folder holds; None if none.

    Raise an InputError for a folder without all that its .dvc file names: `dvc add` would forget what is not there.
    """
    check_complete(folder, pointer_of(folder))
    _load_held_answers(journal, folder)
    rows = journal.read(f"{SELECT} {UNPUBLISHED} ORDER BY key, max_tokens", {"project": project})
    first = next(rows, None)
    if first is None:
        return None
    segment = _write_segment(folder, (BoughtAnswer.from_columns(row).to_line() for row in chain([first], rows)))
    _record_segment(journal, segment)
    return segment


def count_unpublished(journal: Journal, project: str, folder: Path) -> int:
    """Count the answers that `publish` would write; raise an InputError if a part of the ledger is not here."""
    check_complete(folder, pointer_of(folder))
    _load_held_answers(journal, folder)
    ((count,),) = journal.read(f"SELECT count(*) {UNPUBLISHED}", {"project": project})
    return int(count)


def list_segments(folder: Path) -> list[Path]:
    """List the segments of a ledger, which need not be there, in the order of their names."""
    return sorted(file for file in folder.glob(f"*{SUFFIX}") if file.is_file())


def check_segment(segment: Path) -> None:
    """Raise an InputError if the content is not the one that the segment is named by."""
    try:
        name = _name_of(segment)
    except OSError as error:
        raise InputError(f"{segment}: expected a segment that can be read, but {error}") from None
    if segment.name != name:
        raise InputError(
            f"{segment}: expected the content that its name is made of, got another, so it was damaged or cut short; "
            "delete it and run `make pull`"
        )


def read_segment(segment: Path) -> Iterator[BoughtAnswer]:
    """Yield a segment's answers, one line at a time."""
    try:
        with gzip.open(segment) as lines:
            for line in lines:
                yield BoughtAnswer.from_line(line, segment.name)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{segment}: expected answers as this version of Potstill writes them, but {reason}; update Potstill"
        ) from None


def count_answers(segment: Path) -> int:
    """Return how many answers a segment holds."""
    with gzip.open(segment) as lines:
        return sum(1 for _ in lines)


def is_segment(file: Path) -> bool:
    """Return whether a file, whatever its name, holds bought answers."""
    try:
        with gzip.open(file) as lines:
            BoughtAnswer.from_line(lines.readline(), file.name)
    except (OSError, EOFError, zlib.error, ValueError):
        return False
    return True


def _write_segment(folder: Path, lines: Iterable[bytes]) -> Path:
    """Write the lines aside, and give the file its name when it is whole and on the disk."""
    unfinished = folder / f"{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
                packed.writelines(show_progress(lines, "Publishing", unit="answer"))
            file.flush()
            os.fsync(file.fileno())
        return unfinished.replace(folder / _name_of(unfinished))
    except OSError as error:
        raise InputError(f"{folder}: expected a folder to write a segment in, but {error}; none was written") from None
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _name_of(segment: Path) -> str:
    """Return the name that a file's bytes give it; its lines would not do, since another zlib packs them otherwise."""
    with segment.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:NAME_LENGTH] + SUFFIX


def _load_held_answers(journal: Journal, folder: Path) -> None:
    """Fill this connection's temporary table of what the folder's segments hold, after a check that they are whole."""
    with journal.transaction() as database:
        database.execute(
            "CREATE TEMP TABLE IF NOT EXISTS held (key TEXT, max_tokens INTEGER, PRIMARY KEY (key, max_tokens))"
        )
        database.execute("DELETE FROM temp.held")
    for segment in list_segments(folder):
        check_segment(segment)
        for batch in chunked(show_progress(read_segment(segment), f"Reading {segment.name}", unit="answer"), BATCH):
            with journal.transaction() as database:
                database.executemany(
                    "INSERT OR IGNORE INTO temp.held VALUES (?, ?)", [(row.key, row.max_tokens) for row in batch]
                )


def _known_segments(journal: Journal) -> set[str]:
    """Return the names of the segments whose answers the journal has."""
    return {name for (name,) in journal.read("SELECT name FROM segments")}


def _record_segment(journal: Journal, segment: Path) -> None:
    """Record that the journal has this segment's answers."""
    with journal.transaction() as database:
        database.execute("INSERT OR IGNORE INTO segments VALUES (?)", (segment.name,))


def _list_sizes(folder: Path) -> dict[str, int]:
    """Return the sizes of the files that DVC would track in a folder, which need not be there."""
    files = folder.iterdir() if folder.is_dir() else iter(())
    return {file.name: file.stat().st_size for file in files if file.is_file() and file.suffix != ".part"}


def _format_missing(names: list[str]) -> str:
    """Return how many are missing, and the names of the first ones."""
    more = ", ..." if len(names) > SHOWN else ""
    return f"{len(names)} ({', '.join(names[:SHOWN])}{more}) are not"
