"""The DVC project of the working folder, opened for one command at a time."""

import json
import logging
import os
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
import psutil
from dvc.config import ConfigError
from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.lock import LockError, make_lock
from dvc.repo import Repo, lock_repo
from dvc.scm import SCMError

from potstill.core.errors import InputError
from potstill.sharing.processes import check_git_repository
from potstill.sharing.storage_errors import first_line


@contextmanager
def open_project() -> Iterator[Repo]:
    """Open the project of the working folder and hold DVC's lock on it.

    Raise InputError if there is none, another command holds a lock on it, or DVC or the disk refuses something.
    """
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=UserWarning, module="adlfs")
    repo: Repo | None = None
    try:
        with _open() as repo, lock_repo(repo):
            if repair_locks(repo):
                name = os.path.relpath(_rwlock(repo))
                click.echo(f"{name}: a run that was killed had left it unreadable, so it was removed", err=True)
            yield repo
    except LockError:
        raise InputError(
            f"another DVC command is at work in this project{_describe_holders(repo)}; wait for it, or stop it, and "
            "run this again"
        ) from None
    except DvcException as error:
        raise InputError(f"DVC: {first_line(error)}; put that right, and run this again") from None
    except (OSError, sqlite3.Error) as error:
        raise InputError(
            f"{Path.cwd()}: expected to read and write here, but {error}; put that right, and run this again"
        ) from None


def _open() -> Repo:
    """Return the DVC project of the working folder; raise InputError if there is none, or it is another folder's."""
    try:
        repo = Repo()
    except NotDvcRepoError:
        raise InputError(f"{Path.cwd()}: expected a DVC project, found no .dvc here or above") from None
    except ConfigError as error:
        raise InputError(f".dvc/config: {first_line(error)}; it may hold the marks of a merge that failed") from None
    except SCMError:
        check_git_repository()
        raise
    if Path(repo.root_dir) != Path.cwd().resolve():
        raise InputError(f"{Path.cwd()}: expected the project's own folder, {repo.root_dir}; run this there")
    return repo


def repair_locks(repo: Repo) -> bool:
    """Remove DVC's list of what running commands read and write if it is no JSON; return whether it was.

    A killed command may leave it cut off. Entries of dead commands DVC removes by itself.
    """
    claims = _rwlock(repo)
    with suppress(FileNotFoundError, LockError), make_lock(str(claims.with_name("rwlock.lock")), tmp_dir=repo.tmp_dir):
        try:
            json.loads(claims.read_text(encoding="utf-8"))
        except ValueError:
            claims.unlink()
            return True
    return False


def _rwlock(repo: Repo) -> Path:
    """Return where DVC lists what running commands read and write."""
    return Path(repo.tmp_dir, "rwlock")


def _describe_holders(repo: Repo | None) -> str:
    """Return the living processes that hold the project's lock, or what a stage reads and writes, in parentheses."""
    holders = set(_list_holders(repo)) - {os.getpid()} if repo else set()
    names = []
    for number in sorted(holders):
        with suppress(psutil.Error):
            process = psutil.Process(number)
            names.append(f"process {number}, {shorten_command(process.cmdline()) or process.name()}")
    return f" ({'; '.join(names)})" if names else ""


def shorten_command(words: Sequence[str]) -> str:
    """Return a program and its first argument, such as "dvc repro": what follows may be secret, or a path."""
    names = [Path(word).name for word in words if not word.startswith("-")]
    is_module_or_script = len(names) > 1 and names[0].startswith("python") and "-c" not in words
    return " ".join(names[1:3]) if is_module_or_script else " ".join(names[: 1 if "-c" in words else 2])


def _list_holders(repo: Repo) -> Iterator[int]:
    """Yield the processes that DVC's files of its locks name."""
    with suppress(OSError, ValueError, IndexError):
        yield int(Path(repo.tmp_dir, "lock").read_text(encoding="utf-8").split()[0])
    with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        claims: dict[str, dict[str, Any]] = json.loads(_rwlock(repo).read_text(encoding="utf-8"))
        readers = [reader for several in claims.get("read", {}).values() for reader in several]
        yield from (int(claim["pid"]) for claim in [*claims.get("write", {}).values(), *readers])
