import gzip
import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from potstill.core.errors import InputError
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.ledger import (
    import_segments,
    list_segments,
    publish,
    read_segment,
    record_uses,
)
from tests.teacher.store.bought import FULL, PROJECT, buy, buy_and_publish, make_reply


def keys_in(segment: Path | None) -> list[str]:
    assert segment is not None
    return [answer.key for answer in read_segment(segment)]


def test_an_answer_comes_out_of_the_ledger_as_it_went_in(journal: Journal, other: Journal, folder: Path) -> None:
    buy(journal, "key", reply=FULL)
    publish(journal, PROJECT, folder)
    assert import_segments(other, folder) == 1

    mine, theirs = journal.find("key", 16), other.find("key", 16)
    assert mine is not None
    assert theirs is not None
    assert (theirs.reply, theirs.asked_at, theirs.endpoint_host) == (FULL, mine.asked_at, "models.example")
    assert theirs.from_ledger


def test_a_segment_holds_sorted_lines_and_is_named_by_its_bytes_alone(journal: Journal, folder: Path) -> None:
    buy(journal, "b", "a", reply=make_reply("\N{SNOWMAN}"))
    buy(journal, "a", max_tokens=9)
    segment = publish(journal, PROJECT, folder)
    assert segment is not None

    packed = segment.read_bytes()
    lines = gzip.decompress(packed).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["key"], row["max_tokens"]) for row in rows] == [("a", 9), ("a", 16), ("b", 16)]
    assert lines == [json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")) for row in rows]
    assert segment.name == f"{hashlib.sha256(packed).hexdigest()[:16]}.jsonl.gz"
    flags, written_at = packed[3], packed[4:8]
    assert (flags, written_at) == (0, bytes(4))


def test_the_same_answers_give_the_same_bytes_on_another_machine(
    journal: Journal, other: Journal, folder: Path, tmp_path: Path
) -> None:
    segment = buy_and_publish(journal, folder, "b", "a", "c")
    import_segments(other, folder)
    record_uses(other, PROJECT, [("c", 16), ("a", 16), ("b", 16)])
    again = publish(other, PROJECT, tmp_path / "another" / "ledger")
    assert again is not None
    assert (again.name, again.read_bytes()) == (segment.name, segment.read_bytes())


def test_only_what_no_segment_holds_is_published(journal: Journal, folder: Path) -> None:
    first = buy_and_publish(journal, folder, "a", "b")
    buy(journal, "b", "c")
    buy(journal, "b", max_tokens=99)
    second = publish(journal, PROJECT, folder)
    assert keys_in(second) == ["b", "c"]
    assert publish(journal, PROJECT, folder) is None
    assert list_segments(folder) == sorted([first, second])


def test_only_what_the_project_used_is_published(journal: Journal, folder: Path) -> None:
    buy(journal, "secret", "shared", project="another")
    assert publish(journal, PROJECT, folder) is None
    assert not folder.exists()
    record_uses(journal, PROJECT, [("shared", 16)])
    assert keys_in(publish(journal, PROJECT, folder)) == ["shared"]


def test_an_answer_that_another_projects_ledger_brought_is_published_in_this_one(
    journal: Journal, other: Journal, folder: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs" / "ledger"
    buy_and_publish(other, theirs, "key")
    import_segments(journal, theirs)
    record_uses(journal, PROJECT, [("key", 16)])
    assert keys_in(publish(journal, PROJECT, folder)) == ["key"]


def test_an_answer_that_a_pulled_segment_holds_is_not_published_again(
    journal: Journal, other: Journal, folder: Path
) -> None:
    buy_and_publish(other, folder, "key")
    buy(journal, "key", reply=make_reply("bought twice, before the ledger was pulled"))
    assert publish(journal, PROJECT, folder) is None


def test_a_publish_that_fails_leaves_no_file(journal: Journal, folder: Path) -> None:
    buy(journal, "a", "b")
    with journal.transaction() as database:
        database.execute("UPDATE answers SET logprobs = 'not JSON' WHERE key = 'b'")
    with pytest.raises(ValueError, match="Expecting value"):
        publish(journal, PROJECT, folder)
    assert list(folder.iterdir()) == []


def test_a_ledger_that_cannot_be_written_is_one_sentence(journal: Journal, folder: Path) -> None:
    buy(journal, "a")
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")
    with pytest.raises(InputError, match=r"data/ledger: expected a folder to write a segment in, but .*exists"):
        publish(journal, PROJECT, folder)


def test_the_answer_that_the_journal_has_stays(journal: Journal, other: Journal, folder: Path) -> None:
    buy_and_publish(journal, folder, "a", "b")
    buy(other, "a", reply=make_reply("mine"))
    assert import_segments(other, folder) == 1
    found = other.find("a", 16)
    assert found is not None
    assert (found.reply.content, found.from_ledger) == ("mine", False)


def test_a_segment_is_read_once(journal: Journal, other: Journal, folder: Path) -> None:
    buy_and_publish(journal, folder, "a", "b")
    assert import_segments(other, folder) == 2
    with other.transaction() as database:
        database.execute("DELETE FROM answers")
    assert import_segments(other, folder) == 0
    buy_and_publish(journal, folder, "c")
    assert import_segments(other, folder) == 1


def test_what_was_published_here_is_not_imported_here(journal: Journal, folder: Path) -> None:
    segment = buy_and_publish(journal, folder, "a")
    segment.write_bytes(b"no segment")
    assert import_segments(journal, folder) == 0


def test_to_import_takes_no_more_memory_for_more_answers(journal: Journal, other: Journal, folder: Path) -> None:
    text = "0123456789abcdef" * 128
    with journal.transaction() as database:
        columns = "key, max_tokens, status, content, endpoint_host, asked_at"
        row = f"INSERT INTO answers ({columns}) VALUES (?, 16, 'answered', '{text}', '', 0)"
        database.executemany(row, [(f"{number:064}",) for number in range(4_000)])
    record_uses(journal, PROJECT, ((f"{number:064}", 16) for number in range(4_000)))
    publish(journal, PROJECT, folder)

    tracemalloc.start()
    try:
        assert import_segments(other, folder) == 4_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000 < 4_000 * len(text)


def cut(segment: Path) -> None:
    segment.write_bytes(segment.read_bytes()[:-9])


def swap(segment: Path) -> None:
    segment.write_bytes(gzip.compress(gzip.decompress(segment.read_bytes()).replace(b"answer", b"banana")))


@pytest.mark.parametrize("damage", [pytest.param(cut, id="cut short"), pytest.param(swap, id="another content")])
def test_of_a_damaged_segment_nothing_is_imported(journal: Journal, other: Journal, folder: Path, damage: Any) -> None:
    segment = buy_and_publish(journal, folder, *(f"{number}" for number in range(1_001)))
    damage(segment)
    with pytest.raises(InputError, match=rf"{segment}: expected the content .* delete it and run `make pull`"):
        import_segments(other, folder)
    assert list(other.read("SELECT key FROM answers UNION SELECT name FROM segments")) == []


def test_beside_a_damaged_segment_nothing_is_published(journal: Journal, folder: Path) -> None:
    segment = buy_and_publish(journal, folder, "a")
    cut(segment)
    buy(journal, "b")
    with pytest.raises(InputError, match="damaged or cut short"):
        publish(journal, PROJECT, folder)
    assert list(folder.iterdir()) == [segment]


def test_a_segment_of_another_version_is_refused(journal: Journal, folder: Path) -> None:
    packed = gzip.compress(b'{"key": "a"}\n')
    segment = folder / f"{hashlib.sha256(packed).hexdigest()[:16]}.jsonl.gz"
    folder.mkdir(parents=True)
    segment.write_bytes(packed)

    with pytest.raises(InputError, match=rf"{segment}: expected answers as this version .*; update Potstill$"):
        import_segments(journal, folder)
