"""What `dvc add` wrote of a folder, read without DVC: to import it takes longer than most runs."""

import configparser
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from potstill.core.errors import InputError


@dataclass(frozen=True)
class Pointer:
    """What a .dvc file holds of a folder: the md5 that names its listing, the number of files and of bytes."""

    md5: str
    nfiles: int
    size: int | None

    def matches(self, sizes: Collection[int]) -> bool:
        """Return whether files of these sizes are as many files and bytes as it says."""
        return len(sizes) == self.nfiles and self.size in (None, sum(sizes))


def pointer_of(folder: Path) -> Path:
    """Return the .dvc file that `dvc add` of this folder writes."""
    return folder.with_name(f"{folder.name}.dvc")


def read_pointer(path: Path) -> Pointer | None:
    """Return what a .dvc file names, None if there is no file; raise an InputError for one of another form."""
    if not path.is_file():
        return None
    try:
        (out,) = YAML(typ="safe").load(path)["outs"]
        return Pointer(out["md5"], int(out["nfiles"]), out.get("size"))
    except (YAMLError, LookupError, TypeError, ValueError, AttributeError):
        raise InputError(
            f"{path}: expected what `dvc add` wrote of one folder, got something else, such as the marks of a merge "
            f"that failed; run `git checkout --merge {path}`, or take one side with `git checkout HEAD {path}`"
        ) from None


def list_named(path: Path, pointer: Pointer) -> set[str] | None:
    """Return the files that the .dvc file at this path names; None where DVC's cache does not have the listing."""
    cache = _find_cache(path)
    try:
        listing = json.loads((cache / pointer.md5[:2] / pointer.md5[2:]).read_bytes()) if cache else None
        return listing and {entry["relpath"] for entry in listing}
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _find_cache(path: Path) -> Path | None:
    """Return DVC's cache, as the nearest project upwards sets it; for a queued experiment that is its parent's."""
    folder = next((parent / ".dvc" for parent in path.resolve().parents if (parent / ".dvc").is_dir()), None)
    if folder is None:
        return None
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read([folder / "config", folder / "config.local"], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return None
    setting = config.get("cache", "dir", fallback="cache").strip("'\"")
    return folder / Path(setting).expanduser() / "files" / "md5"
