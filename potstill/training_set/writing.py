"""The files of a training set, each row checked as it is written."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

import msgspec

from potstill.core.params import Format, Params
from potstill.core.records import Split
from potstill.core.seen import Seen
from potstill.training_set.building import Example
from potstill.training_set.formats import FORMATS, LLAMA_FACTORY, Row
from potstill.training_set.guarantees import check_example, list_secrets
from potstill.training_set.settings import find_target

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_ONCE = 10_000  # of a parquet file
encode = msgspec.json.Encoder().encode


class LinesWriter:
    """Writes a row as a line of JSON."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self._file: IO[bytes] = path.with_suffix(".jsonl").open("wb")

    def write(self, row: Row) -> None:
        """Write a row."""
        self._file.write(encode(row) + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ParquetWriter:
    """Writes rows of soft_labels to a parquet file."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        from pyarrow import parquet  # noqa: PLC0415 (only this format needs it, and it takes time)

        self._rows: list[Row] = []
        self._schema = make_schema()
        self._file = parquet.ParquetWriter(path.with_suffix(".parquet"), self._schema, compression="zstd")

    def write(self, row: Row) -> None:
        """Take a row, and write those there are when there are enough."""
        self._rows.append(row)
        if len(self._rows) == ROWS_AT_ONCE:
            self._flush()

    def close(self) -> None:
        """Write what is left, and close the file."""
        if self._rows:
            self._flush()
        self._file.close()

    def _flush(self) -> None:
        import pyarrow as pa  # noqa: PLC0415 (see above)

        self._file.write_table(pa.Table.from_pylist(msgspec.to_builtins(self._rows), schema=self._schema))
        self._rows.clear()


def make_schema() -> "pa.Schema":
    """Return the columns of soft_labels."""
    import pyarrow as pa  # noqa: PLC0415 (see above)

    text = pa.string()
    return pa.schema(
        {
            "id": text,
            "prompt": pa.list_(pa.struct({"role": text, "content": text})),
            "options": pa.list_(pa.struct({"label": text, "text": text})),
            "distribution": pa.list_(pa.float64()),
            "gold": text,
            "answer": text,
            "outcome": text,
            "confidence": pa.float64(),
        }
    )


class SplitWriter:
    """Writes a split's examples in each format, and its pairs as preference; a file is made with its first row."""

    def __init__(self, folder: Path, split: Split, params: Params) -> None:
        """Take the folder of the training set, and what its rows must keep to."""
        export = params.export
        self._folder, self._split = folder, split
        self._formats: list[Format] = [name for name in export.formats if name != "preference"]
        self._target, self._max_tokens, self._secrets = find_target(params), export.max_tokens, list_secrets()
        self._writers: dict[Format, LinesWriter | ParquetWriter] = {}
        self._ids, self._pair_ids = Seen(), Seen()
        self.rows = Counter[Format](dict.fromkeys(export.formats, 0))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()

    def write(self, examples: Iterable[Example], pairs: Iterable[Example]) -> None:
        """Write examples and pairs; raise ValueError, with nothing of it written, at one that must not be exported."""
        for example in examples:
            self._write(example, self._formats, self._ids)
        for pair in pairs:
            self._write(pair, ["preference"], self._pair_ids)

    def _write(self, example: Example, formats: Sequence[Format], ids: Seen) -> None:
        check_example(example, self._target, self._max_tokens, self._secrets)
        if not ids.add(example.id):
            raise ValueError("expected each id once, got it twice")
        for name in formats:
            if name not in self._writers:
                self._writers[name] = self._open(name)
            self._writers[name].write(FORMATS[name](example))
            self.rows[name] += 1

    def _open(self, name: Format) -> LinesWriter | ParquetWriter:
        path = self._folder / name / self._split
        path.parent.mkdir(exist_ok=True)
        return ParquetWriter(path) if name == "soft_labels" else LinesWriter(path)


def list_llama_factory(rows: Mapping[str, Mapping[Format, int]]) -> dict[str, Any]:
    """Return dataset_info.json, as LLaMA-Factory wants it: an entry for each file that it reads, of rows by split."""
    return {
        f"potstill_{name}_{split}": {"file_name": f"{name}/{split}.jsonl", **LLAMA_FACTORY[name]}
        for split, counts in rows.items()
        for name in counts
        if name in LLAMA_FACTORY
    }
