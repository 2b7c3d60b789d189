"""What the tests of batches share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.batches import BatchServer
from tests.teacher.light_project import KEY, LightProject, numbered


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
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TEACHER_MODEL_ENDPOINT", service.endpoint)
    monkeypatch.setenv("TEACHER_MODEL_KEY", KEY)
    project = LightProject(folder, service)
    project.configure(provider="openai", batch=True)
    project.write_requests("train", numbered(6))
    return project
