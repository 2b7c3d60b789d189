"""The DVC project of the working folder, opened for one command at a time."""

import json
import logging
import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import click
import psutil
from dvc.config import ConfigError
from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.lock import LockError, make_lock
from dvc.repo import Repo, lock_repo

from potstill.core.errors import InputError
from potstill.sharing.storage_errors import first_line


@contextmanager
def open_project() -> Iterator[Repo]:
    """Open the project of the working folder and hold DVC's lock on it.

    An InputError says who else holds it, that there is none, and what DVC or the disk refused meanwhile.
    """
    logging.getLogger("dvc").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=UserWarning, module="adlfs")
    try:
        with _open() as repo, _locked(repo):
            if repair_locks(repo):
                name = _relative(_claims_of(repo))
                click.echo(f"{name}: a run that was killed had left it unreadable, so it was removed", err=True)
            yield repo
    except DvcException as error:
        raise InputError(f"DVC: {first_line(error)}; put that right, and run this again") from None
    except (OSError, sqlite3.Error) as error:
        raise InputError(
            f"{Path.cwd()}: expected to read and write here, but {error}; put that right, and run this again"
        ) from None


def _open() -> Repo:
    try:
        repo = Repo()
    except NotDvcRepoError:
        raise InputError(f"{Path.cwd()}: expected a DVC project, found no .dvc here or above") from None
    except ConfigError as error:
        raise InputError(f".dvc/config: {first_line(error)}; it may hold the marks of a merge that failed") from None
    if Path(repo.root_dir) != Path.cwd().resolve():
        raise InputError(f"{Path.cwd()}: expected the project's own folder, {repo.root_dir}; run this there")
    return repo


@contextmanager
def _locked(repo: Repo) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(lock_repo(repo))
        except LockError:
            raise InputError(
                f"{_lock_of(repo)}: another DVC command is at work in this project{_describe_holder(repo)}; wait for "
                "it, or stop it, and run this again"
            ) from None
        yield


def repair_locks(repo: Repo) -> bool:
    """Remove DVC's list of what running commands read and write if a killed one left it cut off; tell whether it was.

    DVC leaves a dead command's entries out by itself, but stops at a list that is no JSON.
    """
    claims = _claims_of(repo)
    with suppress(FileNotFoundError, LockError), make_lock(str(claims.with_name("rwlock.lock")), tmp_dir=repo.tmp_dir):
        try:
            json.loads(claims.read_text(encoding="utf-8"))
        except ValueError:
            claims.unlink()
            return True
    return False


def _lock_of(repo: Repo) -> Path:
    return _relative(Path(repo.tmp_dir, "lock"))


def _claims_of(repo: Repo) -> Path:
    return Path(repo.tmp_dir, "rwlock")


def _relative(path: Path) -> Path:
    return Path(os.path.relpath(path))


def _describe_holder(repo: Repo) -> str:
    """Name the process whose number stands in the lock, if it lives."""
    with suppress(OSError, ValueError, psutil.Error):
        number = int(_lock_of(repo).read_text(encoding="utf-8").split()[0])
        return f" (process {number}, {psutil.Process(number).name()})"
    return ""
