"""What `make pull` brings to another machine, and what it says where something is not to be had."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from dvc.repo import Repo

from potstill.commands import gc, pull, push
from potstill.teacher.store.journal import Journal
from tests.clones import Clone, set_remote
from tests.conftest import copy_small
from tests.stores import UNCLOSED, s3_store

pytestmark = UNCLOSED


@pytest.fixture(scope="module")
def shared(small_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which two answers were bought and an export was made, all of it pushed."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "remote").mkdir()
    first = set_remote(copy_small(small_template, folder), "../../remote")
    first.buy("a", "b")
    first.keep("data/export", train="rows", validation="more")
    first.output(push.main)
    first.commit("Export")
    return folder


@pytest.fixture
def first(shared: Path, tmp_path: Path) -> Clone:
    return copy_small(shared, tmp_path)


@pytest.fixture
def second(first: Clone, tmp_path: Path) -> Clone:
    return first.clone(tmp_path / "second")


def object_in_remote(tmp_path: Path, content: bytes) -> Path:
    (found,) = [file for file in (tmp_path / "remote").rglob("*") if file.is_file() and file.read_bytes() == content]
    return found


def test_what_was_changed_by_hand_is_not_lost(second: Clone) -> None:
    second.output(pull.main)
    changed = second.folder / "data/export/train.jsonl"
    changed.unlink()
    changed.write_text("by hand")
    assert second.refuse(pull.main) == (
        "data/export/train.jsonl: changed by hand since they were made, and nowhere saved; `dvc commit --force` keeps "
        "them as they are, or `make pull FORCE=1` overwrites them"
    )
    assert changed.read_text() == "by hand"
    second.output(pull.main, "--force")
    assert changed.read_text() == "rows"
    changed.unlink()
    changed.write_text("more")  # as the cache has it of another file, so nothing is lost
    second.output(pull.main)
    assert changed.read_text() == "rows"


def test_an_object_that_is_missing_is_told_with_its_maker_and_the_way_to_it(second: Clone, tmp_path: Path) -> None:
    object_in_remote(tmp_path, b"rows").unlink()
    sentence = second.refuse(pull.main)
    assert re.match(
        r"not in the remote: data/export, made by commit \w{10} \(Export; t@localhost, 20..-..-..\); ", sentence
    )
    assert sentence.endswith("; `make repro` makes it again from the ledger, and asks only what is not there")
    with Journal(second.journal) as journal:  # what could be had was taken
        assert journal.find("a", 16) is not None


def test_a_segment_that_is_missing_is_told_and_the_others_are_taken(
    first: Clone, second: Clone, tmp_path: Path
) -> None:
    first.buy("c")
    first.output(push.main)
    first.commit("Buy c")
    (newer,) = [file for file in first.ledger.iterdir() if b"answer to c" in gzip.decompress(file.read_bytes())]
    object_in_remote(tmp_path, newer.read_bytes()).unlink()
    second.git("pull", "-q")
    sentence = second.refuse(pull.main)
    assert sentence.startswith("not in the remote: data/ledger, made by commit ")
    assert sentence.endswith("must run `make push ALL=1`, or its answers will be bought again")
    with Journal(second.journal) as journal:
        assert journal.find("a", 16) is not None
        assert journal.find("c", 16) is None
    first.output(push.main)
    second.output(pull.main)
    assert second.answers() == {"a", "b", "c"}


def test_an_object_that_was_damaged_in_the_remote_is_told_and_never_comes_in(
    local: Clone, tmp_path: Path, s3_endpoint: str
) -> None:
    store = s3_store(s3_endpoint)
    local.environment |= store.environment
    set_remote(local, store.url)
    local.keep("data/export", train="rows", validation="more")
    local.output(push.main)
    local.commit("Export")
    (name,) = [name for name in store.files() if name.endswith(md5_of_text("rows")[2:])]
    store.files_system.pipe_file(f"{store.url.removeprefix('s3://')}/{name}", b"ro")
    second = local.clone(tmp_path / "second")

    said = second.invoke(pull.main).stderr

    assert f"damaged in the remote: {store.url.removeprefix('s3://')}/{name} (of data/export); delete it there" in said
    assert "Error: not in the remote: data/export, made by " in said
    assert not (second.folder / "data/export").exists()
    assert b"ro" not in {file.read_bytes() for file in second.objects()}


def md5_of_text(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        pytest.param("data/ledger.dvc", "marks of a merge", id="a pointer with the marks of a merge"),
        pytest.param("data/ledger", "expected to read and write here, but [Errno 17]", id="a file for the ledger"),
    ],
)
def test_what_is_no_ledger_is_refused(second: Clone, name: str, sentence: str) -> None:
    (second.folder / name).write_text("<<<<<<< HEAD\nouts: []\n=======\nouts: []\n>>>>>>> side\n")
    assert sentence in second.refuse(pull.main)


def test_outputs_of_other_commits_that_nobody_has_are_told_and_stop_nothing(first: Clone, second: Clone) -> None:
    first.keep("data/export", train="never pushed")
    first.commit("Not pushed")
    first.keep("data/export", train="rows", validation="more")
    first.commit("As before")
    second.git("pull", "-q")
    said = second.output(pull.main, "--all-commits")
    assert re.search(r"neither here nor in the remote: data/export of commit \w{10} \(Not pushed; ", said)
    assert (second.folder / "data/export/train.jsonl").read_text() == "rows"


def test_segments_that_this_commit_does_not_name_leave_the_folder_where_the_cache_has_them(second: Clone) -> None:
    second.output(pull.main)
    second.share("d")
    second.git("checkout", "-q", "HEAD^")
    second.output(pull.main)
    assert second.answers() == {"a", "b"}
    with Journal(second.journal) as journal:
        assert journal.find("d", 16) is not None
    second.git("checkout", "-q", "main")
    second.output(pull.main)
    assert second.answers() == {"a", "b", "d"}


def test_without_the_listing_of_the_ledger_no_segment_leaves_the_folder(
    first: Clone, second: Clone, tmp_path: Path
) -> None:
    second.output(pull.main)
    first.share("c")
    first.git("push", "-q")
    for listing in (tmp_path / "remote").rglob("*.dir"):
        listing.unlink()
    second.git("pull", "-q")
    second.journal.unlink()
    assert "not in the remote: data/ledger" in second.refuse(pull.main)
    assert second.answers() == {"a", "b"}
    with Journal(second.journal) as journal:
        assert journal.find("a", 16) is not None


def test_a_damaged_segment_here_is_fetched_again(second: Clone) -> None:
    second.output(pull.main)
    (segment,) = second.ledger.iterdir()
    whole = segment.read_bytes()
    (kept,) = [file for file in second.objects() if file.read_bytes() == whole]
    for file in (segment, kept):
        file.chmod(0o644)
        file.write_bytes(b"cut")
        file.chmod(0o444)
    second.output(pull.main)
    assert segment.read_bytes() == kept.read_bytes() == whole


def test_a_stage_that_is_no_more_hinders_nobody(first: Clone, tmp_path: Path) -> None:
    stage = "stages:\n  {0}:\n    cmd: mkdir -p data/{0} && echo {0} > data/{0}/f\n    outs: [data/{0}]\n"
    for name in ("old", "new"):
        (first.folder / "dvc.yaml").write_text(stage.format(name))
        with first.active(), Repo() as repo:
            repo.reproduce()
    assert "data/old" in (first.folder / "dvc.lock").read_text()
    first.output(push.main)
    first.commit("Rename the stage")
    second = first.clone(tmp_path / "second")
    second.output(pull.main)
    assert (second.folder / "data/new/f").read_text() == "new\n"


def test_a_segment_that_no_commit_names_stays_in_the_folder(second: Clone) -> None:
    second.output(pull.main)
    second.buy("d")
    second.publish()
    second.git("checkout", "-q", "data/ledger.dvc")
    second.output(pull.main)
    assert second.answers() == {"a", "b", "d"}
    second.output(push.main)  # tracks it anew
    assert second.answers() == {"a", "b", "d"}
    second.git("checkout", "-q", "data/ledger.dvc")
    with second.active(), Repo() as repo:
        repo.checkout(["data/ledger.dvc"])
    second.output(gc.main, "--unpushed")  # which keeps segments, whatever names them
    assert b"answer to d" in b"".join(
        gzip.decompress(file.read_bytes()) for file in second.objects() if file.read_bytes()[:2] == b"\x1f\x8b"
    )
