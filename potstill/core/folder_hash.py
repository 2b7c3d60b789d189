"""What DVC calls a folder: a page can say by it what it was made of, without a word that another run would change."""

import hashlib
import json
from functools import partial
from pathlib import Path

_md5 = partial(hashlib.md5, usedforsecurity=False)


def hash_folder(folder: Path) -> str:
    """Return a folder's name in dvc.lock: the MD5 of the JSON list of its files' MD5s and paths, and ".dir"."""
    files = sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    listed = json.dumps([{"md5": hash_file(path), "relpath": name} for name, path in files])
    return f"{_md5(listed.encode()).hexdigest()}.dir"


def hash_file(path: Path) -> str:
    """Return a file's MD5, without holding the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest()
