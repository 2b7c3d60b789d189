"""What the tests of the teacher share."""

from pathlib import Path

import pytest

from tests.servers.teacher import TeacherServer
from tests.teacher.light_project import LightProject, make_light_project


@pytest.fixture
def light(
    clean_environment: None,  # noqa: ARG001 (first, so that what is set below outlasts it)
    tmp_path: Path,
    teacher: TeacherServer,
    monkeypatch: pytest.MonkeyPatch,
) -> LightProject:
    """A folder with six requests and a teacher on loopback, which the test runs in."""
    return make_light_project(tmp_path / "project", teacher, monkeypatch)
