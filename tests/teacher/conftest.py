"""What the tests of the teacher share."""

from pathlib import Path

import pytest

from tests.servers.teacher import TeacherServer
from tests.teacher.light_project import KEY, LightProject, numbered


@pytest.fixture
def light(
    clean_environment: None,  # noqa: ARG001 (first, so that what is set below outlasts it)
    tmp_path: Path,
    teacher: TeacherServer,
    monkeypatch: pytest.MonkeyPatch,
) -> LightProject:
    """A folder with six requests and a teacher on loopback, which the test runs in."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TEACHER_MODEL_ENDPOINT", teacher.endpoint)
    monkeypatch.setenv("TEACHER_MODEL_KEY", KEY)
    project = LightProject(folder, teacher)
    project.configure()
    project.write_requests("train", numbered(6))
    return project
