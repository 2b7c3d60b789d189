"""Bought answers, also those of an earlier version.

kept/ holds its journal, the segment it published, and what was asked, with the key and the reply of each.
"""

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from potstill.core.catalogues import Teacher
from potstill.core.records import Chat, Message, Usage
from potstill.teacher.api.replies import Reply
from potstill.teacher.store.answers import BoughtAnswer
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.keys import Keys
from potstill.teacher.store.ledger import import_segments, list_segments, publish
from tests.teacher.store.bought import EMPTY, FULL

KEPT = Path(__file__).parent / "kept"
ASKED = [json.loads(line) for line in (KEPT / "answers.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """The journal that an earlier version kept."""
    shutil.copy(KEPT / "journal.sqlite", tmp_path / "journal.sqlite")
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield journal


def find(journal: Journal, asked: dict[str, Any]) -> BoughtAnswer | None:
    """Look up what was asked, as a run does."""
    teacher = Teacher.model_validate(asked["teacher"])
    messages = [msgspec.convert(message, Message) for message in asked["messages"]]
    key = Keys(teacher).key(Chat(messages), asked["replicate"])
    assert key == asked["key"]
    return journal.find(key, teacher.max_tokens)


def reply_of(asked: dict[str, Any]) -> Reply:
    usage = asked["reply"]["usage"]
    return Reply(**{**asked["reply"], "usage": usage and Usage(**usage)})


@pytest.mark.parametrize("asked", ASKED, ids=[asked["case"] for asked in ASKED])
def test_what_an_earlier_version_bought_is_found(journal: Journal, asked: dict[str, Any]) -> None:
    found = find(journal, asked)

    assert found is not None
    assert (found.reply, found.endpoint_host, found.from_ledger) == (reply_of(asked), "models.example", False)


def test_what_an_earlier_version_published_is_found(tmp_path: Path) -> None:
    with Journal(tmp_path / "new.sqlite") as journal:
        assert import_segments(journal, KEPT) == len(ASKED)
        found = [find(journal, asked) for asked in ASKED]

    assert [answer and answer.reply for answer in found] == [reply_of(asked) for asked in ASKED]
    assert all(answer and answer.from_ledger for answer in found)


def test_a_segment_has_the_bytes_that_an_earlier_version_gave_it(journal: Journal, tmp_path: Path) -> None:
    (kept,) = list_segments(KEPT)

    segment = publish(journal, "kept", tmp_path / "ledger")

    assert segment is not None
    old, new = kept.read_bytes(), segment.read_bytes()
    assert gzip.decompress(new) == gzip.decompress(old)
    assert new[:10] == old[:10]  # gzip's header; what follows may differ where zlib is another one


@pytest.mark.parametrize("reply", [pytest.param(FULL, id="every field"), pytest.param(EMPTY, id="every field empty")])
def test_an_answer_is_the_same_after_a_line_of_the_ledger(reply: Reply) -> None:
    answer = BoughtAnswer("key", 16, reply, "host", 0.5, "segment")

    assert BoughtAnswer.from_line(answer.to_line(), "segment") == answer


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"status": "failed"}, id="a status of no answer"),
        pytest.param({"asked_at": float("nan")}, id="no time"),
        pytest.param({"usage": {"prompt_tokens": 1}}, id="half a usage"),
        pytest.param({"more": 1}, id="a field more"),
        pytest.param({"model": ...}, id="a field less"),
    ],
)
def test_a_line_of_another_form_is_a_value_error(change: dict[str, Any]) -> None:
    line = json.loads(BoughtAnswer("key", 16, EMPTY, "host", 0.5).to_line()) | change

    with pytest.raises(ValueError, match=r"status|asked_at|usage|expected an object of asked_at, content"):
        BoughtAnswer.from_line(
            json.dumps({key: value for key, value in line.items() if value is not ...}).encode(), "s"
        )
