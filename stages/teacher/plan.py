"""What a run has to answer, on disk: which requests there are, under which keys, and which of those nobody has bought.

A hundred thousand requests with their messages would fill the memory; here they are in a file of SQLite's own, which
is gone when the run ends.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from stages.params import Teacher
from stages.records import Message, Request, Response, read_rows, split_files
from stages.teacher.journal import Bought, Journal
from stages.teacher.keys import answer_key

SCHEMA = """
    CREATE TABLE rows (split TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL);
    CREATE TABLE requests (key TEXT PRIMARY KEY, messages TEXT, failure TEXT, elsewhere INTEGER NOT NULL DEFAULT 0);
"""
BATCH = 64


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
        self._journal = journal
        self._teacher = teacher
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(SCHEMA)
        self._database.execute("BEGIN")
        for file in split_files(folder):
            for request in read_rows(file, Request):
                self._add(file.stem, request)
        self._database.execute("COMMIT")

    def _add(self, split: str, request: Request) -> None:
        """Note a row, and its request where it is the first of its kind; the messages only of what must be asked."""
        key = answer_key(self._teacher, request.messages, request.replicate)
        self.tally.requests += 1
        self._database.execute("INSERT INTO rows VALUES (?, ?, ?)", (split, request.id, key))
        messages = json.dumps([[message.role, message.content] for message in request.messages])
        new = "INSERT OR IGNORE INTO requests (key, messages) VALUES (?, ?)"
        if not self._database.execute(new, (key, messages)).rowcount:
            return
        self.tally.distinct += 1
        characters = sum(len(message.content) for message in request.messages)
        if bought := self._journal.find(key, self._teacher.max_tokens):
            self._database.execute("UPDATE requests SET messages = NULL WHERE key = ?", (key,))
            self._count_bought(bought, characters)
        else:
            self.tally.missing_characters += characters

    def _count_bought(self, bought: Bought, characters: int) -> None:
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
            mine = self._journal.claim([key for _, key, _ in batch], self._teacher.max_tokens)
            self._mark([(key not in mine, key) for _, key, _ in batch if (key not in mine) != elsewhere])
            for _, key, messages in batch:
                if key in mine:
                    yield key, [Message(role=role, content=content) for role, content in json.loads(messages)]

    def _mark(self, requests: list[tuple[bool, str]]) -> None:
        """Note which requests another run is asking."""
        self._database.executemany("UPDATE requests SET elsewhere = ? WHERE key = ?", requests)

    def note_failure(self, key: str, message: str) -> None:
        """Keep why a request has no answer, and let others ask it."""
        self._database.execute("UPDATE requests SET failure = ? WHERE key = ?", (message, key))
        self._journal.release(key, self._teacher.max_tokens)

    def is_open(self) -> bool:
        """Tell whether another run is asking something that has no answer yet."""
        left = self._database.execute("SELECT key FROM requests WHERE elsewhere AND failure IS NULL").fetchall()
        came = [key for (key,) in left if self._journal.find(key, self._teacher.max_tokens)]
        self._mark([(False, key) for key in came])
        self._database.executemany("UPDATE requests SET messages = NULL WHERE key = ?", [(key,) for key in came])
        return len(came) < len(left)

    def splits(self) -> list[str]:
        """List the splits that have requests, in order."""
        return [
            split for (split,) in self._database.execute("SELECT split FROM rows GROUP BY split ORDER BY min(rowid)")
        ]

    def rows(self, split: str) -> Iterator[tuple[Response, Bought | None]]:
        """Yield the row of each request that has an answer or a failure, in their order, and what the journal has."""
        rows = self._database.execute(
            "SELECT id, rows.key, failure FROM rows LEFT JOIN requests USING (key) WHERE split = ? ORDER BY rows.rowid",
            (split,),
        )
        for identity, key, failure in rows:
            if failure is not None:
                yield Response(id=identity, key=key, status="failed", error=failure), None
            elif bought := self._journal.find(key, self._teacher.max_tokens):
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
        """Give back the disk."""
        self._database.close()
