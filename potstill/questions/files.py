"""Questions in files: how `datasets` is to read them, and which file and line it stumbled over."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
from datasets.exceptions import DatasetsError
from huggingface_hub.errors import HfHubHTTPError

from potstill.core.errors import InputError
from potstill.core.json_lines import read_objects

BUILDERS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
UNREADABLE = (DatasetsError, HfHubHTTPError, OSError, RuntimeError, ValueError)  # what `load_dataset` was seen to raise
NO_ROWS = ("corresponds to no data", "BatchSize must be greater than 0")  # how it says that a split is empty


def is_local(path: str) -> bool:
    """Return whether a path is a file or folder, also one that does not exist, and no Hub id."""
    return path.startswith((".", "/", "data/")) or Path(path).exists()


def load_files(path: Path) -> datasets.DatasetDict:
    """Load a file (its split is train) or a folder of train.*, validation.* and test.* through `datasets`."""
    if not path.exists():
        raise InputError(f"{path}: expected a file or folder with questions, found none")
    if path.is_file() and path.suffix not in BUILDERS:
        raise InputError(f"{path}: expected one of {', '.join(BUILDERS)}")
    for file in _data_files(path):
        if not file.stat().st_size:
            raise InputError(f"{file}: expected questions, but the file is empty")
    options = _csv_options(path)
    try:
        if path.is_dir():
            return datasets.load_dataset(str(path), **options)
        return datasets.load_dataset(BUILDERS[path.suffix], data_files=str(path), **options)
    except UNREADABLE as error:
        raise InputError(broken_line(path) or f"{path}: cannot be read: {describe_failure(error)}") from None


def _csv_options(path: Path) -> dict[str, Any]:
    """Return options that keep each cell of CSV files as its text: a choice "None" is no gap, and "01" is not 1."""
    files = list(_data_files(path))
    if {file.suffix for file in files} != {".csv"}:
        return {}
    header: list[str] = []
    for file in files:
        header = _check_csv(file, header)
    return {
        "features": datasets.Features({name: datasets.Value("string") for name in header}),
        "keep_default_na": False,
    }


def _check_csv(file: Path, expected: list[str]) -> list[str]:
    """Return a CSV file's header; raise InputError if it or a row differs from what is expected, or is no UTF-8.

    `datasets` would fill a line that breaks off with empty cells: a question with fewer choices, and without gold.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.reader(lines)
            header = next(rows, [])
            if expected and header != expected:
                raise InputError(f"{file}: expected the columns {expected} as in the other files, got {header}")
            for row in rows:
                if row and len(row) != len(header):
                    raise InputError(
                        f"{file}: line {rows.line_num}: expected {len(header)} cells, got {len(row)}; quote cells that "
                        "hold commas"
                    )
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: expected UTF-8 text, but byte {error.start} is none; save it as UTF-8") from None
    return header


def _data_files(path: Path) -> Iterator[Path]:
    """Return the files that hold a path's rows."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return (file for file in files if file.suffix in BUILDERS)


def broken_line(path: Path) -> str | None:
    """Return which line below a path is no JSON in UTF-8, since `datasets` does not say; None if there is none."""
    for file in _data_files(path):
        if file.suffix == ".jsonl":
            try:
                for _ in read_objects(file, skip_empty=True):
                    pass
            except InputError as error:
                return str(error)
    return None


def describe_failure(error: Exception) -> str:
    """Return in one line why `load_dataset` failed."""
    cause = one_line(error.__cause__ or error)
    empty = any(sign in cause for sign in NO_ROWS)
    return f"expected rows in each of its splits, but one has none ({cause})" if empty else cause


def one_line(error: BaseException) -> str:
    """Return an error's message on one line."""
    return " ".join(str(error).split())
