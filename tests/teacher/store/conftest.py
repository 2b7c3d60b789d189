"""What the tests of the journal and the ledger share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from potstill.teacher.store.journal import Journal


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
