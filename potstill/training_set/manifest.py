"""The manifest of a training set: what made it, and the hash, bytes and rows of each of its files."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from potstill.core.errors import InputError
from potstill.core.records import write_json

MANIFEST = "manifest.json"
CHUNK_BYTES = 1 << 20
SHOWN_DIGITS = 12


def write_manifest(folder: Path, manifest: Mapping[str, object]) -> None:
    """Write a folder's manifest.json: what is given, and `files`, so it comes after every other file."""
    write_json(folder / MANIFEST, {**manifest, "files": list_files(folder)})


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return a folder's manifest; raise InputError if there is none, or none that lists files."""
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(f"{path}: expected a manifest, found none; `make pull` brings it, `make repro` makes it")
    try:
        manifest = json.loads(path.read_bytes())
        listed = manifest["files"]
        if all(set(file) == {"sha256", "bytes", "rows"} for file in listed.values()):
            return dict(manifest)
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    raise InputError(f"{path}: expected the manifest of a training set, which lists its files; run `make repro`")


def list_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Return sha256, bytes and rows of each file below a folder but its manifest, by path; rows are None for others.

    Rows are the lines of .jsonl and what the footer of .parquet says. A file is read in pieces, whatever its size.
    """
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: _describe_file(files[name]) for name in sorted(files) if name != MANIFEST}


def _describe_file(path: Path) -> dict[str, Any]:
    """Return sha256, bytes and rows of a file."""
    hash_, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            hash_.update(piece)
            lines += piece.count(b"\n")
    rows = {".jsonl": lines, ".parquet": None}.get(path.suffix)
    if path.suffix == ".parquet":
        rows = _count_parquet_rows(path)
    return {"sha256": hash_.hexdigest(), "bytes": path.stat().st_size, "rows": rows}


def _count_parquet_rows(path: Path) -> int | None:
    """Return the rows of a parquet file; None of a broken one, which is told by its hash."""
    from pyarrow import ArrowException, parquet  # noqa: PLC0415 (0.5 s that other formats need not wait for)

    try:
        return int(parquet.read_metadata(path).num_rows)
    except (ArrowException, OSError):
        return None


def find_differences(folder: Path) -> list[str]:
    """Return a sentence for each file that is missing, added, or other than the manifest says; in order of path."""
    expected, found = read_manifest(folder)["files"], list_files(folder)
    return [
        sentence
        for name in sorted({*expected, *found})
        for sentence in _compare(name, expected.get(name), found.get(name))
    ]


def _compare(name: str, expected: dict[str, Any] | None, found: dict[str, Any] | None) -> Iterator[str]:
    """Yield a sentence if a file is not as expected: of bytes and sha256 the first that differs."""
    if expected is None or found is None:
        yield f"{name} is {'missing' if found is None else f'not in {MANIFEST}'}"
    elif expected["bytes"] != found["bytes"]:
        yield f"{name} has {found['bytes']:,} bytes, not {expected['bytes']:,}"
    elif expected["sha256"] != found["sha256"]:
        yield f"{name} has the sha256 {found['sha256'][:SHOWN_DIGITS]}..., not {expected['sha256'][:SHOWN_DIGITS]}..."
