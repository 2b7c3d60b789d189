"""What a run has to answer, on disk: which requests there are, under which keys, and which of those nobody has bought.

A hundred thousand requests with their messages would fill the memory; here they are in a file of SQLite's own, which
is gone when the run ends.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType
from typing import Self

from pydantic import TypeAdapter

from potstill.core.errors import InputError
from potstill.core.params import Teacher
from potstill.core.records import Message, Request, Response, read_rows, split_files
from potstill.teacher.store.answers import BoughtAnswer
from potstill.teacher.store.batches import batched
from potstill.teacher.store.claims import Claims
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.keys import answer_key

SCHEMA = """
    CREATE TABLE rows (split TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL);
    CREATE TABLE requests (key TEXT PRIMARY KEY, messages BLOB, failure TEXT, elsewhere INTEGER NOT NULL DEFAULT 0);
"""
BATCH = 64
MESSAGES = TypeAdapter(list[Message])


@dataclass
class Tally:
    """How many requests there are, how many of them differ, and which answers to those were bought before."""

    requests: int = 0
    distinct: int = 0
    from_journal: int = 0
    from_ledger: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    characters: int = 0
    missing_characters: int = 0

    @property
    def missing(self) -> int:
        """Return how many distinct requests must be asked."""
        return self.distinct - self.from_journal - self.from_ledger

    def add_bought_elsewhere(self, asked: int) -> None:
        """Count as found in the journal what another run bought while this one, now complete, asked so many."""
        self.from_journal += self.missing - asked


class Plan:
    """The requests of one run; `tally` counts them. An InputError names a broken line of them."""

    def __init__(self, journal: Journal, teacher: Teacher, folder: Path) -> None:
        """Read all requests, and look up each in the journal."""
        self.tally = Tally()
        self.claims = Claims(journal)
        self._journal = journal
        self._teacher = teacher
        self._database = sqlite3.connect("", isolation_level=None)
        with self._plain_errors():
            self._database.executescript(SCHEMA)
            self._database.execute("BEGIN")
            for file in split_files(folder):
                for requests in batched(read_rows(file, Request), BATCH):
                    self._add(file.stem, requests)
            self._database.execute("COMMIT")

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Turn what SQLite says of the file into an InputError; what it says of the journal is one already."""
        try:
            yield
        except sqlite3.Error as error:
            raise InputError(
                f"{gettempdir()}: expected room for a temporary file of the requests, but {error}; make room, or name "
                "another folder with TMPDIR"
            ) from None

    def _add(self, split: str, requests: list[Request]) -> None:
        """Note rows, and their requests where they are the first of their kind."""
        first: dict[str, Request] = {}
        for request in requests:
            key = answer_key(self._teacher, request.messages, request.replicate)
            self._database.execute("INSERT INTO rows VALUES (?, ?, ?)", (split, request.id, key))
            if self._database.execute("INSERT OR IGNORE INTO requests (key) VALUES (?)", (key,)).rowcount:
                first[key] = request
        self.tally.requests += len(requests)
        self.tally.distinct += len(first)
        answers = self._journal.find_all(list(first), self._teacher.max_tokens)
        for (key, request), bought in zip(first.items(), answers, strict=True):
            self._look_at(key, request.messages, bought)

    def _look_at(self, key: str, messages: list[Message], bought: BoughtAnswer | None) -> None:
        """Count an answer that is there, or keep the messages of one that must be asked for."""
        characters = sum(len(message.content) for message in messages)
        if bought:
            self._count_bought(bought, characters)
        else:
            self.tally.missing_characters += characters
            keep = "UPDATE requests SET messages = ? WHERE key = ?"
            self._database.execute(keep, (MESSAGES.dump_json(messages), key))

    def _count_bought(self, bought: BoughtAnswer, characters: int) -> None:
        """Count an answer that was there, and what it says of how many tokens such requests take."""
        if bought.from_ledger:
            self.tally.from_ledger += 1
        else:
            self.tally.from_journal += 1
        if bought.reply.usage:
            self.tally.prompt_tokens += bought.reply.usage.prompt_tokens
            self.tally.completion_tokens += bought.reply.usage.completion_tokens
            self.tally.characters += characters

    def claim_missing(self, *, elsewhere: bool = False) -> Iterator[tuple[str, list[Message]]]:
        """Claim and yield what has neither answer nor failure, a batch at a time.

        What another run has claimed is left to it, and may be claimed later with `elsewhere`.
        """
        position = 0
        while batch := self._database.execute(
            "SELECT rowid, key, messages FROM requests WHERE rowid > ? AND messages IS NOT NULL AND failure IS NULL "
            "AND elsewhere = ? ORDER BY rowid LIMIT ?",
            (position, elsewhere, BATCH),
        ).fetchall():
            position = batch[-1][0]
            mine = self.claims.claim([key for _, key, _ in batch], self._teacher.max_tokens)
            self._mark([(key not in mine, key) for _, key, _ in batch if (key not in mine) != elsewhere])
            for _, key, messages in batch:
                if key in mine:
                    yield key, MESSAGES.validate_json(messages)

    def _mark(self, requests: Sequence[tuple[bool, str]]) -> None:
        """Note which requests another run is asking."""
        self._change("UPDATE requests SET elsewhere = ? WHERE key = ?", requests)

    def note_failure(self, key: str, message: str) -> None:
        """Keep why a request has no answer, and let others ask it."""
        self._change("UPDATE requests SET failure = ? WHERE key = ?", [(message, key)])
        self.claims.release(key, self._teacher.max_tokens)

    def _change(self, query: str, requests: Sequence[tuple[object, ...]]) -> None:
        """Write to the file, once for each request."""
        with self._plain_errors():
            self._database.executemany(query, requests)

    def is_open(self) -> bool:
        """Return whether another run is asking something that has no answer yet."""
        query = "SELECT key FROM requests WHERE elsewhere AND failure IS NULL"
        left = [key for (key,) in self._database.execute(query)]
        came = [(key,) for keys in batched(left, BATCH) for key in self._bought_of(keys)]
        self._change("UPDATE requests SET elsewhere = FALSE, messages = NULL WHERE key = ?", came)
        return len(came) < len(left)

    def _bought_of(self, keys: list[str]) -> list[str]:
        """Return those keys that the journal has an answer to."""
        answers = self._journal.find_all(keys, self._teacher.max_tokens)
        return [key for key, bought in zip(keys, answers, strict=True) if bought]

    def splits(self) -> list[str]:
        """List the splits that have requests, in order."""
        return [
            split for (split,) in self._database.execute("SELECT split FROM rows GROUP BY split ORDER BY min(rowid)")
        ]

    def rows(self, split: str) -> Iterator[tuple[Response, BoughtAnswer | None]]:
        """Yield the row of each request that has an answer or a failure, in their order, and what the journal has."""
        rows = self._database.execute(
            "SELECT id, rows.key, failure FROM rows LEFT JOIN requests USING (key) WHERE split = ? ORDER BY rows.rowid",
            (split,),
        )
        for batch in batched(rows, BATCH):
            answers = self._journal.find_all([key for _, key, _ in batch], self._teacher.max_tokens)
            for (identity, key, failure), bought in zip(batch, answers, strict=True):
                if failure is not None:
                    yield Response(id=identity, key=key, status="failed", error=failure), None
                elif bought:
                    yield Response(id=identity, key=key, **vars(bought.reply)), bought

    def failures(self) -> tuple[int, str | None]:
        """Return how many rows failed, and what the last of them met."""
        count, last = self._database.execute(
            "SELECT count(*), max(rows.rowid) FROM rows JOIN requests USING (key) WHERE failure IS NOT NULL"
        ).fetchone()
        if last is None:
            return 0, None
        said = "SELECT '(' || id || ') with: ' || failure FROM rows JOIN requests USING (key) WHERE rows.rowid = ?"
        (message,) = self._database.execute(said, (last,)).fetchone()
        return count, message

    def __enter__(self) -> Self:
        """Return the plan."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up what was claimed, and give back the disk."""
        self.claims.close()
        self._database.close()
