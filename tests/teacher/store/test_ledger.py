import gzip
import hashlib
import json
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from potstill.core.errors import InputError
from potstill.core.records import Usage
from potstill.teacher.api.replies import Reply
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.ledger import (
    check_complete,
    import_ledger,
    import_segments,
    list_segments,
    publish,
    read_segment,
    record_uses,
)
from potstill.teacher.store.pointer import Pointer
from potstill.teacher.store.projects import project_id

PROJECT = "this"
FULL = Reply(
    status="answered",
    content="The answer is (C) \N{GRINNING FACE}\0\r\n\u2028",
    reasoning="First, ...",
    finish_reason="stop",
    model="gpt-4o-2024-08-06",
    usage=Usage(prompt_tokens=7, completion_tokens=5),
    logprobs=[{"token": "C", "logprob": -0.1 - 0.2, "bytes": [67], "top_logprobs": [{"token": "\N{SNOWMAN}"}]}],
)
EMPTY = Reply("filtered", None, None, None, None, None, None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "project" / "data" / "ledger"


@pytest.fixture
def pointer(folder: Path) -> Path:
    return folder.with_name("ledger.dvc")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "mine.sqlite") as journal:
        yield journal


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Journal]:
    """The journal of an engineer who bought nothing."""
    with Journal(tmp_path / "other.sqlite") as journal:
        yield journal


def reply(content: str = "A", status: Any = "answered") -> Reply:
    return Reply(status, content, None, "stop", "m", Usage(prompt_tokens=11, completion_tokens=3), None)


def buy(journal: Journal, *keys: str, project: str = PROJECT, kept: Reply | None = None, max_tokens: int = 16) -> None:
    for key in keys:
        journal.record(key, max_tokens, kept or reply(f"answer to {key}"), "models.example")
    record_uses(journal, project, [(key, max_tokens) for key in keys])


def bought(journal: Journal, folder: Path, *keys: str) -> Path:
    """Buy and publish."""
    buy(journal, *keys)
    segment = publish(journal, PROJECT, folder)
    assert segment is not None
    return segment


def keys_in(segment: Path | None) -> list[str]:
    assert segment is not None
    return [answer.key for answer in read_segment(segment)]


def write_segment(folder: Path, *rows: dict[str, Any]) -> Path:
    """Write a segment whose name is right, whatever is in it."""
    packed = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
    segment = folder / f"{hashlib.sha256(packed).hexdigest()[:16]}.jsonl.gz"
    folder.mkdir(parents=True, exist_ok=True)
    segment.write_bytes(packed)
    return segment


def point(pointer: Path, sizes: dict[str, int], cache: Path | None = None) -> None:
    """Write what `dvc add` would, and the listing into a cache if one is given."""
    name = hashlib.md5(json.dumps(sorted(sizes)).encode(), usedforsecurity=False).hexdigest()
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.write_text(
        f"outs:\n- md5: {name}.dir\n  size: {sum(sizes.values())}\n  nfiles: {len(sizes)}\n"
        "  hash: md5\n  path: ledger\n"
    )
    if cache:
        listing = cache / "files" / "md5" / name[:2] / f"{name[2:]}.dir"
        listing.parent.mkdir(parents=True)
        listing.write_text(json.dumps([{"md5": "0" * 32, "relpath": file} for file in sorted(sizes)]))


@pytest.mark.parametrize("kept", [pytest.param(FULL, id="every field"), pytest.param(EMPTY, id="every field empty")])
def test_an_answer_comes_out_of_the_ledger_as_it_went_in(
    journal: Journal, other: Journal, folder: Path, kept: Reply
) -> None:
    buy(journal, "key", kept=kept)
    publish(journal, PROJECT, folder)
    assert import_segments(other, folder) == 1

    (mine,), (theirs,) = (
        list(book.read("SELECT key, asked_at, logprobs, endpoint_host FROM answers")) for book in (journal, other)
    )
    assert theirs == mine
    found = other.find("key", 16)
    assert found is not None
    assert found.reply == kept
    assert (found.max_tokens, found.endpoint_host, found.from_ledger) == (16, "models.example", True)


def test_a_segment_holds_sorted_canonical_lines(journal: Journal, folder: Path) -> None:
    buy(journal, "b", "a", kept=reply("\N{SNOWMAN}"))
    buy(journal, "a", max_tokens=9)
    segment = publish(journal, PROJECT, folder)
    assert segment is not None

    lines = gzip.decompress(segment.read_bytes()).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(row["key"], row["max_tokens"]) for row in rows] == [("a", 9), ("a", 16), ("b", 16)]
    for line, row in zip(lines, rows, strict=True):
        assert line == json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert set(rows[0]) == {
        *("key", "max_tokens", "status", "content", "reasoning", "finish_reason", "model", "usage", "logprobs"),
        *("endpoint_host", "asked_at"),
    }


def test_a_segment_is_named_by_its_bytes_and_tells_neither_name_nor_time(journal: Journal, folder: Path) -> None:
    segment = bought(journal, folder, "key")
    packed = segment.read_bytes()
    assert segment.name == f"{hashlib.sha256(packed).hexdigest()[:16]}.jsonl.gz"
    flags, written_at = packed[3], packed[4:8]
    assert flags == 0
    assert written_at == bytes(4)


def test_the_same_answers_give_the_same_bytes_on_another_machine(
    journal: Journal, other: Journal, folder: Path, tmp_path: Path
) -> None:
    segment = bought(journal, folder, "b", "a", "c")
    import_segments(other, folder)
    record_uses(other, PROJECT, [("c", 16), ("a", 16), ("b", 16)])
    again = publish(other, PROJECT, tmp_path / "another" / "ledger")
    assert again is not None
    assert (again.name, again.read_bytes()) == (segment.name, segment.read_bytes())


def test_only_what_no_segment_holds_is_published(journal: Journal, folder: Path) -> None:
    first = bought(journal, folder, "a", "b")
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
    bought(other, theirs, "key")
    import_segments(journal, theirs)
    record_uses(journal, PROJECT, [("key", 16)])
    assert keys_in(publish(journal, PROJECT, folder)) == ["key"]


def test_an_answer_that_a_pulled_segment_holds_is_not_published_again(
    journal: Journal, other: Journal, folder: Path
) -> None:
    bought(other, folder, "key")
    buy(journal, "key", kept=reply("bought twice, before the ledger was pulled"))
    assert publish(journal, PROJECT, folder) is None


def test_each_ledger_gets_what_it_lacks(journal: Journal, folder: Path, tmp_path: Path) -> None:
    segment = bought(journal, folder, "a")
    assert publish(journal, PROJECT, folder) is None
    again = publish(journal, PROJECT, tmp_path / "another" / "ledger")
    assert again is not None
    assert again.name == segment.name


def test_a_use_without_an_answer_is_not_published(journal: Journal, folder: Path) -> None:
    record_uses(journal, PROJECT, [("key", 16)])
    assert publish(journal, PROJECT, folder) is None


def test_a_publish_that_fails_leaves_no_file(journal: Journal, folder: Path) -> None:
    buy(journal, "a", "b")
    with journal.transaction() as database:
        database.execute("UPDATE answers SET logprobs = 'not JSON' WHERE key = 'b'")
    with pytest.raises(ValueError, match="Expecting value"):
        publish(journal, PROJECT, folder)
    assert list(folder.iterdir()) == []


def test_a_ledger_that_cannot_be_written_is_told(journal: Journal, folder: Path) -> None:
    buy(journal, "a")
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")
    with pytest.raises(InputError, match=r"data/ledger: expected a folder to write a segment in, but .*exists"):
        publish(journal, PROJECT, folder)


def test_the_answer_that_the_journal_has_stays(journal: Journal, other: Journal, folder: Path) -> None:
    bought(journal, folder, "a", "b")
    buy(other, "a", kept=reply("mine"))
    assert import_segments(other, folder) == 1
    found = other.find("a", 16)
    assert found is not None
    assert (found.reply.content, found.from_ledger) == ("mine", False)


def test_a_segment_is_read_once(journal: Journal, other: Journal, folder: Path) -> None:
    bought(journal, folder, "a", "b")
    assert import_segments(other, folder) == 2
    with other.transaction() as database:
        database.execute("DELETE FROM answers")
    assert import_segments(other, folder) == 0
    bought(journal, folder, "c")
    assert import_segments(other, folder) == 1


def test_what_was_published_here_is_not_imported_here(journal: Journal, folder: Path) -> None:
    segment = bought(journal, folder, "a")
    segment.write_bytes(b"would be told, were it read")
    assert import_segments(journal, folder) == 0


def test_a_ledger_that_is_not_there_brings_nothing(journal: Journal, folder: Path) -> None:
    assert import_ledger(journal, folder) == 0


def test_to_import_takes_no_more_memory_for_more_answers(journal: Journal, other: Journal, folder: Path) -> None:
    text = "0123456789abcdef" * 128
    with journal.transaction() as database:
        row = (
            f"INSERT INTO answers VALUES (?, 16, 'answered', '{text}', NULL, NULL, NULL, NULL, NULL, NULL, '', 0, NULL)"
        )
        database.executemany(row, [(f"{number:064}",) for number in range(20_000)])
    record_uses(journal, PROJECT, ((f"{number:064}", 16) for number in range(20_000)))
    publish(journal, PROJECT, folder)

    tracemalloc.start()
    try:
        assert import_segments(other, folder) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12_000_000 < 20_000 * len(text)


def cut(segment: Path) -> None:
    segment.write_bytes(segment.read_bytes()[:-9])


def flip(segment: Path) -> None:
    packed = bytearray(segment.read_bytes())
    packed[len(packed) // 2] ^= 1
    segment.write_bytes(packed)


def swap(segment: Path) -> None:
    segment.write_bytes(gzip.compress(gzip.decompress(segment.read_bytes()).replace(b"answer", b"banana")))


DAMAGES = [
    pytest.param(cut, id="cut short"),
    pytest.param(flip, id="one bit"),
    pytest.param(swap, id="whole, but another content"),
    pytest.param(lambda segment: segment.write_bytes(b""), id="empty"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_of_a_damaged_segment_nothing_is_imported(journal: Journal, other: Journal, folder: Path, damage: Any) -> None:
    segment = bought(journal, folder, *(f"{number}" for number in range(3_000)))
    damage(segment)
    with pytest.raises(InputError, match=rf"{segment}: expected the content .* delete it and run `make pull`"):
        import_segments(other, folder)
    assert list(other.read("SELECT key FROM answers UNION SELECT name FROM segments")) == []


def test_beside_a_damaged_segment_nothing_is_published(journal: Journal, folder: Path) -> None:
    segment = bought(journal, folder, "a")
    cut(segment)
    buy(journal, "b")
    with pytest.raises(InputError, match="damaged or cut short"):
        publish(journal, PROJECT, folder)
    assert list(folder.iterdir()) == [segment]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"key": "a"}, id="fields left out"),
        pytest.param({"status": "failed"}, id="a status of no answer"),
        pytest.param({"asked_at": float("nan")}, id="no time"),
        pytest.param({"more": 1}, id="a field more"),
    ],
)
def test_a_segment_of_another_version_is_told(journal: Journal, folder: Path, row: dict[str, Any]) -> None:
    whole = {"key": "a", "max_tokens": 1, "status": "answered", "content": None, "reasoning": None, "asked_at": 0.0}
    whole |= {"finish_reason": None, "model": None, "usage": None, "logprobs": None, "endpoint_host": ""}
    write_segment(folder, whole)
    assert import_segments(journal, folder) == 1

    segment = write_segment(folder, row if row == {"key": "a"} else whole | row)
    with pytest.raises(InputError, match=rf"{segment}: expected answers as this version .*; update Potstill$"):
        import_segments(journal, folder)


def test_without_a_dvc_file_nothing_can_be_missing(folder: Path, pointer: Path) -> None:
    check_complete(folder, pointer)


@pytest.mark.parametrize(
    "listed", [pytest.param(True, id="listing in the cache"), pytest.param(False, id="no listing")]
)
@pytest.mark.parametrize("more", [pytest.param(True, id="and a newer one"), pytest.param(False, id="and no other")])
def test_a_ledger_whose_segments_are_all_here_is_complete(
    journal: Journal, folder: Path, pointer: Path, listed: bool, more: bool
) -> None:
    here = [bought(journal, folder, key) for key in ("a", "b", "c")]
    point(
        pointer, {file.name: file.stat().st_size for file in here}, folder.parents[1] / ".dvc/cache" if listed else None
    )
    (folder / "77.part").write_text("of a publish that was killed")
    if more:
        bought(journal, folder, "d", "longer", "than", "the", "others")
    check_complete(folder, pointer)


@pytest.mark.parametrize(
    ("here", "listed", "told"),
    [
        pytest.param([], True, r"but 2 \(1\.jsonl\.gz, 2\.jsonl\.gz\) are not there", id="no folder"),
        pytest.param([], False, "but 0 other files are there", id="no folder, no listing"),
        pytest.param(["1"], True, r"but 1 \(2\.jsonl\.gz\) are not there", id="one of two"),
        pytest.param(["1"], False, "but 1 other files are there", id="one of two, no listing"),
        pytest.param(["1", "3"], True, r"but 1 \(2\.jsonl\.gz\) are not there", id="another one"),
        pytest.param(["1", "3"], False, "but 2 other files are there", id="another one, no listing"),
        pytest.param(["1", "3", "4"], False, "but 3 other files are there", id="two others, no listing"),
    ],
)
def test_a_ledger_with_a_segment_missing_is_not_complete(
    journal: Journal, folder: Path, pointer: Path, here: list[str], listed: bool, told: str
) -> None:
    sizes = {f"{name}.jsonl.gz": 100 + int(name) ** 3 for name in "1234"}
    for name in here:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.jsonl.gz").write_bytes(bytes(sizes[f"{name}.jsonl.gz"]))
    named = {name: sizes[name] for name in ("1.jsonl.gz", "2.jsonl.gz")}
    point(pointer, named, folder.parents[1] / ".dvc" / "cache" if listed else None)
    for book in (None, journal):
        with pytest.raises(InputError, match=f"ledger.dvc: expected .*{told}; run `make pull`"):
            check_complete(folder, pointer, book)


def test_a_segment_that_the_journal_knows_counts_as_here(
    journal: Journal, other: Journal, folder: Path, pointer: Path
) -> None:
    first, second = bought(journal, folder, "a"), bought(journal, folder, "b")
    sizes = {file.name: file.stat().st_size for file in (first, second)}
    point(pointer, sizes, folder.parents[1] / ".dvc" / "cache")
    second.unlink()
    import_segments(other, folder)

    with pytest.raises(InputError, match=rf"but 1 \({second.name}\) are not there"):
        import_ledger(other, folder)
    assert import_ledger(journal, folder) == 0
    with pytest.raises(InputError, match=rf"but 1 \({second.name}\) are not there"):
        publish(journal, PROJECT, folder)  # `dvc add` would forget it


@pytest.mark.parametrize(
    "listed", [pytest.param(True, id="listing in the cache"), pytest.param(False, id="no listing")]
)
def test_a_ledger_that_was_imported_whole_counts_as_here_in_every_clone(
    other: Journal, journal: Journal, folder: Path, pointer: Path, tmp_path: Path, listed: bool
) -> None:
    segment = bought(other, folder, "a")
    point(pointer, {segment.name: segment.stat().st_size}, folder.parents[1] / ".dvc" / "cache" if listed else None)
    clone = tmp_path / "clone" / "data" / "ledger"
    point(clone.with_name("ledger.dvc"), {segment.name: segment.stat().st_size})
    with pytest.raises(InputError, match="but 0 other files are there"):
        import_ledger(journal, clone)
    assert import_ledger(journal, folder) == 1
    assert import_ledger(journal, clone) == 0


def test_a_ledger_that_was_not_imported_is_not_taken_for_known(
    journal: Journal, other: Journal, folder: Path, pointer: Path
) -> None:
    segment = bought(other, folder, "a")
    point(pointer, {segment.name: segment.stat().st_size})
    check_complete(folder, pointer, journal)
    segment.unlink()
    with pytest.raises(InputError, match="but 0 other files are there"):
        check_complete(folder, pointer, journal)


def test_an_unfinished_segment_does_not_stand_in_for_a_missing_one(folder: Path, pointer: Path) -> None:
    point(pointer, {"1.jsonl.gz": 5})
    folder.mkdir(parents=True)
    (folder / "77.part").write_bytes(bytes(5))
    with pytest.raises(InputError, match="but 0 other files are there"):
        check_complete(folder, pointer)


@pytest.mark.parametrize(
    ("nfiles", "size", "sizes", "fits"),
    [
        pytest.param(2, 7, [3, 4], True, id="exactly"),
        pytest.param(2, 7, [3, 9, 4], True, id="and one more"),
        pytest.param(2, 7, [7], False, id="too few"),
        pytest.param(2, 7, [3, 3, 3], False, id="of other sizes"),
        pytest.param(2, None, [1, 2], True, id="size unknown"),
        pytest.param(2, None, [1], False, id="size unknown, too few"),
        pytest.param(0, 0, [], True, id="empty"),
        pytest.param(15, 15, [1] * 30, False, id="too many to try"),
    ],
)
def test_a_dvc_file_fits_files_by_number_and_size(nfiles: int, size: int | None, sizes: list[int], fits: bool) -> None:
    assert Pointer("0.dir", nfiles, size).fits(sizes) is fits


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"config.local": "[cache]\ndir = {cache}\n"}, id="local"),
        pytest.param({"config": "[core]\n    analytics = false\n[cache]\n    dir = {cache}\n"}, id="repository"),
        pytest.param(
            {"config": "[cache]\ndir = elsewhere\n", "config.local": "[cache]\ndir = {cache}\n"}, id="local wins"
        ),
        pytest.param({"config": "[cache]\ndir = ../../cache\n['remote \"s\"']\nurl = x%y\n"}, id="relative"),
    ],
)
def test_the_listing_is_found_where_dvc_keeps_its_cache(
    folder: Path, pointer: Path, tmp_path: Path, config: dict[str, str]
) -> None:
    dvc = folder.parents[1] / ".dvc"
    dvc.mkdir(parents=True)
    for name, text in config.items():
        (dvc / name).write_text(text.format(cache=tmp_path / "cache"))
    point(pointer, {"1.jsonl.gz": 5}, tmp_path / "cache")
    with pytest.raises(InputError, match=r"but 1 \(1\.jsonl\.gz\) are not there"):
        check_complete(folder, pointer)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("outs:\n<<<<<<< HEAD\n- md5: a.dir\n=======\n- md5: b.dir\n>>>>>>> b\n", id="marks of a merge"),
        pytest.param("", id="empty"),
        pytest.param("outs:\n- md5: abc\n  path: ledger\n", id="a file, no folder"),
        pytest.param("outs: 3\n", id="no list"),
    ],
)
def test_a_dvc_file_of_another_form_is_told(folder: Path, pointer: Path, text: str) -> None:
    pointer.parent.mkdir(parents=True)
    pointer.write_text(text)
    with pytest.raises(InputError, match=r"ledger\.dvc: expected what `dvc add` wrote of one folder, got .*merge"):
        check_complete(folder, pointer)


def git(folder: Path, *arguments: str, at: int = 0) -> str:
    date = {"GIT_AUTHOR_DATE": f"@{at} +0000", "GIT_COMMITTER_DATE": f"@{at} +0000"} if at else {}
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "protocol.file.allow=always"]
    command = ["env", *(f"{name}={value}" for name, value in date.items()), "git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of two commits."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for message, at in (("root", 1_000_000), ("next", 2_000_000)):
        git(folder, "commit", "-q", "--allow-empty", "-m", message, at=at)
    return folder


def test_a_project_is_named_alike_in_clones_worktrees_and_subfolders(repository: Path, tmp_path: Path) -> None:
    git(repository, "clone", "-q", ".", str(tmp_path / "clone"))
    git(repository, "worktree", "add", "-q", "-b", "branch", str(tmp_path / "worktree"))
    git(tmp_path / "worktree", "commit", "-q", "--allow-empty", "-m", "more")
    (repository / "sub").mkdir()
    root = git(repository, "rev-parse", "HEAD~1")
    for folder in (repository, tmp_path / "clone", tmp_path / "worktree", repository / "sub"):
        assert project_id(folder) == root


def test_a_project_with_several_roots_is_named_by_the_oldest(repository: Path) -> None:
    root = project_id(repository)
    git(repository, "checkout", "-q", "--orphan", "docs")
    git(repository, "commit", "-q", "--allow-empty", "-m", "another root", at=3_000_000)
    assert project_id(repository) != root
    git(repository, "merge", "-q", "--allow-unrelated-histories", "-m", "both", "main", at=4_000_000)
    assert project_id(repository) == root


def test_a_shallow_clone_is_a_project_of_its_own(repository: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(repository, "clone", "-q", "--depth", "1", repository.as_uri(), str(shallow))
    assert project_id(shallow) == git(repository, "rev-parse", "HEAD")
    git(shallow, "fetch", "-q", "--unshallow")
    assert project_id(shallow) == project_id(repository)


@pytest.mark.parametrize("started", [pytest.param(False, id="no repository"), pytest.param(True, id="no commit")])
def test_a_folder_without_history_is_named_by_its_path(tmp_path: Path, started: bool) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    if started:
        git(tmp_path / "real", "init", "-q")
    assert project_id(tmp_path / "link") == str((tmp_path / "real").resolve())
