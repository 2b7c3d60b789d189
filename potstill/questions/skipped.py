"""The bad rows that a sample skips, which may be as many as there are rows."""

import json
import shutil
from pathlib import Path
from typing import TextIO

from potstill.core.records import replacing
from potstill.questions.schemas import BadRow


class SkippedRows:
    """Bad rows that were skipped: counted, and kept in a file until source.json lists them."""

    def __init__(self, file: TextIO) -> None:
        """Keep the rows in an empty file that is open for writing and reading."""
        self.count = 0
        self._file = file

    def add(self, split: str, row: BadRow) -> None:
        """Add a bad row of a split."""
        entry = {"split": split, "position": row.position, "id": row.id, "reason": row.reason}
        text = json.dumps(entry, indent=2, ensure_ascii=False).replace("\n", "\n    ")
        self._file.write(f"{',' if self.count else ''}\n    {text}")
        self.count += 1

    def write_json(self, path: Path, source: dict[str, object]) -> None:
        """Write `source` as an indented JSON document whose last field, `skipped`, lists the rows."""
        head = json.dumps(source, indent=2, ensure_ascii=False).removesuffix("\n}")
        self._file.seek(0)
        with replacing(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.write(f'{head},\n  "skipped": [')
            shutil.copyfileobj(self._file, file)
            file.write("\n  ]\n}\n" if self.count else "]\n}\n")
