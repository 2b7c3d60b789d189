"""Run a stage of a student in student/.venv, which has torch: `python -m student STAGE`."""

import os
import sys
from pathlib import Path

from potstill.core.errors import InputError

FOLDER = Path("student")
PYTHON = FOLDER / ".venv/bin/python"
READY = FOLDER / ".venv/.ready"
REQUIREMENTS = (FOLDER / "requirements.lock", FOLDER / "torch.txt")


def find_python() -> Path:
    """Return the students' Python; raise InputError if it is not there, or older than what it should hold."""
    if not READY.is_file():
        raise InputError(f"{FOLDER}/.venv: expected the students' environment, found none; run `make student-setup`")
    if any(READY.stat().st_mtime < file.stat().st_mtime for file in REQUIREMENTS):
        raise InputError(
            f"{FOLDER}/.venv: expected what {REQUIREMENTS[0]} names, got an older one; run `make student-setup`"
        )
    return PYTHON


def main() -> None:
    """Become the stage."""
    try:
        python = find_python()
    except InputError as error:
        error.show()
        sys.exit(error.exit_code)
    os.execv(python, [str(python), "-m", f"student.{sys.argv[1]}", *sys.argv[2:]])  # noqa: S606 (the project's own)


if __name__ == "__main__":
    main()
