"""Claims on requests, so that two runs at once buy each answer once."""

import json
import time
from collections.abc import Sequence
from contextlib import suppress

from potstill.core.errors import InputError
from potstill.teacher.store.journal import SERVES, Journal
from potstill.teacher.store.owners import BATCH, is_alive, name_owner

CLAIM_S = 60
CLAIM = f"""
    INSERT INTO claims SELECT value, :limit, :owner, :expiry FROM json_each(:keys)
    WHERE NOT EXISTS (SELECT 1 FROM answers WHERE answers.key = value AND {SERVES})
    ON CONFLICT DO UPDATE SET expires_at = :expiry WHERE owner = :owner
"""  # noqa: S608
HELD = "SELECT {} FROM claims WHERE key IN (SELECT value FROM json_each(:keys))"
# A batch holds a request for any token limit: most answers serve others too, and it may be a day before it ends.
OTHERS = (
    f"{HELD.format('key, owner, expires_at')} AND owner != :owner AND (max_tokens = :limit OR owner LIKE '{BATCH}%')"
)
MINE = f"{HELD.format('key')} AND max_tokens = :limit AND owner = :owner AND expires_at = :expiry"
DROP_ENDED = "DELETE FROM claims WHERE key = ? AND max_tokens = ? AND owner = ? AND expires_at = ?"
DROP = "DELETE FROM claims WHERE key = ? AND max_tokens = ? AND owner = ?"
DROP_ANSWERED = """
    DELETE FROM claims WHERE owner = ? AND EXISTS (
        SELECT 1 FROM answers WHERE answers.key = claims.key AND answers.max_tokens = claims.max_tokens
    )
"""


class Claims:
    """This process's claims in a journal; they end when closed, or with the process.

    One on another machine that shares the file cannot be seen to end, so its claims also expire.
    """

    def __init__(self, journal: Journal) -> None:
        """Keep the journal, and this process's name; claim nothing yet."""
        self._journal = journal
        self._owner = name_owner()

    def claim(self, keys: Sequence[str], max_tokens: int) -> set[str]:
        """Return those keys that are now this run's to ask: not bought meanwhile, and claimed by nobody who lives.

        Nothing is written where nothing is free: a run that waits for what others ask must not keep them from writing.
        """
        free, ended = self._find_free(keys, max_tokens)
        if not free:
            return set()
        with self._journal.transaction() as database:
            database.executemany(DROP_ENDED, ended)
            expiry = time.time() + CLAIM_S
            values = {"keys": json.dumps(free), "limit": max_tokens, "owner": self._owner, "expiry": expiry}
            database.execute(CLAIM, values)
            return {key for (key,) in database.execute(MINE, values)}

    def _find_free(self, keys: Sequence[str], max_tokens: int) -> tuple[list[str], list[tuple[str, int, str, float]]]:
        """Return the keys that no other living owner has claimed, and the claims on them that have ended."""
        values = {"keys": json.dumps(keys), "limit": max_tokens, "owner": self._owner}
        others = list(self._journal.read(OTHERS, values))
        alive = {owner: is_alive(owner) for owner in {owner for _, owner, _ in others}}
        ended = [claim for claim in others if _has_ended(alive[claim[1]], claim[2])]
        held = {key for key, *_ in set(others).difference(ended)}
        free = [key for key in keys if key not in held]
        return free, [(key, max_tokens, owner, expires_at) for key, owner, expires_at in ended]

    def renew(self) -> None:
        """Extend all claims by CLAIM_S from now, and release those with an answer; to be called more often than that.

        To release each with its answer would cost twice the writing, and a claim beside an answer stops nobody.
        """
        with self._journal.transaction() as database:
            database.execute(DROP_ANSWERED, (self._owner,))
            database.execute("UPDATE claims SET expires_at = ? WHERE owner = ?", (time.time() + CLAIM_S, self._owner))

    def release(self, key: str, max_tokens: int) -> None:
        """Release one claim, whose request has no answer."""
        with self._journal.transaction() as database:
            database.execute(DROP, (key, max_tokens, self._owner))

    def close(self) -> None:
        """Release all claims; an error is ignored, since they end with the process anyway."""
        with suppress(InputError), self._journal.transaction() as database:
            database.execute("DELETE FROM claims WHERE owner = ?", (self._owner,))


def _has_ended(alive: bool | None, expires_at: float) -> bool:
    """Return whether a claim has ended: with its owner, or by its expiry where nobody knows whether the owner lives."""
    return expires_at < time.time() if alive is None else not alive
