"""Who is asking for what, so that two runs at once buy each answer once."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress

from stages.errors import InputError
from stages.teacher.journal import SERVING, Journal
from stages.teacher.owners import is_alive, name_owner

CLAIM_S = 60
CLAIM = f"""
    INSERT INTO claims SELECT :key, :limit, :owner, :expiry WHERE NOT EXISTS (SELECT 1 {SERVING})
    ON CONFLICT DO UPDATE SET owner = :owner, expires_at = :expiry WHERE owner = :owner OR expires_at < :now
"""
HELD = "SELECT owner FROM claims WHERE key = :key AND max_tokens = :limit"
DROP = "DELETE FROM claims WHERE key = :key AND max_tokens = :limit"
DROP_ANSWERED = """
    DELETE FROM claims WHERE owner = ? AND EXISTS (
        SELECT 1 FROM answers WHERE answers.key = claims.key AND answers.max_tokens = claims.max_tokens
    )
"""


class Claims:
    """This process's claims in a journal; they end when closed, and expire where it dies before."""

    def __init__(self, journal: Journal) -> None:
        """Claim nothing yet."""
        self._journal = journal
        self._owner = name_owner()

    def claim(self, keys: Sequence[str], max_tokens: int) -> set[str]:
        """Return those keys that are now this run's to ask: not bought meanwhile, and claimed by nobody who lives."""
        now = time.time()
        values = {"limit": max_tokens, "owner": self._owner, "now": now, "expiry": now + CLAIM_S}
        with self._journal.transaction() as database:
            return {key for key in keys if _claim_one(database, {"key": key, **values})}

    def renew(self) -> None:
        """Put off the expiry of all claims, and give up those that got their answer; to be done often in CLAIM_S.

        To give each up with its answer would cost twice the writing, and a claim beside an answer holds nobody back.
        """
        with self._journal.transaction() as database:
            database.execute(DROP_ANSWERED, (self._owner,))
            database.execute("UPDATE claims SET expires_at = ? WHERE owner = ?", (time.time() + CLAIM_S, self._owner))

    def release(self, key: str, max_tokens: int) -> None:
        """Give up a claim without an answer."""
        with self._journal.transaction() as database:
            database.execute(DROP, {"key": key, "limit": max_tokens})

    def close(self) -> None:
        """Give up all claims; where that fails they expire, and the error that matters has been told."""
        with suppress(InputError), self._journal.transaction() as database:
            database.execute("DELETE FROM claims WHERE owner = ?", (self._owner,))


def _claim_one(database: sqlite3.Connection, values: dict[str, object]) -> bool:
    """Claim a key, also after an owner that died without giving it up."""
    if database.execute(CLAIM, values).rowcount:
        return True
    held = database.execute(HELD, values).fetchone()
    if held is None or is_alive(held[0]):
        return False
    database.execute(DROP, values)
    return database.execute(CLAIM, values).rowcount > 0
