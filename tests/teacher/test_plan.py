import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from potstill.core.catalogues import Teacher
from potstill.core.records import Usage, write_rows
from potstill.core.tokens import MESSAGE_TOKENS
from potstill.teacher.api.replies import Reply, ReplyStatus
from potstill.teacher.counts import RequestCounts, TokenSums
from potstill.teacher.plan import Plan
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.keys import Keys
from tests.project import ROOT
from tests.teacher.light_project import request

TEACHER = Teacher(provider="azure", model="m", max_tokens=16)

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite") as opened:
        yield opened


def write(tmp_path: Path, **splits: list[str]) -> Path:
    """Write requests of these texts, with ids by split and position."""
    for split, texts in splits.items():
        rows = (request(f"{split}-{number}", text) for number, text in enumerate(texts))
        write_rows(tmp_path / f"requests/{split}.jsonl", rows)
    return tmp_path / "requests"


def key_of(text: str) -> str:
    return Keys(TEACHER).key(request("any", text).to_chat(), 0)


def buy(journal: Journal, text: str, content: str = "A", status: ReplyStatus = "answered") -> None:
    usage = Usage(prompt_tokens=7, completion_tokens=2)
    journal.record(key_of(text), 16, Reply(status, content, None, None, "m", usage, None), "host")


def asked(plan: Plan) -> list[str]:
    return [chat.messages[-1].content for _, chat in plan.claim_missing()]


def test_free_and_structured_answers_never_serve_each_other(tmp_path: Path, journal: Journal) -> None:
    free = request("free", "one")
    rows = [free, msgspec.structs.replace(free, id="held", structured=True)]
    write_rows(tmp_path / "requests/train.jsonl", rows)
    buy(journal, "one")
    with closing(Plan(journal, TEACHER, tmp_path / "requests")) as plan:
        assert [chat.letters for _, chat in plan.claim_missing()] == ["AB"]


def test_requests_are_counted_and_equal_ones_once(tmp_path: Path, journal: Journal) -> None:
    folder = write(tmp_path, train=["one", "two", "one"], validation=["two", "three"])
    buy(journal, "three")
    with closing(Plan(journal, TEACHER, folder)) as plan:
        bought = TokenSums()
        bought.add(22 + 5, 7, 2)
        missing = 2 * (22 + 3)
        assert plan.counts == RequestCounts(5, 3, 1, 0, 0, missing, missing + 2 * 2 * MESSAGE_TOKENS, bought)
        assert plan.counts.missing == 2


def test_only_what_is_missing_is_asked_in_order_and_once(tmp_path: Path, journal: Journal) -> None:
    folder = write(tmp_path, train=["one", "two", "one"], validation=["three", "four"])
    buy(journal, "two")
    with closing(Plan(journal, TEACHER, folder)) as plan:
        assert asked(plan) == ["one", "three", "four"]
        assert asked(plan) == []


def test_more_than_a_batch_is_asked_but_for_what_is_answered_meanwhile(tmp_path: Path, journal: Journal) -> None:
    texts = [f"question {number}" for number in range(200)]
    with closing(Plan(journal, TEACHER, write(tmp_path, train=texts))) as plan:
        buy(journal, texts[80])
        assert asked(plan) == texts[:80] + texts[81:]


def test_rows_come_in_the_order_of_the_requests_and_without_those_that_have_no_answer(
    tmp_path: Path, journal: Journal
) -> None:
    folder = write(tmp_path, train=["one", "two", "none", "one"], validation=["two"])
    buy(journal, "one", "A")
    with closing(Plan(journal, TEACHER, folder)) as plan:
        buy(journal, "two", "B", "truncated")
        assert plan.splits() == ["train", "validation"]
        rows = [(row.id, row.content, row.status) for split in plan.splits() for row in plan.responses(split)]
        origins = [(origin.key, origin.status, origin.model) for origin in plan.origins()]
    assert rows == [
        ("train-0", "A", "answered"),
        ("train-1", "B", "truncated"),
        ("train-3", "A", "answered"),
        ("validation-0", "B", "truncated"),
    ]
    one, two = (key_of("one"), "answered", "m"), (key_of("two"), "truncated", "m")
    assert sorted(origins) == sorted([one, two, one, two])


def test_a_failure_is_a_row_that_says_why_and_is_not_asked_again(tmp_path: Path, journal: Journal) -> None:
    with closing(Plan(journal, TEACHER, write(tmp_path, train=["one", "two", "one"]))) as plan:
        assert plan.failures() == (0, None)
        plan.note_failure(key_of("one"), "status 400: too long")
        assert asked(plan) == ["two"]
        failed = [(row.id, row.status, row.error) for row in plan.responses("train")]
        assert failed == [(f"train-{number}", "failed", "status 400: too long") for number in (0, 2)]
        assert plan.failures() == (2, "(train-2) with: status 400: too long")


def test_what_another_run_asks_is_waited_for_until_it_has_an_answer(tmp_path: Path, journal: Journal) -> None:
    with closing(Plan(journal, TEACHER, write(tmp_path, train=["one", "two"]))) as plan:
        hold_elsewhere(tmp_path, key_of("two"))
        assert asked(plan) == ["one"]
        assert plan.is_asked_elsewhere()
        buy(journal, "two")
        assert not plan.is_asked_elsewhere()
        with closing(sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)) as rows:
            rows.executescript("DELETE FROM answers; DELETE FROM claims")
        assert asked(plan) == []  # what was found is not looked for again


def test_what_another_run_gave_up_is_asked_later(tmp_path: Path, journal: Journal) -> None:
    with closing(Plan(journal, TEACHER, write(tmp_path, train=["one", "two"]))) as plan:
        hold_elsewhere(tmp_path, key_of("two"))
        assert asked(plan) == ["one"]
        with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as rows:
            rows.execute("UPDATE claims SET expires_at = 0")
            rows.commit()
        assert asked(plan) == ["two"]
        assert not plan.is_asked_elsewhere()


def hold_elsewhere(tmp_path: Path, key: str) -> None:
    """Claim a key for a run on another machine, of which nobody here can tell whether it lives."""
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as rows:
        rows.execute("INSERT INTO claims VALUES (?, 16, 'elsewhere 1 0', ?)", (key, time.time() + 60))
        rows.commit()


def test_no_room_for_the_plan_is_one_sentence(tmp_path: Path) -> None:
    folder = write(tmp_path, train=[f"question {number} {'x' * 60_000}" for number in range(1500)])
    script = f"""
import resource
from pathlib import Path
from potstill.core.errors import InputError
from potstill.core.catalogues import Teacher
from potstill.teacher.store.journal import Journal
from potstill.teacher.plan import Plan
with Journal(Path({str(tmp_path / "journal.sqlite")!r})) as journal:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    try:
        Plan(journal, Teacher(provider="azure", model="m"), Path({str(folder)!r}))
    except InputError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "expected room for a temporary file" in done.stdout, done.stderr
