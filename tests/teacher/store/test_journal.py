import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import platformdirs
import pytest

from potstill.core.errors import InputError
from potstill.core.params import Price, Teacher
from potstill.core.records import Message, Usage
from potstill.teacher.api.replies import Reply, ReplyStatus
from potstill.teacher.store.journal import Bought, Journal, journal_path
from potstill.teacher.store.keys import answer_key
from potstill.teacher.store.migrations import MIGRATIONS, VERSION

ROOT = Path(__file__).parents[3]
TEACHER = Teacher(provider="azure", model="gpt-4o", temperature=0.7, top_p=0.9, seed=1)
MESSAGES = [Message(role="system", content="Reply with one letter."), Message(role="user", content="Why?")]

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "journal.sqlite"


def find(journal: Journal, key: str, max_tokens: int) -> Reply | None:
    """Return the answer itself."""
    bought = journal.find(key, max_tokens)
    return bought and bought.reply


def reply(
    status: ReplyStatus = "answered",
    content: str | None = "A",
    completion_tokens: int | None = 3,
    logprobs: list[dict[str, object]] | None = None,
) -> Reply:
    return Reply(
        status=status,
        content=content,
        reasoning=None,
        finish_reason="stop",
        model="m",
        usage=None if completion_tokens is None else Usage(prompt_tokens=11, completion_tokens=completion_tokens),
        logprobs=logprobs,
    )


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(
            Reply(
                status="answered",
                content="The answer is (C).",
                reasoning="First, ...",
                finish_reason="stop",
                model="gpt-4o-2024-08-06",
                usage=Usage(prompt_tokens=7, completion_tokens=5),
                logprobs=[{"token": "C", "logprob": -0.25, "top_logprobs": [{"token": "A", "logprob": -3.5}]}],
            ),
            id="every field",
        ),
        pytest.param(Reply("filtered", None, None, None, None, None, None), id="every field empty"),
        pytest.param(reply(content=""), id="empty text"),
        pytest.param(reply(content="\N{GRINNING FACE} \u202e \u0301"), id="emoji"),
        pytest.param(reply(content="be\0fore\0"), id="NUL"),
        pytest.param(reply(content="\r\n\t'\"\\;--"), id="quotes"),
        pytest.param(reply(content="0123456789abcdef" * 12_800), id="200 kB"),
        pytest.param(reply(logprobs=[]), id="no logprobs in the list"),
        pytest.param(reply(logprobs=[{"token": "\N{GRINNING FACE}", "logprob": -1e-9}]), id="logprobs of an emoji"),
        pytest.param(reply("truncated"), id="truncated"),
        pytest.param(reply(completion_tokens=None), id="no usage"),
    ],
)
def test_an_answer_comes_back_as_it_was(path: Path, kept: Reply) -> None:
    with Journal(path) as journal:
        journal.record("key", 16, kept, "host")

    with Journal(path) as journal:
        assert find(journal, "key", 16) == kept


def test_only_its_owner_may_read_the_journal(path: Path) -> None:
    before = os.umask(0)
    try:
        with Journal(path) as journal:
            journal.record("key", 16, reply(), "host")
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)

    assert set(modes) == {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"}
    assert set(modes.values()) == {0o600}


def test_a_journal_that_others_could_read_is_closed_to_them(path: Path) -> None:
    with Journal(path):
        path.chmod(0o644)

    with Journal(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_tilde_in_the_journals_place_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("POTSTILL_JOURNAL", "~/answers.sqlite")

    assert journal_path() == Path("/home/somebody/answers.sqlite")


def test_the_journal_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POTSTILL_JOURNAL", "/elsewhere/answers.sqlite")

    assert journal_path() == Path("/elsewhere/answers.sqlite")


def test_a_journal_that_each_folder_would_have_its_own_of_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POTSTILL_JOURNAL", "answers.sqlite")

    with pytest.raises(InputError, match=r"POTSTILL_JOURNAL: expected a full path, .*, got 'answers.sqlite'"):
        journal_path()


@pytest.mark.parametrize("unset", [pytest.param(None, id="unset"), pytest.param("", id="empty")])
def test_the_journal_is_in_the_users_data_folder_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unset: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("POTSTILL_JOURNAL", "")
    if unset is None:
        monkeypatch.delenv("POTSTILL_JOURNAL")

    assert journal_path() == Path(platformdirs.user_data_dir("potstill")) / "journal.sqlite"
    assert journal_path().is_absolute()


def test_the_env_file_may_say_where_the_journal_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POTSTILL_JOURNAL")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"POTSTILL_JOURNAL={tmp_path / 'shared.sqlite'}\n")

    assert journal_path() == tmp_path / "shared.sqlite"


@pytest.mark.parametrize(
    ("kept", "asked_with", "limit", "served"),
    [
        pytest.param(reply(), 16, 16, True, id="answered, same limit"),
        pytest.param(reply(), 16, 4000, True, id="answered, larger limit"),
        pytest.param(reply(completion_tokens=3), 16, 3, True, id="answered, smaller limit that it just fits in"),
        pytest.param(reply(completion_tokens=3), 16, 2, False, id="answered, limit that it does not fit in"),
        pytest.param(reply(completion_tokens=None), 16, 8, False, id="answered, nobody knows whether it fits"),
        pytest.param(reply("truncated", completion_tokens=16), 16, 16, True, id="truncated, same limit"),
        pytest.param(reply("truncated", completion_tokens=16), 16, 17, False, id="truncated, larger limit"),
        pytest.param(reply("truncated", completion_tokens=16), 16, 15, False, id="truncated, smaller limit"),
        pytest.param(reply("filtered", None, None), 16, 16, True, id="filtered, same limit"),
        pytest.param(reply("filtered", None, None), 16, 4000, True, id="filtered, larger limit"),
    ],
)
def test_an_answer_serves_the_limits_that_it_would_have_ended_in(
    path: Path, kept: Reply, asked_with: int, limit: int, served: bool
) -> None:
    with Journal(path) as journal:
        journal.record("key", asked_with, kept, "host")

        assert find(journal, "key", limit) == (kept if served else None)


def test_an_answer_that_ended_is_served_rather_than_a_truncated_one(path: Path) -> None:
    ended = reply(completion_tokens=15)
    with Journal(path) as journal:
        journal.record("key", 16, reply("truncated", "cut", 16), "host")
        journal.record("key", 32, ended, "host")

        assert find(journal, "key", 16) == ended


def test_the_answer_to_an_unchanged_limit_stays_whatever_is_bought_with_another(path: Path) -> None:
    with Journal(path) as journal:
        journal.record("key", 32, reply(content="first", completion_tokens=None), "host")
        journal.record("key", 16, reply(content="second", completion_tokens=None), "host")

        assert find(journal, "key", 32) == reply(content="first", completion_tokens=None)


def test_an_answer_serves_its_own_key_only(path: Path) -> None:
    with Journal(path) as journal:
        journal.record("key", 16, reply(), "host")

        assert find(journal, "another", 16) is None


def test_the_first_answer_under_a_key_stays(path: Path) -> None:
    with Journal(path) as journal:
        journal.record("key", 16, reply(content="first"), "host")
        journal.record("key", 16, reply(content="second"), "host")

        assert find(journal, "key", 16) == reply(content="first")


def test_where_and_when_an_answer_was_bought_is_kept(path: Path) -> None:
    before = time.time()
    with Journal(path) as journal:
        journal.record("key", 16, reply(), "example.services.ai.azure.com")

    with contextlib.closing(sqlite3.connect(path)) as rows:
        host, asked_at = rows.execute("SELECT endpoint_host, asked_at FROM answers").fetchone()
    assert host == "example.services.ai.azure.com"
    assert before <= asked_at <= time.time()


WRITER = """
import sys
from pathlib import Path
from potstill.teacher.api.replies import Reply
from potstill.teacher.store.journal import Journal

path, mine = Path(sys.argv[1]), sys.argv[2]
with Journal(path) as journal:
    print("open", flush=True)
    sys.stdin.readline()
    for number in range(200):
        journal.record(f"{mine}{number}", 16, Reply("answered", mine, None, None, None, None, None), "host")
"""


def test_two_processes_that_write_at_once_lose_nothing(path: Path) -> None:
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

    assert [writer.returncode for writer in writers] == [0, 0]
    with Journal(path) as journal:
        found = {mine: [find(journal, f"{mine}{number}", 16) for number in range(200)] for mine in "ab"}
    assert all(row is not None and row.content == mine for mine, rows in found.items() for row in rows)


def test_many_may_make_the_same_new_journal_at_once(tmp_path: Path) -> None:
    for attempt in range(4):
        path = tmp_path / f"{attempt}.sqlite"
        errors = open_at_once(path, 8)

        assert errors == []
        with Journal(path) as journal:
            assert [find(journal, str(number), 16) for number in range(8)] == [reply()] * 8


def test_a_new_journal_waits_for_another_process_that_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        soon = threading.Timer(0.3, other.execute, ["COMMIT"])
        soon.start()

        with Journal(path) as journal:
            journal.record("key", 16, reply(), "host")
            assert find(journal, "key", 16) == reply()
        soon.join()


def open_at_once(path: Path, many: int) -> list[Exception]:
    """Make and write the journal from many threads; return what went wrong."""
    errors: list[Exception] = []
    together = threading.Barrier(many)

    def write(number: int) -> None:
        together.wait()
        try:
            with Journal(path) as journal:
                journal.record(str(number), 16, reply(), "host")
        except (InputError, sqlite3.Error) as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_a_journal_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    newer = sqlite3.connect(path)
    newer.execute("CREATE TABLE answers_of_tomorrow (key TEXT)")
    newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.close()
    before = path.read_bytes()

    with pytest.raises(InputError) as raised:
        Journal(path)

    assert str(path) in str(raised.value)
    assert f"expected a journal of version {VERSION}, got {VERSION + 1}" in str(raised.value)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def below_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "journal.sqlite"


def a_folder(tmp_path: Path) -> Path:
    (tmp_path / "journal.sqlite").mkdir()
    return tmp_path / "journal.sqlite"


def no_database(tmp_path: Path) -> Path:
    (tmp_path / "journal.sqlite").write_text("Dear diary, " * 100)
    return tmp_path / "journal.sqlite"


@pytest.mark.parametrize("bad_path", [below_a_file, a_folder, no_database])
def test_a_path_that_can_hold_no_journal_gives_a_sentence(tmp_path: Path, bad_path: object) -> None:
    assert callable(bad_path)
    path = bad_path(tmp_path)

    with pytest.raises(InputError) as raised:
        Journal(path)

    assert str(raised.value).startswith(f"{path}: expected a journal that can be read and written, but ")
    assert "POTSTILL_JOURNAL" in str(raised.value)


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = no_database(tmp_path)

    with pytest.raises(InputError):
        Journal(path)

    assert path.read_text() == "Dear diary, " * 100


def changed(**values: object) -> Teacher:
    return Teacher.model_validate(TEACHER.model_dump() | values)


@pytest.mark.parametrize(
    ("teacher", "messages", "replicate"),
    [
        pytest.param(changed(model="gpt-4o-mini"), MESSAGES, 0, id="model"),
        pytest.param(changed(provider="local"), MESSAGES, 0, id="provider"),
        pytest.param(changed(temperature=0.8), MESSAGES, 0, id="temperature"),
        pytest.param(changed(top_p=None), MESSAGES, 0, id="top_p"),
        pytest.param(changed(seed=2), MESSAGES, 0, id="seed"),
        pytest.param(TEACHER, MESSAGES, 1, id="replicate"),
        pytest.param(TEACHER, MESSAGES[1:], 0, id="fewer messages"),
        pytest.param(TEACHER, MESSAGES[::-1], 0, id="order of messages"),
        pytest.param(TEACHER, [MESSAGES[0], Message(role="user", content="Why? ")], 0, id="a space"),
        pytest.param(TEACHER, [MESSAGES[0], Message(role="assistant", content="Why?")], 0, id="role"),
    ],
)
def test_the_key_differs_with_all_that_decides_an_answer(
    teacher: Teacher, messages: list[Message], replicate: int
) -> None:
    assert answer_key(teacher, messages, replicate) != answer_key(TEACHER, MESSAGES, 0)


@pytest.mark.parametrize(
    "teacher",
    [
        pytest.param(changed(max_tokens=17), id="max_tokens"),
        pytest.param(changed(credentials="GPT4O"), id="credentials"),
        pytest.param(changed(price_per_million=Price(input=1, output=2).model_dump()), id="price"),
    ],
)
def test_the_key_does_not_differ_with_what_decides_no_answer(teacher: Teacher) -> None:
    assert answer_key(teacher, MESSAGES, 0) == answer_key(TEACHER, MESSAGES, 0)


def test_the_key_is_the_same_for_temperature_0_however_it_is_written() -> None:
    left_out, written = Teacher(provider="azure", model="m"), Teacher(provider="azure", model="m", temperature=0.0)
    assert answer_key(left_out, MESSAGES, 0) == answer_key(written, MESSAGES, 0)


def test_the_key_stays_the_same_between_versions() -> None:
    """Another key for the same question would buy every answer of every user once more."""
    key = "24f383d3f29224b492e9a61978b206d82fd58bf947d6d2194c93199211e05d5d"

    assert answer_key(TEACHER, MESSAGES, 0) == key


def test_an_answer_survives_the_process_that_wrote_it(path: Path) -> None:
    answer = "Reply('answered', 'A', None, None, None, None, None)"
    script = f"{OPEN}journal.record('key', 16, {answer}, 'host'); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, check=False)
    with Journal(path) as journal:
        assert find(journal, "key", 16) == Reply("answered", "A", None, None, None, None, None)


def test_a_journal_of_the_first_version_is_brought_up_to_date_with_its_answers(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path)) as old:
        for statement in MIGRATIONS[0]:
            old.execute(statement)
        old.execute(
            "INSERT INTO answers VALUES ('key', 16, 'answered', 'A', NULL, NULL, NULL, NULL, NULL, NULL, 'h', 0)"
        )
        old.execute("PRAGMA user_version = 1")
        old.commit()
    with Journal(path) as journal:
        bought = journal.find("key", 16)
    assert bought == Bought(Reply("answered", "A", None, None, None, None, None), 16, "h", from_ledger=False)


def test_a_damaged_journal_is_kept_aside_and_said(path: Path) -> None:
    with Journal(path) as journal:
        for number in range(2000):
            journal.record(f"key{number}", 16, reply(content="x" * 200), "host")
    damaged = bytearray(path.read_bytes())
    damaged[4096 : len(damaged)] = bytes(len(damaged) - 4096)
    path.write_bytes(damaged)

    said = r"expected a journal, but .*malformed.*; it is kept as .*nothing was asked"
    with pytest.raises(InputError, match=said) as told, Journal(path) as journal:
        journal.find("key1", 16)

    aside = next(
        file for file in path.parent.glob("journal.sqlite.damaged-*") if file.name.rpartition("-")[2].isdigit()
    )
    assert f"{aside}," in str(told.value)
    assert aside.read_bytes()[4096:8192] == bytes(4096)
    assert not path.exists()


def test_a_full_disk_is_one_sentence(path: Path) -> None:
    with Journal(path) as journal:
        with contextlib.closing(sqlite3.connect(path)) as rows:
            (pages,) = rows.execute("PRAGMA page_count").fetchone()
        journal._database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(InputError, match=r"full; make room or mend it, .* nothing more is asked"):
            for number in range(100):
                journal.record(f"key{number}", 16, reply(content="x" * 1000), "host")


OPEN = """
import os, sys
from pathlib import Path
from potstill.teacher.store.journal import Journal
from potstill.teacher.api.replies import Reply
journal = Journal(Path(sys.argv[1]))
"""


def test_many_are_found_at_once_each_as_alone(path: Path) -> None:
    with Journal(path) as journal:
        journal.record("one", 16, reply(content="A"), "host")
        journal.record("cut", 16, reply("truncated", content="B", completion_tokens=16), "host")

        found = journal.find_all(["one", "none", "cut", "one"], 32)

        assert found == [journal.find(key, 32) for key in ("one", "none", "cut", "one")]
        assert [bought is not None for bought in found] == [True, False, False, True]


def test_a_block_that_breaks_off_has_written_nothing(path: Path) -> None:
    with Journal(path) as journal:
        with pytest.raises(InputError), journal.transaction() as database:
            database.executemany("INSERT INTO segments VALUES (?)", [("a",), ("b",)])
            raise OSError("the disk is gone")

        assert list(journal.read("SELECT name FROM segments")) == []
        journal.record("key", 16, reply(), "host")
        assert find(journal, "key", 16) == reply()


def test_a_journal_behind_a_link_is_kept_up_where_it_is(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite"
    link.symlink_to(path)
    with Journal(link) as journal:
        journal.record("key", 16, reply(), "host")
        journal.flush()
    with Journal(path) as journal:
        assert find(journal, "key", 16) == reply()


def test_a_damaged_journal_that_another_run_kept_aside_is_not_mistaken_for_its_successor(path: Path) -> None:
    with Journal(path) as damaged:
        for number in range(100):
            damaged.record(f"key{number}", 16, reply(content="x" * 1000), "host")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(4096 * 20))
    with contextlib.ExitStack() as opened:
        one, two = (opened.enter_context(Journal(path)) for _ in range(2))
        with pytest.raises(InputError, match="it is kept as"):
            one.find("key1", 16)
        with Journal(path) as successor:
            successor.record("new", 16, reply(), "host")
        with pytest.raises(InputError, match="another run has kept it aside"):
            two.find("key1", 16)
    with Journal(path) as successor:
        assert find(successor, "new", 16) == reply()
