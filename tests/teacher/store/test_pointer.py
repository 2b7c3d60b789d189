"""Whether a ledger is here whole, as its .dvc file names it."""

import hashlib
import json
from pathlib import Path

import pytest

from potstill.core.errors import InputError
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.ledger import check_complete, import_ledger, import_segments, publish
from potstill.teacher.store.pointer import Pointer
from tests.teacher.store.bought import PROJECT, buy_and_publish


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


@pytest.fixture
def cache(folder: Path) -> Path:
    """Where DVC keeps its cache if nothing else is set."""
    return folder.parents[1] / ".dvc" / "cache"


def test_a_ledger_that_nothing_names_is_complete(journal: Journal, folder: Path) -> None:
    assert import_ledger(journal, folder) == 0


@pytest.mark.parametrize("listed", [True, False], ids=["listing in the cache", "no listing"])
def test_a_ledger_whose_segments_are_all_here_is_complete(
    journal: Journal, folder: Path, pointer: Path, cache: Path, listed: bool
) -> None:
    here = [buy_and_publish(journal, folder, key) for key in ("a", "b", "c")]
    point(pointer, {file.name: file.stat().st_size for file in here}, cache if listed else None)
    (folder / "77.part").write_text("of a publish that was killed")
    check_complete(folder, pointer)

    buy_and_publish(journal, folder.with_name("more"), "d").rename(folder / "more.jsonl.gz")
    if listed:
        check_complete(folder, pointer)
    else:  # nobody knows which of them are the ones named
        with pytest.raises(
            InputError, match=r"expected the 3 files .*, but 4 files with .* bytes are there; run `make pull`"
        ):
            check_complete(folder, pointer)


@pytest.mark.parametrize(
    ("here", "listed", "found"),
    [
        pytest.param("", True, r"2 \(1\.jsonl\.gz, 2\.jsonl\.gz\) are not", id="no folder"),
        pytest.param("", False, "0 files with 0 bytes are", id="no folder, no listing"),
        pytest.param("1", True, r"1 \(2\.jsonl\.gz\) are not", id="one of two"),
        pytest.param("1", False, "1 files with 101 bytes are", id="one of two, no listing"),
        pytest.param("13", True, r"1 \(2\.jsonl\.gz\) are not", id="another one"),
        pytest.param("13", False, "2 files with 228 bytes are", id="another one, no listing"),
    ],
)
def test_a_ledger_with_a_segment_missing_is_not_complete(
    journal: Journal, folder: Path, pointer: Path, cache: Path, here: str, listed: bool, found: str
) -> None:
    sizes = {f"{name}.jsonl.gz": 100 + int(name) ** 3 for name in "123"}
    for name in here:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.jsonl.gz").write_bytes(bytes(sizes[f"{name}.jsonl.gz"]))
    point(pointer, {name: sizes[name] for name in ("1.jsonl.gz", "2.jsonl.gz")}, cache if listed else None)
    for book in (None, journal):
        with pytest.raises(InputError, match=f"ledger.dvc: expected .*, but {found} there; run `make pull`"):
            check_complete(folder, pointer, book)


def test_an_older_dvc_file_without_a_size_counts_the_files() -> None:
    assert [Pointer("0.dir", 2, None).matches([1] * files) for files in (1, 2, 3)] == [False, True, False]


def test_an_unfinished_segment_does_not_stand_in_for_a_missing_one(folder: Path, pointer: Path) -> None:
    point(pointer, {"1.jsonl.gz": 5})
    folder.mkdir(parents=True)
    (folder / "77.part").write_bytes(bytes(5))
    with pytest.raises(InputError, match="but 0 files with 0 bytes are there"):
        check_complete(folder, pointer)


def test_a_segment_that_the_journal_knows_counts_as_here(
    journal: Journal, other: Journal, folder: Path, pointer: Path, cache: Path
) -> None:
    first, second = buy_and_publish(journal, folder, "a"), buy_and_publish(journal, folder, "b")
    point(pointer, {file.name: file.stat().st_size for file in (first, second)}, cache)
    second.unlink()
    import_segments(other, folder)

    with pytest.raises(InputError, match=rf"but 1 \({second.name}\) are not there"):
        import_ledger(other, folder)
    assert import_ledger(journal, folder) == 0
    with pytest.raises(InputError, match=rf"but 1 \({second.name}\) are not there"):
        publish(journal, PROJECT, folder)  # `dvc add` would forget it


@pytest.mark.parametrize("listed", [True, False], ids=["listing in the cache", "no listing"])
def test_a_ledger_that_was_imported_whole_counts_as_here_in_every_clone(
    other: Journal, journal: Journal, folder: Path, pointer: Path, cache: Path, tmp_path: Path, listed: bool
) -> None:
    segment = buy_and_publish(other, folder, "a")
    point(pointer, {segment.name: segment.stat().st_size}, cache if listed else None)
    clone = tmp_path / "clone" / "data" / "ledger"
    point(clone.with_name("ledger.dvc"), {segment.name: segment.stat().st_size})
    check_complete(folder, pointer, journal)  # which does not yet have its answers
    with pytest.raises(InputError, match="but 0 files with 0 bytes are there"):
        import_ledger(journal, clone)

    assert import_ledger(journal, folder) == 1
    assert import_ledger(journal, clone) == 0


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"config.local": "[cache]\ndir = {cache}\n"}, id="local"),
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
    ],
)
def test_a_dvc_file_of_another_form_is_refused(folder: Path, pointer: Path, text: str) -> None:
    pointer.parent.mkdir(parents=True)
    pointer.write_text(text)
    with pytest.raises(InputError, match=r"ledger\.dvc: expected what `dvc add` wrote of one folder, got .*merge"):
        check_complete(folder, pointer)
