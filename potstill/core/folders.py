"""Folders that are replaced whole or not at all."""

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_HERE = -100  # AT_FDCWD: paths are taken from the working folder
_EXCHANGE = 2  # RENAME_EXCHANGE


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield a new folder that takes the place of `path` when the block ends well; a kill leaves the old or the new.

    What an earlier process that was killed left unfinished is removed.
    """
    for left in path.parent.glob(f"{path.name}.*.part"):
        owner = left.name.removeprefix(f"{path.name}.").removesuffix(".part")
        if not (owner.isdigit() and psutil.pid_exists(int(owner))):
            shutil.rmtree(left, ignore_errors=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        put_in_place(unfinished, path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def put_in_place(new: Path, path: Path) -> None:
    """Move a folder to `path`; what was there is exchanged with it in one step, as Linux can, else removed first."""
    if path.exists() and _exchange(new, path):
        return
    shutil.rmtree(path, ignore_errors=True)
    new.rename(path)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders by renameat2(2); return whether that could be done."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "renameat2"):
        return False
    return bool(library.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)
