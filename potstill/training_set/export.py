"""The training examples that a student may learn from, and what was left out and why."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.records import (
    READ_OUTCOMES,
    Answer,
    Outcome,
    Reading,
    Request,
    Response,
    read_rows,
    split_files,
    write_json,
    write_rows,
)
from potstill.training_set.formats import FORMATS

KEPT: dict[str, tuple[Outcome, ...]] = {"read": READ_OUTCOMES, "correct": ("correct",)}

Judged = tuple[Request, Response, Reading]


def export_examples(params: Params, requests: Path, responses: Path, answers: Path, export: Path) -> None:
    """Write the kept rows of each split in each format; the manifest counts what was left out, and why."""
    kept = KEPT[params.export.keep]
    manifest: dict[str, dict[str, object]] = {}
    for file in split_files(answers):
        rows = list(read_judged(requests / file.name, responses / file.name, file))
        examples = [(request, response.content) for request, response, reading in rows if reading.outcome in kept]
        for name in params.export.formats:
            write_rows(export / name / file.name, (FORMATS[name](request, text or "") for request, text in examples))
        left_out = Counter(reading.outcome for _, _, reading in rows if reading.outcome not in kept)
        manifest[file.stem] = {"rows": len(rows), "exported": len(examples), "left_out": dict(sorted(left_out.items()))}
        click.echo(describe(file.stem, len(rows), len(examples), left_out))
    write_json(
        export / "manifest.json", {"formats": params.export.formats, "keep": params.export.keep, "splits": manifest}
    )


def read_judged(requests: Path, responses: Path, answers: Path) -> Iterator[Judged]:
    """Yield a split's requests with their responses and readings; an InputError says where the files disagree."""
    readings = (reading for answer in read_rows(answers, Answer) for reading in answer.readings)
    try:
        for request, response, reading in zip(
            read_rows(requests, Request), read_rows(responses, Response), readings, strict=True
        ):
            if not request.id == response.id == reading.request_id:
                raise InputError(
                    f"{answers}: expected the reading of request {request.id}, got that of {reading.request_id} "
                    f"beside the response to {response.id}; run `make repro`"
                )
            yield request, response, reading
    except InputError:
        raise
    except ValueError:
        raise InputError(f"{answers}: not as many rows as {requests}; run `make repro`") from None


def describe(split: str, rows: int, exported: int, left_out: Counter[Outcome]) -> str:
    """Say in one line what became of a split's rows."""
    reasons = ", ".join(f"{count} {outcome}" for outcome, count in sorted(left_out.items()))
    return f"{split}: {exported} of {rows} rows exported" + (f"; left out: {reasons}" if reasons else "")
