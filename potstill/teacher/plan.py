"""What a run has to answer, on disk: which requests there are, under which keys, and which of those nobody has bought.

A hundred thousand requests with their messages would fill the memory; here they are in a file of SQLite's own, which
is gone when the run ends.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import NamedTuple

import msgspec

from potstill.core.catalogues import Teacher
from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.records import Chat, Request, Response, Usage, read_rows, split_files
from potstill.core.tokens import count_most_tokens
from potstill.teacher.counts import RequestCounts
from potstill.teacher.store.answers import COLUMNS, BoughtAnswer
from potstill.teacher.store.batches import BatchStore
from potstill.teacher.store.chunks import chunked
from potstill.teacher.store.claims import Claims
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.keys import Keys
from potstill.teacher.store.ledger import import_ledger

SCHEMA = """
    CREATE TABLE rows (split TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL);
    CREATE TABLE requests (key TEXT PRIMARY KEY, chat BLOB);
    CREATE TABLE failures (key TEXT PRIMARY KEY, failure TEXT NOT NULL) WITHOUT ROWID;
"""  # a request has its chat until it has an answer or is this run's to ask
CLAIM_BATCH = 64  # few, so that of two runs neither waits long for what the other one has claimed
BATCH = 1000
WHOLE_BATCH = 64  # of whole answers, whose log probabilities may be a megabyte each
CACHE_KB = 64_000  # keys come in no order, so that each one meets another page
ORIGIN = ("max_tokens", "status", "model", "endpoint_host", "asked_at")


class AnswerOrigin(NamedTuple):
    """Where an answer is from: its key and own token limit, which name it, its status, model, endpoint and moment."""

    key: str
    max_tokens: int
    status: str
    model: str | None
    endpoint_host: str
    asked_at: float


@contextmanager
def open_plan(params: Params, requests: Path, ledger: Path) -> Iterator["Plan"]:
    """Open the journal, import what the ledger has, and plan what must be asked."""
    with Journal(journal_path()) as journal:
        import_ledger(journal, ledger)
        with closing(Plan(journal, params.teachers[params.teacher], requests)) as plan:
            yield plan


class Plan:
    """The requests of one run; `counts` sums them up."""

    def __init__(self, journal: Journal, teacher: Teacher, folder: Path) -> None:
        """Read all requests, and look up each in the journal; raise InputError if a line of them is broken."""
        self.counts = RequestCounts()
        self.journal = journal
        self.claims = Claims(journal)
        self.batches = BatchStore(journal)
        self._chats = msgspec.json.Decoder(Chat)
        self._keys = Keys(teacher)
        self._max_tokens = teacher.max_tokens
        self._database = sqlite3.connect("", isolation_level=None)
        with self._describing_errors():
            self._database.executescript(f"PRAGMA cache_size = -{CACHE_KB}; {SCHEMA}")
            # Nobody else reads it, so nothing is committed: each time takes more than a hundred changes.
            self._database.execute("BEGIN")
            for file in split_files(folder):
                for requests in chunked(read_rows(file, Request), BATCH):
                    self._add(file.stem, requests)

    @contextmanager
    def _describing_errors(self) -> Iterator[None]:
        """Turn SQLite's errors about the file into an InputError; those about the journal are one already."""
        try:
            yield
        except sqlite3.Error as error:
            raise InputError(
                f"{gettempdir()}: expected room for a temporary file of the requests, but {error}; make room, or name "
                "another folder with TMPDIR"
            ) from None

    def _add(self, split: str, requests: list[Request]) -> None:
        """Keep rows; of their requests, count those that are new, and keep the chats of those without an answer."""
        chats = [request.to_chat() for request in requests]
        keys = [self._keys.key(chat, request.replicate) for chat, request in zip(chats, requests, strict=True)]
        rows = ((split, request.id, key) for request, key in zip(requests, keys, strict=True))
        self._database.executemany("INSERT INTO rows VALUES (?, ?, ?)", rows)
        self._database.executemany("INSERT OR IGNORE INTO requests (key) VALUES (?)", ((key,) for key in keys))
        query = "SELECT key FROM requests WHERE rowid > ? ORDER BY rowid"
        new = [key for (key,) in self._database.execute(query, (self.counts.distinct,))]
        self.counts.requests += len(requests)
        self.counts.distinct += len(new)
        chat_of = dict(zip(keys, chats, strict=True))
        found = self.journal.find_columns(("prompt_tokens", "completion_tokens", "segment"), new, self._max_tokens)
        held = self.batches.find_held([key for key in new if key not in found])
        self.counts.in_batches += len(held)
        missing = []
        for key in new:
            characters = sum([len(message.content) for message in chat_of[key].messages])
            if key in found:
                self.counts.add_found(characters, *found[key][1:])
                continue
            missing.append((msgspec.json.encode(chat_of[key]), key))
            if key not in held:
                self.counts.free_characters += characters
                self.counts.free_most_tokens += count_most_tokens(chat_of[key].messages)
        self._update("chat = ?", missing)

    def missing_keys(self) -> Iterator[str]:
        """Yield the key of each request that has no answer, but for those that this run has claimed to ask."""
        rows = self._database.execute("SELECT key FROM requests WHERE chat IS NOT NULL ORDER BY rowid")
        yield from (key for (key,) in rows)

    def find_rows(self, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the split and the id of each row that is one of these requests."""
        for batch in chunked(keys, BATCH):
            marks = ", ".join("?" * len(batch))
            yield from self._database.execute(f"SELECT split, id FROM rows WHERE key IN ({marks})", batch)  # noqa: S608

    def claim_missing(self, *, keep: bool = False) -> Iterator[tuple[str, Chat]]:
        """Claim and yield what nobody has answered, some at a time; what others have claimed is left to them.

        With `keep` what is yielded goes on being missing until it has an answer or fails, and is yielded again.
        """
        query = "SELECT rowid, key, chat FROM requests WHERE rowid > ? AND chat IS NOT NULL ORDER BY rowid LIMIT ?"
        position = 0
        while batch := self._database.execute(query, (position, CLAIM_BATCH)).fetchall():
            position = batch[-1][0]
            mine = self.claims.claim([key for _, key, _ in batch], self._max_tokens)
            if not keep:
                self._update("chat = NULL", [(key,) for key in mine])
            for _, key, chat in batch:
                if key in mine:
                    yield key, self._chats.decode(chat)

    def is_asked_elsewhere(self) -> bool:
        """Return whether another run is asking something that has no answer yet, other than in a batch."""
        return self.count_open() > sum(self.count_in_batches().values())

    def count_open(self) -> int:
        """Return how many requests have neither an answer nor a failure, and are not this run's to ask."""
        open_keys = list(self.missing_keys())
        answered = [origin.key for origin in self._find_origins(open_keys)]
        self._update("chat = NULL", [(key,) for key in answered])
        return len(open_keys) - len(answered)

    def count_in_batches(self) -> dict[str, int]:
        """Return the names of the batches that such requests are in, and how many are in each."""
        counts: Counter[str] = Counter()
        for keys in chunked(self.missing_keys(), BATCH):
            counts.update(self.batches.find_held(keys).values())
        return counts

    def sum_committed(self) -> Usage:
        """Return the tokens that the batches which hold requests of this plan take at most."""
        names = self.count_in_batches()
        usages = [batch.most_usage for batch in self.batches.read("ended_at IS NULL") if batch.name in names]
        return Usage(
            prompt_tokens=sum(usage.prompt_tokens for usage in usages),
            completion_tokens=sum(usage.completion_tokens for usage in usages),
        )

    def free_keys(self) -> Iterator[str]:
        """Yield the key of each missing request that is in no batch."""
        for keys in chunked(self.missing_keys(), BATCH):
            held = self.batches.find_held(keys)
            yield from (key for key in keys if key not in held)

    def find_usages(self, keys: Iterable[str]) -> dict[str, Usage | None]:
        """Return the tokens that an answer took, None where it was not metered, for each of these that has one now."""
        usages: dict[str, Usage | None] = {}
        for some in chunked(keys, BATCH):
            found = self.journal.find_columns(("prompt_tokens", "completion_tokens"), some, self._max_tokens)
            usages |= {key: None if prompt is None else Usage(prompt, answer) for key, prompt, answer in found.values()}
        return usages

    def is_open(self, key: str) -> bool:
        """Return whether a request of this plan has neither an answer nor a failure, as far as it knows."""
        query = "SELECT 1 FROM requests WHERE key = ? AND chat IS NOT NULL"
        return self._database.execute(query, (key,)).fetchone() is not None

    def note_failure(self, key: str, message: str) -> None:
        """Keep why a request has no answer, and let others ask it."""
        self._update("chat = NULL", [(key,)])
        with self._describing_errors():
            self._database.execute("INSERT OR REPLACE INTO failures VALUES (?, ?)", (key, message))
        self.claims.release(key, self._max_tokens)

    def _update(self, change: str, values: Sequence[tuple[object, ...]]) -> None:
        """Change requests, each of the values ending in a key."""
        with self._describing_errors():
            self._database.executemany(f"UPDATE requests SET {change} WHERE key = ?", values)  # noqa: S608

    def splits(self) -> list[str]:
        """Return the splits that have requests, in order."""
        rows = self._database.execute("SELECT split FROM rows GROUP BY split ORDER BY min(rowid)")
        return [split for (split,) in rows]

    def responses(self, split: str) -> Iterator[Response]:
        """Yield the row of each request that has an answer or a failure, in their order."""
        rows = self._database.execute(
            "SELECT id, key, failure FROM rows LEFT JOIN failures USING (key) WHERE split = ? ORDER BY rows.rowid",
            (split,),
        )
        for batch in chunked(rows, WHOLE_BATCH):
            found = self.journal.find_columns(COLUMNS, [key for _, key, _ in batch], self._max_tokens)
            for identity, key, failure in batch:
                if failure is not None:
                    yield Response(id=identity, key=key, status="failed", error=failure)
                elif key in found:
                    yield Response(id=identity, key=key, **vars(BoughtAnswer.from_columns(found[key][1:]).reply))

    def origins(self) -> Iterator[AnswerOrigin]:
        """Yield where the answer of each row that has one is from."""
        rows = self._database.execute("SELECT key FROM rows WHERE key NOT IN (SELECT key FROM failures)")
        yield from self._find_origins(key for (key,) in rows)

    def _find_origins(self, keys: Iterable[str]) -> Iterator[AnswerOrigin]:
        """Yield where the answers to these keys are from, without the answers themselves."""
        for batch in chunked(keys, BATCH):
            found = self.journal.find_columns(ORIGIN, batch, self._max_tokens)
            yield from (AnswerOrigin(*found[key]) for key in batch if key in found)

    def failures(self) -> tuple[int, str | None]:
        """Return how many rows failed, and the id and error of the last of them."""
        failed = "FROM rows JOIN failures USING (key)"
        (count,) = self._database.execute(f"SELECT count(*) {failed}").fetchone()
        last = f"SELECT '(' || id || ') with: ' || failure {failed} ORDER BY rows.rowid DESC LIMIT 1"
        return count, next((text for (text,) in self._database.execute(last)), None)

    def close(self) -> None:
        """Give up what was claimed, and the room on the disk."""
        self.claims.close()
        self._database.close()
