import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from potstill.teacher.api.replies import Reply
from potstill.teacher.store.claims import CLAIM_S, Claims
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.owners import name_owner
from potstill.teacher.upkeep import renew_often

ROOT = Path(__file__).parents[3]
ANSWER = Reply("answered", "A", None, "stop", "m", None, None)
HOLD = """
import sys
from pathlib import Path
from potstill.teacher.store.claims import Claims
from potstill.teacher.store.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    claims = Claims(journal)
    print(len(claims.claim(sys.argv[2:], 16)), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@contextlib.contextmanager
def claiming(path: Path) -> Iterator[Claims]:
    with Journal(path) as journal, contextlib.closing(Claims(journal)) as claims:
        yield claims


@contextlib.contextmanager
def another_process_holds(path: Path, keys: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """Let another process that lives on claim the keys."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), *keys], cwd=ROOT, stdin=pipe, stdout=pipe, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == f"{len(keys)}\n"
        try:
            yield other
        finally:
            other.kill()


def test_what_one_run_claims_no_other_gets(path: Path) -> None:
    with claiming(path) as one, another_process_holds(path, ["held"]):
        assert one.claim(["held", "free"], 16) == {"free"}
        assert one.claim(["free"], 16) == {"free"}


def test_what_a_dead_run_claimed_is_taken_over(path: Path) -> None:
    with Journal(path):
        with another_process_holds(path, ["held"]) as other:
            other.kill()
            other.wait()
        with claiming(path) as claims:
            assert claims.claim(["held"], 16) == {"held"}


def change_claims(path: Path, change: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(path)) as rows, rows:
        rows.execute(f"UPDATE claims SET {change}", values)


def test_a_claim_of_another_machine_is_taken_over_when_it_expired(path: Path) -> None:
    with claiming(path) as claims, another_process_holds(path, ["held"]):
        change_claims(path, "owner = 'elsewhere 1 1.00'")
        assert claims.claim(["held"], 16) == set()
        change_claims(path, "expires_at = ?", time.time() - 1)
        assert claims.claim(["held"], 16) == {"held"}


def test_a_run_of_this_machine_that_was_asleep_keeps_its_claims(path: Path) -> None:
    with claiming(path) as claims, another_process_holds(path, ["held"]) as other:
        other.send_signal(signal.SIGSTOP)
        change_claims(path, "expires_at = ?", time.time() - 1)
        assert claims.claim(["held"], 16) == set()


def test_to_look_for_what_is_all_held_does_not_wait_for_those_who_write(path: Path) -> None:
    with (
        claiming(path) as claims,
        another_process_holds(path, ["held"]),
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writing,
    ):
        writing.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        assert claims.claim(["held"], 16) == set()
        assert time.monotonic() - started < 5


def test_a_claim_that_is_renewed_does_not_expire(path: Path) -> None:
    with claiming(path) as claims:
        claims.claim(["mine"], 16)
        with contextlib.closing(sqlite3.connect(path)) as rows:
            rows.execute("UPDATE claims SET expires_at = 1")
            rows.commit()
            claims.renew()
            (expiry,) = rows.execute("SELECT expires_at FROM claims").fetchone()
    assert expiry > time.time() + CLAIM_S / 2


@pytest.mark.parametrize("limit", [16, 17])
def test_what_was_bought_meanwhile_is_not_claimed(path: Path, limit: int) -> None:
    with Journal(path) as journal, contextlib.closing(Claims(journal)) as claims:
        journal.record("key", 16, ANSWER, "host")
        assert claims.claim(["key"], limit) == set()


def test_what_another_run_claimed_is_not_given_up(path: Path) -> None:
    with claiming(path) as claims, another_process_holds(path, ["held"]):
        claims.release("held", 16)
        assert claims.claim(["held"], 16) == set()


def test_the_same_request_under_another_limit_is_another_claim(path: Path) -> None:
    with claiming(path) as claims, another_process_holds(path, ["held"]):
        assert claims.claim(["held"], 17) == {"held"}


def test_a_claim_ends_with_its_answer_when_it_is_given_up_and_with_the_run(path: Path) -> None:
    with Journal(path) as journal, contextlib.closing(Claims(journal)) as claims:
        claims.claim(["a", "b", "c"], 16)
        journal.record("a", 16, ANSWER, "host")
        claims.release("b", 16)
        claims.renew()
        with contextlib.closing(sqlite3.connect(path)) as rows:
            assert rows.execute("SELECT key FROM claims").fetchall() == [("c",)]
    with contextlib.closing(sqlite3.connect(path)) as rows:
        assert rows.execute("SELECT key FROM claims").fetchall() == []


@pytest.mark.skipif(sys.platform != "linux", reason="where psutil adds the clock to what the system counts")
def test_an_owner_is_named_by_what_no_change_of_the_clock_moves() -> None:
    ticks = int(Path("/proc/self/stat").read_text().rpartition(") ")[2].split()[19])
    started = float(name_owner().rsplit(" ", 1)[1])
    assert started == pytest.approx(ticks / os.sysconf("SC_CLK_TCK"), abs=0.1)


def test_a_run_renews_its_claims_as_long_as_it_asks(path: Path) -> None:
    def expiry() -> float:
        ((expires_at,),) = claims._journal.read("SELECT expires_at FROM claims")
        return float(expires_at)

    async def ask_for_a_while() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(renew_often(claims, interval_s=0.01), timeout=0.1)

    with claiming(path) as claims:
        claims.claim(["key"], 16)
        before = expiry()
        asyncio.run(ask_for_a_while())
        assert expiry() > before
