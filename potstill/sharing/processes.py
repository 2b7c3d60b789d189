"""git and DVC as commands, whose complaints become one plain sentence."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from potstill.core.errors import InputError

# Whatever a user's own configuration says, what is read here has one form.
SETTINGS = ("core.quotePath=false", "color.ui=false", "log.showRoot=true", "log.showSignature=false")
GIT = ("git", *(word for setting in SETTINGS for word in ("-c", setting)))


def run_git(*arguments: str, given: str = "", folder: Path | None = None) -> str:
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


def try_git(*arguments: str) -> str | None:
    """Run git, and return what it printed without the last line end, or None where it has no answer."""
    try:
        return run_git(*arguments).rstrip("\n")
    except InputError:
        return None


def git_remote() -> str | None:
    """Return the git remote of this branch, else the first; None if there is none."""
    names = (try_git("remote") or "").split()
    branch = try_git("symbolic-ref", "--quiet", "--short", "HEAD")
    mine = try_git("config", f"branch.{branch}.remote") if branch else None
    return mine if mine in names else next(iter(names), None)


def run_python(
    module: str, *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run a module in a process of its own, and return what it printed; an InputError is what it complained of."""
    done = subprocess.run(  # noqa: S603 (of this project's words)
        [sys.executable, "-m", module, *arguments], cwd=folder, env=environment, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise InputError(_first_line(done.stderr, done.returncode))
    return done.stdout.decode(errors="replace")


def _first_line(complaint: bytes, code: int) -> str:
    """Return what a command complained of: a stage's sentence, else DVC's, else the first line."""
    lines = complaint.decode(errors="replace").strip().splitlines() or [f"exit code {code}"]
    for sign in ("Error: ", "ERROR: ", "fatal: ", "error: "):
        for line in lines:
            if line.startswith(sign):
                return line.removeprefix(sign)
    return lines[0]
