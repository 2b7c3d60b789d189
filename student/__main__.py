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
    """Return the students' Python; raise InputError if it is not there, or older than what it should hold.

    A copy of the project, such as `dvc exp run --temp` makes, has none: there it is beside this interpreter's project.
    """
    project = next((one for one in (Path(), Path(sys.prefix).parent) if (one / READY).is_file()), None)
    if project is None:
        raise InputError(f"{FOLDER}/.venv: expected the students' environment, found none; run `make student-setup`")
    made = (project / READY).stat().st_mtime
    if any(made < (project / file).stat().st_mtime for file in REQUIREMENTS):
        raise InputError(
            f"{FOLDER}/.venv: expected what {REQUIREMENTS[0]} names, got an older one; run `make student-setup`"
        )
    return project / PYTHON


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
