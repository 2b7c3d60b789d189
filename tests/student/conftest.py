"""The students' own Python, which has torch."""

import os
from pathlib import Path

import pytest

from student.__main__ import PYTHON, READY
from tests.project import ROOT

REQUIRED = os.environ.get("POTSTILL_REQUIRE_STUDENT") == "1"


@pytest.fixture(scope="session")
def student_python() -> Path:
    """Return the students' Python; without `make student-setup`, tests that need it are left out."""
    if not (ROOT / READY).is_file() and not REQUIRED:
        pytest.skip("students are tested in student/.venv: `make student-setup` makes it")
    return ROOT / PYTHON
