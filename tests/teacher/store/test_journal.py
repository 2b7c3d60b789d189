import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest

from potstill.core.errors import InputError
from potstill.teacher.api.replies import Reply
from potstill.teacher.store.answers import BoughtAnswer
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.migrations import MIGRATIONS, VERSION
from tests.teacher.store.bought import EMPTY, FULL, make_reply

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "journal.sqlite"


def find(journal: Journal, key: str, max_tokens: int) -> Reply | None:
    """Return the reply itself."""
    answer = journal.find(key, max_tokens)
    return answer and answer.reply


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(FULL, id="every field"),
        pytest.param(EMPTY, id="every field empty"),
        pytest.param(make_reply(""), id="empty text"),
        pytest.param(make_reply("0123456789abcdef" * 12_800), id="200 kB"),
    ],
)
def test_an_answer_comes_back_as_it_was(path: Path, reply: Reply) -> None:
    before = time.time()
    with Journal(path) as journal:
        journal.record("key", 16, reply, "models.example")

    with Journal(path) as journal:
        found = journal.find("key", 16)
    assert found is not None
    assert found == BoughtAnswer("key", 16, reply, "models.example", found.asked_at)
    assert before <= found.asked_at <= time.time()


def test_only_its_owner_may_read_the_journal(path: Path) -> None:
    before = os.umask(0)
    try:
        with Journal(path) as journal:
            path.chmod(0o644)
        with Journal(path) as journal:
            journal.record("key", 16, make_reply(), "host")
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)

    assert modes == dict.fromkeys(("journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"), 0o600)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param("/elsewhere/answers.sqlite", "/elsewhere/answers.sqlite", id="a full path"),
        pytest.param("~/answers.sqlite", "/home/somebody/answers.sqlite", id="in the home folder"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="unset"),
    ],
)
def test_the_journal_is_where_the_environment_says_or_in_the_users_data_folder(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, expected: str | None
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_DATA_HOME", "/home/somebody/data")
    monkeypatch.setenv("POTSTILL_JOURNAL", chosen or "")
    if chosen is None:
        monkeypatch.delenv("POTSTILL_JOURNAL")

    assert journal_path() == Path(expected or f"{platformdirs.user_data_dir('potstill')}/journal.sqlite")


def test_the_env_file_may_say_where_the_journal_is_by_a_full_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POTSTILL_JOURNAL")
    (tmp_path / ".env").write_text(f"POTSTILL_JOURNAL={tmp_path / 'shared.sqlite'}\n")
    assert journal_path() == tmp_path / "shared.sqlite"

    monkeypatch.setenv("POTSTILL_JOURNAL", "answers.sqlite")  # each folder would have one of its own
    with pytest.raises(InputError, match=r"POTSTILL_JOURNAL: expected a full path, .*, got 'answers.sqlite'"):
        journal_path()


@pytest.mark.parametrize(
    ("reply", "limit", "served"),
    [
        pytest.param(make_reply(), 16, True, id="answered, same limit"),
        pytest.param(make_reply(), 4000, True, id="answered, larger limit"),
        pytest.param(make_reply(), 3, True, id="answered, smaller limit that it just fits in"),
        pytest.param(make_reply(), 2, False, id="answered, limit that it does not fit in"),
        pytest.param(make_reply(completion_tokens=None), 8, False, id="answered, nobody knows whether it fits"),
        pytest.param(make_reply(status="truncated"), 16, True, id="truncated, same limit"),
        pytest.param(make_reply(status="truncated"), 17, False, id="truncated, larger limit"),
        pytest.param(make_reply(status="truncated"), 15, False, id="truncated, smaller limit"),
        pytest.param(make_reply(None, "filtered", None), 16, True, id="filtered, same limit"),
        pytest.param(make_reply(None, "filtered", None), 4000, True, id="filtered, larger limit"),
    ],
)
def test_an_answer_to_16_tokens_serves_the_limits_that_it_would_have_ended_in(
    path: Path, reply: Reply, limit: int, served: bool
) -> None:
    with Journal(path) as journal:
        journal.record("key", 16, reply, "host")

        assert find(journal, "key", limit) == (reply if served else None)
        assert find(journal, "another", limit) is None


@pytest.mark.parametrize(
    ("first", "second", "limit"),
    [
        pytest.param((16, make_reply("A")), (16, make_reply("B")), 16, id="the first"),
        pytest.param((32, make_reply("A", completion_tokens=15)), (16, make_reply("B", "truncated")), 16, id="whole"),
        pytest.param((32, make_reply("A")), (16, make_reply("B")), 32, id="asked with the same limit"),
    ],
)
def test_of_two_answers_one_is_served(
    path: Path, first: tuple[int, Reply], second: tuple[int, Reply], limit: int
) -> None:
    with Journal(path) as journal:
        for max_tokens, reply in (first, second):
            journal.record("key", max_tokens, reply, "host")

        found = find(journal, "key", limit)
    assert found is not None
    assert found.content == "A"


def test_many_are_found_at_once_each_as_alone(path: Path) -> None:
    with Journal(path) as journal:
        journal.record("one", 16, make_reply(), "host")
        journal.record("cut", 16, make_reply("B", "truncated"), "host")

        found = journal.find_all(["one", "none", "cut", "one"], 32)

        assert found == [journal.find("one", 32), None, None, journal.find("one", 32)]


WRITER = """
import os
import sys
from pathlib import Path
from potstill.teacher.api.replies import Reply
from potstill.teacher.store.journal import Journal

mine = sys.argv[2]
with Journal(Path(sys.argv[1])) as journal:
    print("open", flush=True)
    sys.stdin.readline()
    for number in range(100):
        journal.record(f"{mine}{number}", 16, Reply("answered", mine, None, None, None, None, None), "host")
    os.kill(os.getpid(), 9)
"""


def test_two_processes_that_write_at_once_and_are_killed_lose_nothing(path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), mine],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for mine in "ab"
    ]
    assert [writer.stdout and writer.stdout.readline() for writer in writers] == ["open\n", "open\n"]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=30)

    assert [writer.returncode for writer in writers] == [-9, -9]
    with Journal(path) as journal:
        replies = {mine: [find(journal, f"{mine}{number}", 16) for number in range(100)] for mine in "ab"}
    assert all(reply is not None and reply.content == mine for mine, kept in replies.items() for reply in kept)


def test_a_new_journal_waits_for_another_process_that_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        soon = threading.Timer(0.3, other.execute, ["COMMIT"])
        soon.start()

        with Journal(path) as journal:
            journal.record("key", 16, make_reply(), "host")
            assert find(journal, "key", 16) == make_reply()
        soon.join()


def test_a_journal_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as newer:
        newer.execute("CREATE TABLE answers_of_tomorrow (key TEXT)")
        newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()

    with pytest.raises(InputError) as raised:
        Journal(path)

    assert f"{path}: expected a journal of version {VERSION}, got {VERSION + 1}" in str(raised.value)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_journal_of_the_first_version_is_brought_up_to_date_with_its_answers(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path)) as old, old:
        for statement in MIGRATIONS[0]:
            old.execute(statement)
        values = "'key', 16, 'answered', 'A', NULL, NULL, NULL, NULL, NULL, NULL, 'h', 0"
        old.execute(f"INSERT INTO answers VALUES ({values})")
        old.execute("PRAGMA user_version = 1")

    with Journal(path) as journal:
        found = journal.find("key", 16)

    assert found == BoughtAnswer("key", 16, Reply("answered", "A", None, None, None, None, None), "h", 0.0)


def below_a_file(path: Path) -> Path:
    path.write_text("")
    return path / "journal.sqlite"


def a_folder(path: Path) -> Path:
    path.mkdir()
    return path


def no_database(path: Path) -> Path:
    path.write_text("Dear diary, " * 100)
    return path


@pytest.mark.parametrize("spoil", [below_a_file, a_folder, no_database])
def test_a_path_that_can_hold_no_journal_gives_a_sentence_and_stays_as_it_is(
    tmp_path: Path, spoil: Callable[[Path], Path]
) -> None:
    path = spoil(tmp_path / "file")

    with pytest.raises(InputError) as raised:
        Journal(path)

    assert str(raised.value).startswith(f"{path}: expected a journal that can be read and written, but ")
    assert "POTSTILL_JOURNAL" in str(raised.value)
    if spoil is no_database:
        assert path.read_text() == "Dear diary, " * 100


def damaged_journal(path: Path) -> Path:
    """Make a journal whose pages, but the first, are lost."""
    with Journal(path) as journal:
        for number in range(100):
            journal.record(f"key{number}", 16, make_reply("x" * 1000), "host")
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))
    return path


def test_a_damaged_journal_is_kept_aside_and_named(path: Path) -> None:
    message = r"expected a journal, but .*malformed.*; it is kept as .*nothing was asked"
    with pytest.raises(InputError, match=message) as raised, Journal(damaged_journal(path)) as journal:
        journal.find("key1", 16)

    names = [file for file in path.parent.glob("*.damaged-*") if file.name.rpartition("-")[2].isdigit()]
    assert f"{names[0]}," in str(raised.value)
    assert names[0].read_bytes()[4096:8192] == bytes(4096)
    assert not path.exists()


def test_a_damaged_journal_that_another_run_kept_aside_is_not_mistaken_for_its_successor(path: Path) -> None:
    damaged_journal(path)
    with contextlib.ExitStack() as opened:
        one, two = (opened.enter_context(Journal(path)) for _ in range(2))
        with pytest.raises(InputError, match="it is kept as"):
            one.find("key1", 16)
        with Journal(path) as successor:
            successor.record("new", 16, make_reply(), "host")
        with pytest.raises(InputError, match="another run kept it aside"):
            two.find("key1", 16)
    with Journal(path) as successor:
        assert find(successor, "new", 16) == make_reply()


def test_a_full_disk_is_one_sentence(path: Path) -> None:
    with Journal(path) as journal:
        with contextlib.closing(sqlite3.connect(path)) as rows:
            (pages,) = rows.execute("PRAGMA page_count").fetchone()
        journal._database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(InputError, match=r"full; make room or mend it, .* nothing more is asked"):
            for number in range(100):
                journal.record(f"key{number}", 16, make_reply("x" * 1000), "host")


def test_a_block_that_breaks_off_has_written_nothing(path: Path) -> None:
    with Journal(path) as journal:
        with pytest.raises(InputError), journal.transaction() as database:
            database.executemany("INSERT INTO segments VALUES (?)", [("a",), ("b",)])
            raise OSError("the disk is gone")

        assert list(journal.read("SELECT name FROM segments")) == []
        journal.record("key", 16, make_reply(), "host")
        assert find(journal, "key", 16) == make_reply()


def test_a_journal_behind_a_link_is_kept_up_where_it_is(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite"
    link.symlink_to(path)
    with Journal(link) as journal:
        journal.record("key", 16, make_reply(), "host")
        journal.flush()
    with Journal(path) as journal:
        assert find(journal, "key", 16) == make_reply()
