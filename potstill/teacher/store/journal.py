"""The journal: a file on this machine with every answer that was ever bought."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import platformdirs

from potstill.core.environment import load_env_file
from potstill.core.errors import InputError
from potstill.teacher.api.replies import Reply
from potstill.teacher.store.answers import COLUMNS, INSERT, BoughtAnswer
from potstill.teacher.store.migrations import MIGRATIONS, VERSION

PATIENCE_S = 60
BATCH = 1000
LOG_PAGES = 10_000
CACHE_KB = 64_000  # keys are spread over the whole file, so that each new one meets another page
SERVES = """
    (max_tokens = :limit OR (status != 'truncated' AND (max_tokens < :limit OR completion_tokens <= :limit)))
"""
FIND = f"""
    SELECT key, {{columns}} FROM answers WHERE key IN (SELECT value FROM json_each(:keys)) AND {SERVES}
    ORDER BY status != 'truncated', max_tokens = :limit, max_tokens DESC
"""  # noqa: S608 (the best of a key's answers comes last)


def journal_path() -> Path:
    """Return where the journal is: $POTSTILL_JOURNAL (also from .env), or the user's data folder."""
    load_env_file()
    chosen = Path(os.environ.get("POTSTILL_JOURNAL") or Path(platformdirs.user_data_dir("potstill")) / "journal.sqlite")
    if not chosen.expanduser().is_absolute():
        raise InputError(
            f"POTSTILL_JOURNAL: expected a full path, since every clone is to find it, got {str(chosen)!r}"
        )
    return chosen.expanduser()


class Journal:
    """A SQLite file of answers by key, each written as it arrives. Errors are never stored as answers.

    What is written survives the end of the process at once, and a power cut after the next `flush`. Every method
    raises an InputError if the file can no longer be read or written.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal, or make a new one, that only its owner may read; a damaged one is kept aside."""
        self.path = Path(os.path.realpath(path))  # where SQLite writes its log, too
        self._unflushed = False
        with self._plain_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            with suppress(PermissionError):  # another user's journal, opened to this one
                self.path.chmod(0o600)
            self._inode = self.path.stat().st_ino
            self._database = sqlite3.connect(self.path, isolation_level=None, timeout=PATIENCE_S)
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def _prepare(self) -> None:
        """Migrate the file; wait for another process that does, since SQLite does not wait for the switch to WAL."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self._migrate()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                self._database.rollback()
                time.sleep(0.01)

    def _migrate(self) -> None:
        """Migrate the file to this version's schema; raise an InputError for a newer one."""
        if self._version() > VERSION:  # read before anything is written: WAL mode alone would change the file
            raise InputError(
                f"{self.path}: expected a journal of version {VERSION}, got {self._version()}; update Potstill"
            )
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        # Its pages go back into the file in one go: each time waits for the disk, with all calls in flight.
        self._database.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        with self._transaction():
            for number in range(self._version(), VERSION):
                for statement in MIGRATIONS[number]:
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version = {number + 1}")

    def _version(self) -> int:
        """Return the version of the file's schema; 0 for a new file."""
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        return int(version)

    def find(self, key: str, max_tokens: int) -> BoughtAnswer | None:
        """Return the answer bought under this key that serves this token limit, or None.

        One that ended by itself serves any limit that it fits in; a truncated one only the limit that it hit. Of
        several, the one asked with this very limit stays the answer, whatever is bought with another one.
        """
        return self.find_all([key], max_tokens)[0]

    def find_all(self, keys: Sequence[str], max_tokens: int) -> list[BoughtAnswer | None]:
        """Return what `find` does for each of many keys, in their order."""
        found = self.find_columns(COLUMNS, keys, max_tokens)
        return [BoughtAnswer.from_columns(found[key][1:]) if key in found else None for key in keys]

    def find_columns(self, columns: Sequence[str], keys: Sequence[str], max_tokens: int) -> dict[str, tuple[Any, ...]]:
        """Return the key and these columns of what `find` does, for each of many keys that has an answer."""
        values = {"keys": json.dumps(keys), "limit": max_tokens}
        with self._plain_errors():
            rows = self._database.execute(FIND.format(columns=", ".join(columns)), values).fetchall()
        return {row[0]: row for row in rows}

    def record(self, key: str, max_tokens: int, reply: Reply, endpoint_host: str) -> None:
        """Keep an answer for good; the first one under a key and limit stays."""
        self.record_all([BoughtAnswer(key, max_tokens, reply, endpoint_host, time.time())])

    def record_all(self, answers: Sequence[BoughtAnswer]) -> None:
        """Keep answers for good, all in one transaction; the first one under a key and limit stays."""
        with self.transaction() as database:
            database.executemany(INSERT, [answer.to_columns() for answer in answers])
        self._unflushed = True

    def read(self, query: str, values: Mapping[str, object] | None = None) -> Iterator[tuple[Any, ...]]:
        """Yield the rows that a query finds, a batch at a time."""
        with self._plain_errors():
            rows = self._database.execute(query, values or {})
        while True:
            with self._plain_errors():
                batch = rows.fetchmany(BATCH)
            if not batch:
                return
            yield from batch

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the database for a block that writes all or nothing.

        An OSError in the block is taken for the journal's.
        """
        with self._plain_errors(), self._transaction():
            yield self._database

    def flush(self) -> None:
        """Sync what was written to the disk, which commits do not wait for, so that it outlasts a power cut."""
        if not self._unflushed:
            return
        self._unflushed = False
        with self._plain_errors():
            log = os.open(f"{self.path}-wal", os.O_RDONLY)
            try:
                os.fsync(log)
            finally:
                os.close(log)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Begin and end a transaction; SQLite's own errors pass."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.rollback()
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Turn errors of the file system and of SQLite into InputErrors; a damaged file is kept aside first."""
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
                raise InputError(self._keep_aside(error)) from None
            raise InputError(self._describe(error)) from None
        except OSError as error:
            raise InputError(self._describe(error)) from None

    def _describe(self, error: Exception) -> str:
        """Return what is wrong with the file, and what to do."""
        return (
            f"{self.path}: expected a journal that can be read and written, but {error}; make room or mend it, or name "
            "another file with POTSTILL_JOURNAL; nothing more is asked, and what was bought before is kept"
        )

    def _keep_aside(self, error: Exception) -> str:
        """Rename a damaged journal, and return where it is now; a new one begins only with the next run."""
        message = f"{self.path}: expected a journal, but {error}"
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        try:
            if not self.path.exists() or self.path.stat().st_ino != self._inode:
                return (
                    f"{message}; another run kept it aside as {self.path}.damaged-*, and nothing was asked; run again"
                )
            for suffix in ("", "-wal", "-shm"):
                file = Path(f"{self.path}{suffix}")
                if file.exists():
                    file.rename(f"{aside}{suffix}")
        except OSError as refusal:
            return f"{message}; it is to be kept as {aside}, but {refusal}: rename it so, and run again"
        return (
            f"{message}; it is kept as {aside}, and nothing was asked. "
            f"`sqlite3 {aside} .recover` may save its answers; the next run begins a new journal"
        )

    def __enter__(self) -> Self:
        """Return the open journal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; that it can no longer be written has been raised before."""
        with suppress(InputError):
            self.flush()
        self._database.close()
