"""Stage export: write the training examples that a student may learn from."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from stages.errors import InputError, plain_errors
from stages.formats import FORMATS
from stages.params import Params, load_params
from stages.records import (
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

REQUESTS = Path("data/requests")
RESPONSES = Path("data/responses")
ANSWERS = Path("data/answers")
EXPORT = Path("data/export")
KEPT: dict[str, tuple[Outcome, ...]] = {"read": READ_OUTCOMES, "correct": ("correct",)}

Judged = tuple[Request, Response, Reading]


@click.command()
def main() -> None:
    """Write data/export/FORMAT/{split}.jsonl for each format in params.yaml, and data/export/manifest.json."""
    with plain_errors():
        export(load_params())


def export(params: Params) -> None:
    """Write the kept rows of each split in each format; the manifest counts what was left out, and why."""
    kept = KEPT[params.export.keep]
    manifest: dict[str, dict[str, object]] = {}
    for file in split_files(ANSWERS):
        rows = list(read_judged(file.name))
        examples = [(request, response.content) for request, response, reading in rows if reading.outcome in kept]
        for name in params.export.formats:
            write_rows(EXPORT / name / file.name, (FORMATS[name](request, text or "") for request, text in examples))
        left_out = Counter(reading.outcome for _, _, reading in rows if reading.outcome not in kept)
        manifest[file.stem] = {"rows": len(rows), "exported": len(examples), "left_out": dict(sorted(left_out.items()))}
        click.echo(describe(file.stem, len(rows), len(examples), left_out))
    write_json(
        EXPORT / "manifest.json", {"formats": params.export.formats, "keep": params.export.keep, "splits": manifest}
    )


def read_judged(name: str) -> Iterator[Judged]:
    """Yield a split's requests with their responses and readings; an InputError says where the files disagree."""
    readings = (reading for answer in read_rows(ANSWERS / name, Answer) for reading in answer.readings)
    yield from match_rows(name, read_rows(REQUESTS / name, Request), read_rows(RESPONSES / name, Response), readings)


def match_rows(
    name: str, requests: Iterable[Request], responses: Iterable[Response], readings: Iterable[Reading]
) -> Iterator[Judged]:
    """Join the three by position, and check that they speak of the same request."""
    try:
        for request, response, reading in zip(requests, responses, readings, strict=True):
            if not request.id == response.id == reading.request_id:
                raise InputError(
                    f"{ANSWERS / name}: expected the reading of request {request.id}, got that of {reading.request_id} "
                    f"beside the response to {response.id}; run `make repro`"
                )
            yield request, response, reading
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{ANSWERS / name}: not as many rows as {REQUESTS / name}; run `make repro`") from None


def describe(split: str, rows: int, exported: int, left_out: Counter[Outcome]) -> str:
    """Say in one line what became of a split's rows."""
    reasons = ", ".join(f"{count} {outcome}" for outcome, count in sorted(left_out.items()))
    return f"{split}: {exported} of {rows} rows exported" + (f"; left out: {reasons}" if reasons else "")


if __name__ == "__main__":
    main()
