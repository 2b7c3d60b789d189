"""git and DVC as commands, whose complaints become one plain sentence."""

import subprocess
import sys

from stages.errors import InputError


def run_git(*arguments: str, given: str | None = None, folder: str | None = None) -> str:
    """Run git in the working folder, or in another one, and return what it printed; `given` is its standard input."""
    done = subprocess.run(  # noqa: S603 (of this project's words)
        ["git", "-c", "core.quotePath=false", *arguments],  # noqa: S607 (the one on the PATH)
        input=given,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    if done.returncode != 0:
        raise InputError(f"git {' '.join(arguments[:2])}: {_first_line(done.stderr, done.returncode)}")
    return done.stdout


def ask_git(*arguments: str) -> str | None:
    """Run git, and return what it printed without the last line end, or None where it has no answer."""
    try:
        return run_git(*arguments).rstrip("\n")
    except InputError:
        return None


def run_dvc(*arguments: str, folder: str | None = None, environment: dict[str, str] | None = None) -> str:
    """Run DVC in a process of its own and return what it printed; an InputError says what went wrong."""
    done = subprocess.run(  # noqa: S603 (of this project's words)
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    if done.returncode != 0:
        raise InputError(f"dvc {' '.join(arguments)}: {_first_line(done.stderr, done.returncode)}")
    return done.stdout


def _first_line(complaint: str, code: int) -> str:
    """Return the first line of what a command complained of, after the words that lead up to it."""
    lines = complaint.split("ERROR: ", maxsplit=1)[-1].strip().splitlines() or [f"exit code {code}"]
    return lines[0].removeprefix("fatal: ").removeprefix("error: ")
