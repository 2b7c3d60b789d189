"""The machine-local record of every answer that was ever bought."""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs

from stages.environment import load_env_file
from stages.errors import InputError
from stages.params import Teacher
from stages.records import Message, Usage
from stages.teacher.replies import Reply

VERSION = 1
PATIENCE_S = 60
SCHEMA = """
CREATE TABLE answers (
    key TEXT NOT NULL,
    max_tokens INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('answered', 'truncated', 'filtered')),
    content TEXT,
    reasoning TEXT,
    finish_reason TEXT,
    model TEXT,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    logprobs TEXT,
    endpoint_host TEXT NOT NULL,
    asked_at REAL NOT NULL,
    PRIMARY KEY (key, max_tokens)
) WITHOUT ROWID
"""


def journal_path() -> Path:
    """Return where the journal is: $POTSTILL_JOURNAL (also from .env), or the user's data folder."""
    load_env_file()
    chosen = Path(os.environ.get("POTSTILL_JOURNAL") or Path(platformdirs.user_data_dir("potstill")) / "journal.sqlite")
    if not chosen.expanduser().is_absolute():
        raise InputError(
            f"POTSTILL_JOURNAL: expected a full path, since every clone is to find it, got {str(chosen)!r}"
        )
    return chosen.expanduser()


def answer_key(teacher: Teacher, messages: Sequence[Message], replicate: int) -> str:
    """Return the sha256 that names an answer: all that decides it, and nothing else.

    The token limit is left out, since an answer that ended by itself serves any limit that it fits in; so are the
    endpoint and the credentials, since two resources that serve one model share their answers.
    """
    decisive = {
        "provider": teacher.provider,
        "model": teacher.model,
        "temperature": float(teacher.temperature),
        "top_p": teacher.top_p,
        "seed": teacher.seed,
        "messages": [[message.role, message.content] for message in messages],
        "replicate": replicate,
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


class Journal:
    """A SQLite file of answers by key, each committed as it arrives. Errors are never stored as answers."""

    def __init__(self, path: Path) -> None:
        """Open the journal, or make a new one that only its owner may read."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            with suppress(PermissionError):  # another user's journal, opened to this one
                path.chmod(0o600)
            self._database = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE_S)
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                f"{path}: expected a journal that can be read and written, but {error}; mend it, or name another "
                "file with POTSTILL_JOURNAL"
            ) from None

    def _prepare(self) -> None:
        """Migrate the file, waiting for another process that does so; SQLite does not wait for the switch to WAL."""
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
        """Bring the file to this version's schema; a newer one is refused."""
        if self._version() > VERSION:  # read before anything is written: WAL mode alone would change the file
            raise InputError(
                f"{self.path}: expected a journal of version {VERSION}, got {self._version()}; update Potstill"
            )
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("BEGIN IMMEDIATE")
        if self._version() == 0:
            self._database.execute(SCHEMA)
            self._database.execute(f"PRAGMA user_version = {VERSION}")
        self._database.execute("COMMIT")

    def _version(self) -> int:
        """Read the version of the file's schema; 0 for a new file."""
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        return int(version)

    def find(self, key: str, max_tokens: int) -> Reply | None:
        """Return the answer bought under this key that serves this token limit, or None.

        One that ended by itself serves any limit that it fits in; a truncated one only the limit that it hit. Of
        several, the one asked with this very limit stays the answer, whatever is bought with another one.
        """
        row = self._database.execute(
            """
            SELECT status, content, reasoning, finish_reason, model, prompt_tokens, completion_tokens, logprobs
            FROM answers WHERE key = :key AND (max_tokens = :limit OR
                (status != 'truncated' AND (max_tokens < :limit OR completion_tokens <= :limit)))
            ORDER BY status = 'truncated', max_tokens = :limit DESC, max_tokens LIMIT 1
            """,
            {"key": key, "limit": max_tokens},
        ).fetchone()
        if row is None:
            return None
        status, content, reasoning, finish_reason, model, prompt_tokens, completion_tokens, logprobs = row
        return Reply(
            status=status,
            content=content,
            reasoning=reasoning,
            finish_reason=finish_reason,
            model=model,
            usage=None
            if prompt_tokens is None
            else Usage(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens),
            logprobs=None if logprobs is None else json.loads(logprobs),
        )

    def record(self, key: str, max_tokens: int, reply: Reply, endpoint_host: str) -> None:
        """Keep an answer for good; the first one under a key and limit stays."""
        self._database.execute(
            "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                max_tokens,
                reply.status,
                reply.content,
                reply.reasoning,
                reply.finish_reason,
                reply.model,
                reply.usage and reply.usage.prompt_tokens,
                reply.usage and reply.usage.completion_tokens,
                None if reply.logprobs is None else json.dumps(reply.logprobs),
                endpoint_host,
                time.time(),
            ),
        )

    def __enter__(self) -> Self:
        """Return the open journal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._database.close()
