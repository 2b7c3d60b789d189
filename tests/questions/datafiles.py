"""Files of rows in the formats that `datasets` reads."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = list[dict[str, Any]]


def name_rows(prefix: str, stop: int, start: int = 0) -> list[str]:
    return [f"{prefix}{number}" for number in range(start, stop)]


def make_flat_rows(prefix: str, count: int) -> Rows:
    return [{"id": name, "question": f"Which is {name}?"} for name in name_rows(prefix, count)]


def write_jsonl(path: Path, rows: Rows) -> None:
    path.with_suffix(".jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_json_array(path: Path, rows: Rows) -> None:
    path.with_suffix(".json").write_text(json.dumps(rows), encoding="utf-8")


def write_csv(path: Path, rows: Rows) -> None:
    lines = [",".join(rows[0])] + [",".join(f'"{value}"' for value in row.values()) for row in rows]
    path.with_suffix(".csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_parquet(path: Path, rows: Rows) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path.with_suffix(".parquet"))


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    "jsonl": write_jsonl,
    "json": write_json_array,
    "csv": write_csv,
    "parquet": write_parquet,
}
