"""git and DVC as commands, whose complaints become one plain sentence."""

import subprocess
import sys

from stages.errors import InputError

# Whatever a user's own configuration says, what is read here has one form.
SETTINGS = ("core.quotePath=false", "color.ui=false", "log.showRoot=true", "log.showSignature=false")
GIT = ("git", *(word for setting in SETTINGS for word in ("-c", setting)))


def run_git(*arguments: str, given: str = "", folder: str | None = None) -> str:
    """Run git in the working folder, or in another one, and return what it printed; `given` is its standard input.

    Bytes that are no UTF-8 come as lone surrogates, and line ends as they are.
    """
    try:
        done = subprocess.run(  # noqa: S603 (of this project's words)
            [*GIT, *arguments], input=given.encode(), cwd=folder, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise InputError("git: expected it on the PATH, found none; install git") from None
    if done.returncode != 0:
        raise InputError(f"git {' '.join(arguments[:2])}: {_first_line(done.stderr, done.returncode)}")
    return done.stdout.decode(errors="surrogateescape")


def ask_git(*arguments: str) -> str | None:
    """Run git, and return what it printed without the last line end, or None where it has no answer."""
    try:
        return run_git(*arguments).rstrip("\n")
    except InputError:
        return None


def run_dvc(*arguments: str, folder: str | None = None) -> str:
    """Run DVC in a process of its own and return what it printed; an InputError says what went wrong."""
    done = subprocess.run(  # noqa: S603 (of this project's words)
        [sys.executable, "-m", "dvc", *arguments], cwd=folder, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise InputError(f"dvc {' '.join(arguments)}: {_first_line(done.stderr, done.returncode)}")
    return done.stdout.decode(errors="replace")


def _first_line(complaint: bytes, code: int) -> str:
    """Return the first line of what a command complained of, after the words that lead up to it."""
    text = complaint.decode(errors="replace").split("ERROR: ", maxsplit=1)[-1]
    lines = text.strip().splitlines() or [f"exit code {code}"]
    return lines[0].removeprefix("fatal: ").removeprefix("error: ")
