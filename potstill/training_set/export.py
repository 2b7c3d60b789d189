"""The training examples that a student may learn from, and what was left out and why."""

import json
from collections import Counter
from pathlib import Path

import click

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.records import READ_OUTCOMES, Outcome, split_files, write_json, write_rows
from potstill.reading.exchanges import STRICT_GATES_FAILED, read_judged_exchanges
from potstill.training_set.formats import FORMATS

KEPT: dict[str, tuple[Outcome, ...]] = {"read": READ_OUTCOMES, "correct": ("correct",)}


def export_examples(params: Params, requests: Path, responses: Path, answers: Path, export: Path) -> None:
    """Write the kept rows of each split in each format, and a manifest that counts what was left out, and why.

    Raise InputError, with nothing written, if the answers are a teacher's that failed a strict gate.
    """
    check_gates(answers / STRICT_GATES_FAILED)
    kept = KEPT[params.export.keep]
    manifest: dict[str, dict[str, object]] = {}
    for file in split_files(answers):
        rows = list(read_judged_exchanges(requests / file.name, responses / file.name, file))
        examples = [row for row in rows if row.reading.outcome in kept]
        for name in params.export.formats:
            write_rows(
                export / name / file.name, (FORMATS[name](row.request, row.response.content or "") for row in examples)
            )
        left_out = Counter(row.reading.outcome for row in rows if row.reading.outcome not in kept)
        manifest[file.stem] = {"rows": len(rows), "exported": len(examples), "left_out": dict(sorted(left_out.items()))}
        click.echo(describe_split(file.stem, len(rows), len(examples), left_out))
    write_json(
        export / "manifest.json", {"formats": params.export.formats, "keep": params.export.keep, "splits": manifest}
    )


def check_gates(failed: Path) -> None:
    """Raise InputError with the error that analyze left in this file, if it did."""
    if failed.is_file():
        raise InputError(json.loads(failed.read_text(encoding="utf-8"))["error"])


def describe_split(split: str, rows: int, exported: int, left_out: Counter[Outcome]) -> str:
    """Return a line that says what became of a split's rows."""
    reasons = ", ".join(f"{count} {outcome}" for outcome, count in sorted(left_out.items()))
    return f"{split}: {exported} of {rows} rows exported" + (f"; left out: {reasons}" if reasons else "")
