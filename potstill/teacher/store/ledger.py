"""The ledger: a folder of segments by which engineers, clones and branches share what was bought.

A segment never changes and is named by its content: gzip of JSON Lines, one answer each, sorted by key and limit.
"""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from potstill.core.errors import InputError
from potstill.core.records import Row, Tokens, Usage
from potstill.teacher.api.replies import ReplyStatus
from potstill.teacher.store.batches import batched
from potstill.teacher.store.journal import BATCH, Journal
from potstill.teacher.store.pointer import list_named, pointer_of, read_pointer

SUFFIX = ".jsonl.gz"
NAME_LENGTH = 16
SHOWN = 3
COLUMNS = (
    "key, max_tokens, status, content, reasoning, finish_reason, model, prompt_tokens, completion_tokens, logprobs, "
    "endpoint_host, asked_at"
)
IMPORT = f"INSERT OR IGNORE INTO answers ({COLUMNS}, segment) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
UNPUBLISHED = """
    FROM uses JOIN answers USING (key, max_tokens)
    WHERE project = :project AND NOT EXISTS (
        SELECT 1 FROM temp.held WHERE held.key = answers.key AND held.max_tokens = answers.max_tokens
    )
"""


class LedgerAnswer(Row):
    """One bought answer, as a line of a segment: what the journal keeps of it, and no more."""

    key: str
    max_tokens: Tokens
    status: ReplyStatus
    content: str | None
    reasoning: str | None
    finish_reason: str | None
    model: str | None
    usage: Usage | None
    logprobs: list[dict[str, object]] | None
    endpoint_host: str
    asked_at: Annotated[float, Field(allow_inf_nan=False)]


def record_uses(journal: Journal, project: str, answers: Iterable[tuple[str, int]]) -> None:
    """Note that runs of this project bought or found these answers, each named by its key and its own token limit.

    It is done in one transaction, so bring them in parts.
    """
    with journal.transaction() as database:
        rows = ((project, key, limit) for key, limit in answers)
        database.executemany("INSERT OR IGNORE INTO uses VALUES (?, ?, ?)", rows)


def import_ledger(journal: Journal, folder: Path) -> int:
    """Take into the journal what only the ledger has; return how many. An InputError tells what is not here of it."""
    added = import_segments(journal, folder)
    check_complete(folder, pointer_of(folder), journal)
    return added


def import_segments(journal: Journal, folder: Path) -> int:
    """Take the answers of segments that the journal does not know, and return how many were new to it."""
    known = _known_segments(journal)
    return sum(_import_segment(journal, segment) for segment in list_segments(folder) if segment.name not in known)


def _import_segment(journal: Journal, segment: Path) -> int:
    """Take one segment's answers, in several transactions so that other runs need not wait for all of it."""
    check_segment(segment)
    added = 0
    for batch in batched(read_segment(segment), BATCH):
        rows = [_to_columns(answer, segment.name) for answer in batch]
        with journal.transaction() as database:
            added += database.executemany(IMPORT, rows).rowcount
    _record_segment(journal, segment)
    return added


def check_complete(folder: Path, pointer: Path, journal: Journal | None = None) -> None:
    """Raise an InputError if the .dvc file names segments that are neither in the folder nor known to the journal.

    The names are compared where DVC's cache has the listing; where it has not, number and sizes of the files are.
    """
    named = read_pointer(pointer)
    if named is None or (journal and any(journal.read("SELECT 1 FROM ledgers WHERE md5 = :md5", {"md5": named.md5}))):
        return
    here = _list_sizes(folder)
    known = _known_segments(journal) if journal else set()
    listed = list_named(pointer, named)
    names = set(here) if listed is None else {name for name in listed if name.endswith(SUFFIX)}
    missing = sorted(names - here.keys() - known)
    if missing or (listed is None and not named.fits(list(here.values()))):
        what = _shorten(missing) if missing else f"{len(here)} other files are"
        raise InputError(
            f"{pointer}: expected the {named.nfiles} files that it names in {folder}, but {what} there; run "
            "`make pull`, or the answers in them would be bought again"
        )
    if journal and names <= known:
        with journal.transaction() as database:
            database.execute("INSERT OR IGNORE INTO ledgers VALUES (?)", (named.md5,))


def publish(journal: Journal, project: str, folder: Path) -> Path | None:
    """Write one segment of the answers that this project used and that no segment in the folder holds; None if none.

    A folder without all that its .dvc file names is refused, since `dvc add` would forget what is not there.
    """
    check_complete(folder, pointer_of(folder))
    _load_held_answers(journal, folder)
    answers = journal.read(f"SELECT {COLUMNS} {UNPUBLISHED} ORDER BY key, max_tokens", {"project": project})
    first = next(answers, None)
    if first is None:
        return None
    segment = _write_segment(folder, map(_to_line, chain([first], answers)))
    _record_segment(journal, segment)
    return segment


def count_unpublished(journal: Journal, project: str, folder: Path) -> int:
    """Count the answers that `publish` would write; an InputError says that the ledger is not all here."""
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


def read_segment(segment: Path) -> Iterator[LedgerAnswer]:
    """Yield a segment's answers, one line at a time."""
    try:
        with gzip.open(segment) as lines:
            for line in lines:
                yield LedgerAnswer.model_validate(json.loads(line))
    except (OSError, EOFError, zlib.error, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{segment}: expected answers as this version of Potstill writes them, but {reason}; update Potstill"
        ) from None


def is_segment(file: Path) -> bool:
    """Return whether a file, whatever its name, holds bought answers."""
    try:
        with gzip.open(file) as lines:
            LedgerAnswer.model_validate(json.loads(lines.readline()))
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
                packed.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        return unfinished.replace(folder / _name_of(unfinished))
    except OSError as error:
        raise InputError(f"{folder}: expected a folder to write a segment in, but {error}; none was written") from None
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _name_of(segment: Path) -> str:
    """Name a file by its bytes: not by its lines, which another zlib packs otherwise, and DVC merges no such twins."""
    with segment.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:NAME_LENGTH] + SUFFIX


def _load_held_answers(journal: Journal, folder: Path) -> None:
    """List what the folder's segments hold in a table of this connection, after a check that they are whole."""
    with journal.transaction() as database:
        database.execute(
            "CREATE TEMP TABLE IF NOT EXISTS held (key TEXT, max_tokens INTEGER, PRIMARY KEY (key, max_tokens))"
        )
        database.execute("DELETE FROM temp.held")
    for segment in list_segments(folder):
        check_segment(segment)
        for batch in batched(read_segment(segment), BATCH):
            with journal.transaction() as database:
                database.executemany(
                    "INSERT OR IGNORE INTO temp.held VALUES (?, ?)", [(row.key, row.max_tokens) for row in batch]
                )


def _to_line(columns: tuple[Any, ...]) -> bytes:
    """Write the columns of one answer as JSON with its fields sorted.

    Inside the log probabilities the teacher's order is kept, so that responses have the same bytes on every machine.
    """
    fields = dict(zip(COLUMNS.split(", "), columns, strict=True))
    counts = {name: fields.pop(name) for name in ("completion_tokens", "prompt_tokens")}
    fields["usage"] = None if counts["prompt_tokens"] is None else counts
    fields["logprobs"] = None if fields["logprobs"] is None else json.loads(fields["logprobs"])
    return json.dumps(dict(sorted(fields.items())), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _to_columns(answer: LedgerAnswer, segment: str) -> tuple[object, ...]:
    """Make the row that IMPORT takes."""
    fields = {**vars(answer), "segment": segment}
    fields |= vars(answer.usage) if answer.usage else {"prompt_tokens": None, "completion_tokens": None}
    fields["logprobs"] = None if answer.logprobs is None else json.dumps(answer.logprobs)
    return tuple(fields[name] for name in [*COLUMNS.split(", "), "segment"])


def _known_segments(journal: Journal) -> set[str]:
    """Return the names of the segments whose answers the journal has."""
    return {name for (name,) in journal.read("SELECT name FROM segments")}


def _record_segment(journal: Journal, segment: Path) -> None:
    """Remember that the journal has this segment's answers."""
    with journal.transaction() as database:
        database.execute("INSERT OR IGNORE INTO segments VALUES (?)", (segment.name,))


def _list_sizes(folder: Path) -> dict[str, int]:
    """Return the sizes of the files that DVC would track in a folder, which need not be there."""
    files = folder.iterdir() if folder.is_dir() else iter(())
    return {file.name: file.stat().st_size for file in files if file.is_file() and file.suffix != ".part"}


def _shorten(names: list[str]) -> str:
    """Say how many are missing, and name the first ones."""
    more = ", ..." if len(names) > SHOWN else ""
    return f"{len(names)} ({', '.join(names[:SHOWN])}{more}) are not"
