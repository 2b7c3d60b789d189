"""A push that is killed at any moment: nothing half-written under a final name, nothing lost, and the next one ends."""

import hashlib
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from potstill.commands import pull, push, remote
from potstill.teacher.store.ledger import check_segment, list_segments
from tests.clones import Clone
from tests.stores import UNCLOSED, Store

pytestmark = UNCLOSED


def start(clone: Clone) -> "subprocess.Popen[bytes]":
    """Start what `make push` runs."""
    command = [sys.executable, "-m", "potstill", "push", *clone.arguments(push.main)]
    return subprocess.Popen(
        command, cwd=clone.folder, env=clone.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def name_of(content: bytes) -> str:
    """The end of the name under which DVC keeps a content."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()[2:]


def check_whole(clone: Clone, place: Store) -> None:
    """Every segment here and every object there, under a final name, has the content that its name is made of."""
    for segment in list_segments(clone.ledger):
        check_segment(segment)
    for name in place.files():
        last = name.rsplit("/", 1)[-1].removesuffix(".dir")
        if len(last) == 30 and set(last) <= set("0123456789abcdef"):
            assert name_of(place.read(name)) == last, name


@pytest.mark.slow
@pytest.mark.parametrize("store", ["azure", "folder"], indirect=True)
def test_a_push_that_is_killed_at_any_of_20_moments_loses_nothing(local: Clone, store: Store, tmp_path: Path) -> None:
    kill_pushes(local, store, 20, 1, tmp_path)


@pytest.mark.parametrize("store", ["folder"], indirect=True)
def test_a_push_that_is_killed_loses_nothing(local: Clone, store: Store, tmp_path: Path) -> None:
    kill_pushes(local, store, 2, 0.6, tmp_path)


def kill_pushes(local: Clone, place: Store, count: int, latest: float, tmp_path: Path) -> None:
    """Kill pushes at moments up to this part of the time that one takes; the next one shares all that was bought."""
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    local.environment |= place.environment
    local.output(remote.main, "--url", place.url)
    local.buy("first")
    started = time.monotonic()
    assert start(local).wait(60) == 0
    duration_s = time.monotonic() - started
    killed = 0
    for number in range(count):
        local.buy(*(f"{number}-{part}" for part in range(30)))
        local.keep("data/export", **{f"part{part}": f"{number}, {part}" * 2000 for part in range(5)})
        run = start(local)
        time.sleep(moments.uniform(0, latest * duration_s))
        killed += run.poll() is None
        run.kill()
        run.wait(60)
        check_whole(local, place)
    assert killed >= count // 2, f"seed {seed}: only {killed} were killed before they were done"

    local.output(push.main)
    check_whole(local, place)
    local.commit("Share")
    second = local.clone(tmp_path / "second")
    second.output(pull.main)
    assert second.answers() == {"first", *(f"{number}-{part}" for number in range(count) for part in range(30))}
    assert (second.folder / "data/export/part4.jsonl").read_text() == f"{count - 1}, 4" * 2000
