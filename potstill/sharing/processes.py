"""git and Python modules as processes, whose errors become one plain sentence."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from potstill.core.errors import InputError

# Whatever a user's own configuration says, what is read here has one form.
SETTINGS = ("core.quotePath=false", "color.ui=false", "log.showRoot=true", "log.showSignature=false")
GIT = ("git", *(word for setting in SETTINGS for word in ("-c", setting)))


def run_git(*arguments: str, stdin: str = "", folder: Path | None = None) -> str:
    """Run git in a folder (the working one) and return its stdout; raise InputError with what it complained of.

    Bytes that are no UTF-8 become lone surrogates, and line ends stay as they are.
    """
    try:
        process = subprocess.run(  # noqa: S603 (of this project's words)
            [*GIT, *arguments], input=stdin.encode(), cwd=folder, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise InputError("git: expected it on the PATH, found none; install git") from None
    if process.returncode != 0:
        raise InputError(f"git {' '.join(arguments[:2])}: {find_complaint(process.stderr, process.returncode)}")
    return process.stdout.decode(errors="surrogateescape")


def try_git(*arguments: str) -> str | None:
    """Run git and return its stdout without the last line end; None if it fails."""
    try:
        return run_git(*arguments).rstrip("\n")
    except InputError:
        return None


def check_git_repository() -> None:
    """Raise InputError, with the way on, if the working folder is in no git repository, such as an unpacked archive."""
    run_git("--version")
    if try_git("rev-parse", "--git-dir") is None:
        raise InputError(
            f"{Path.cwd()}: expected a git repository, which DVC needs, found none; `git clone` the project, or "
            "`git init && git add --all && git commit --message Start` makes one of this folder"
        )


def find_git_remote() -> str | None:
    """Return the git remote of this branch, else the first; None if there is none."""
    names = (try_git("remote") or "").split()
    branch = try_git("symbolic-ref", "--quiet", "--short", "HEAD")
    upstream = try_git("config", f"branch.{branch}.remote") if branch else None
    return upstream if upstream in names else next(iter(names), None)


def run_python(
    module: str, *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> None:
    """Run a module in a process of its own; raise InputError with what it complained of."""
    process = subprocess.run(  # noqa: S603 (of this project's words)
        [sys.executable, "-m", module, *arguments], cwd=folder, env=environment, capture_output=True, check=False
    )
    if process.returncode != 0:
        raise InputError(find_complaint(process.stderr, process.returncode))


def find_complaint(stderr: bytes, code: int) -> str:
    """Return a stage's error sentence, else DVC's or git's, else the first line of stderr."""
    lines = stderr.decode(errors="replace").strip().splitlines() or [f"exit code {code}"]
    for prefix in ("Error: ", "ERROR: ", "fatal: ", "error: "):
        for line in lines:
            if line.startswith(prefix):
                return line.removeprefix(prefix)
    return lines[0]
