"""The batches that a service is at work on: which they are, and which requests are in them.

A request in a batch is claimed by the batch, which outlives the process: no run asks it, and every run that wants its
answer, in any clone on this machine, follows the batch to its end.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from sqlite3 import Connection

from potstill.core.errors import InputError
from potstill.core.records import Usage
from potstill.core.tokens import CHARACTERS_PER_TOKEN
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.owners import BATCH, is_alive, name_owner

CLAIM_S = 30 * 24 * 3600  # so long a service keeps answers, and so long nobody asks what is in a batch without an end
SUBMITTING, SUBMITTING_S = "submitting", 3600
GIVEN_UP = "given up"


@dataclass(frozen=True)
class JournalledBatch:
    """A batch as the journal has it; times are seconds since 1970, `id` and `state` are the service's.

    `name` is our own, `submitter` the process that submits it, `file` its uploaded requests, and `teacher` and
    `credentials` whom and where it asks. Until it has ended its tokens are those that are expected (of answers None
    where none is known), from then on those that came.
    """

    name: str
    teacher: str
    credentials: str
    endpoint: str
    max_tokens: int
    requests: int
    file: str
    begun_at: float
    submitter: str
    prompt_tokens: int
    completion_tokens: int | None
    id: str | None = None
    state: str = SUBMITTING
    done: int = 0
    failed: int = 0
    ended_at: float | None = None

    @property
    def most_usage(self) -> Usage:
        """Return the tokens that it takes at most, as far as is known."""
        return Usage(
            prompt_tokens=self.prompt_tokens * CHARACTERS_PER_TOKEN, completion_tokens=self.requests * self.max_tokens
        )

    @property
    def shown_id(self) -> str:
        """Return the id that a user knows it by."""
        return self.id or self.name


COLUMNS = tuple(field.name for field in fields(JournalledBatch))
SELECT = f"SELECT {', '.join(COLUMNS)} FROM batches"  # noqa: S608
INSERT = f"INSERT INTO batches ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
HELD = """
    SELECT key, substr(owner, :start) FROM claims
    WHERE key IN (SELECT value FROM json_each(:keys)) AND owner LIKE :batches
"""
HAND_OVER = """
    UPDATE claims SET owner = :batch, expires_at = :expiry
    WHERE owner = :owner AND max_tokens = :limit AND key IN (SELECT value FROM json_each(:keys))
"""


class BatchStore:
    """The batches of a `journal`; `owner` is this process's name."""

    def __init__(self, journal: Journal) -> None:
        """Keep the journal."""
        self.journal = journal
        self.owner = name_owner()

    def add(self, batch: JournalledBatch, keys: Sequence[str]) -> None:
        """Keep a batch that is about to be submitted, and make it the owner of this process's claims on its requests.

        Raise InputError if another run has taken one of them over, and change nothing.
        """
        values = {"batch": f"{BATCH}{batch.name}", "owner": self.owner, "limit": batch.max_tokens}
        with self.journal.transaction() as database:
            claimed = database.execute(HAND_OVER, values | {"keys": json.dumps(keys), "expiry": time.time() + CLAIM_S})
            if claimed.rowcount < len(keys):
                raise InputError(
                    "another run has answered or taken over requests of this batch, so it was not submitted; run again"
                )
            database.execute(INSERT, astuple(batch))

    def note(self, name: str, **changes: object) -> None:
        """Change what is known of a batch that has not ended."""
        with self.journal.transaction() as database:
            _update(database, name, changes)

    def take_over(self, batch: JournalledBatch) -> bool:
        """Return whether this process is now the one to submit a batch whose submitter has died."""
        if self.is_being_submitted(batch):
            return False
        with self.journal.transaction() as database:
            changed = database.execute(
                "UPDATE batches SET submitter = ? WHERE name = ? AND submitter = ? AND id IS NULL AND ended_at IS NULL",
                (self.owner, batch.name, batch.submitter),
            )
            return changed.rowcount == 1

    def is_being_submitted(self, batch: JournalledBatch) -> bool:
        """Return whether its submitter is at it; one on another machine cannot be seen, and has SUBMITTING_S."""
        alive = is_alive(batch.submitter)
        recent = batch.begun_at + SUBMITTING_S > time.time()
        return batch.id is None and (recent if alive is None else alive and batch.submitter != self.owner)

    def is_of_another_run(self, batch: JournalledBatch) -> bool:
        """Return whether another process submitted it that still runs, and so will count what it brings."""
        return batch.submitter != self.owner and bool(is_alive(batch.submitter))

    def end(self, name: str, **changes: object) -> None:
        """Note that a batch has ended, and let its requests be asked that have no answer."""
        with self.journal.transaction() as database:
            _update(database, name, {**changes, "ended_at": time.time()})
            database.execute("DELETE FROM claims WHERE owner = ?", (f"{BATCH}{name}",))

    def find_held(self, keys: Sequence[str]) -> dict[str, str]:
        """Return the name of the batch that holds it, for each of these keys that one holds, with any token limit."""
        values = {"keys": json.dumps(keys), "start": len(BATCH) + 1, "batches": f"{BATCH}%"}
        return dict(self.journal.read(HELD, values))

    def count_tokens(self, teacher: str, endpoint: str) -> int:
        """Return how many tokens of prompts a teacher's batches hold at an endpoint, of those that have not ended."""
        batches = self.read(
            "ended_at IS NULL AND teacher = :teacher AND endpoint = :endpoint", teacher=teacher, endpoint=endpoint
        )
        return sum(batch.prompt_tokens for batch in batches)

    def keys(self, name: str) -> list[str]:
        """Return the keys of the requests in a batch that has not ended."""
        owner = {"owner": f"{BATCH}{name}"}
        return [key for (key,) in self.journal.read("SELECT key FROM claims WHERE owner = :owner", owner)]

    def read(self, condition: str = "true", **values: object) -> Iterator[JournalledBatch]:
        """Yield the batches for which a condition on their columns holds, the oldest first."""
        for row in self.journal.read(f"{SELECT} WHERE {condition} ORDER BY begun_at", values):
            yield JournalledBatch(*row)


def _update(database: Connection, name: str, changes: Mapping[str, object]) -> None:
    """Change columns of a batch that has not ended."""
    columns = ", ".join(f"{column} = :{column}" for column in changes)
    query = f"UPDATE batches SET {columns} WHERE name = :name AND ended_at IS NULL"  # noqa: S608
    database.execute(query, {**changes, "name": name})
