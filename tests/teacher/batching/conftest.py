"""What the tests of batches share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.batches import BatchServer
from tests.teacher.light_project import LightProject, make_light_project


@pytest.fixture
def service() -> Iterator[BatchServer]:
    """Serve files and batches on loopback."""
    with BatchServer() as server:
        yield server


@pytest.fixture
def batching(
    clean_environment: None,  # noqa: ARG001 (first, so that what is set below outlasts it)
    tmp_path: Path,
    service: BatchServer,
    monkeypatch: pytest.MonkeyPatch,
) -> LightProject:
    """A folder with six requests to be asked in batches, which the test runs in."""
    project = make_light_project(tmp_path / "project", service, monkeypatch)
    project.configure(provider="openai", batch=True)
    return project
