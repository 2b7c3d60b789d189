"""From the chosen dataset to a sample of its rows, each checked and a Question."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import datasets

from potstill.core.catalogues import Dataset
from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.progress import show_progress
from potstill.core.records import SPLITS, Question, write_rows
from potstill.core.seen import Seen
from potstill.questions.files import BUILDERS, broken_line, is_local
from potstill.questions.schemas import Adapter, SourceRow, find_adapter, to_questions
from potstill.questions.skipped import SkippedRows
from potstill.questions.sources import Samples, read_samples

BATCH = 1000  # rows


def write_samples(params: Params, source: Path, raw: Path) -> None:
    """Write the sampled questions of each split, and source.json, which says what they are a sample of."""
    datasets.utils.logging.set_verbosity(datasets.utils.logging.CRITICAL)  # its errors come as one InputError
    chosen = params.datasets[params.dataset]
    _check_tracked(params.dataset, chosen, source)
    samples = read_samples(chosen, params.load)
    written: dict[str, dict[str, int]] = {}
    asked = Seen(sum(len(sample.positions) for sample in samples.by_split.values()))
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as file:
        skipped = SkippedRows(file)
        for split in SPLITS:
            already = skipped.count
            questions = adapt_sample(params, split, samples, skipped)
            written[split] = write_questions(raw / f"{split}.jsonl", questions, asked)
            click.echo(describe_counts(split, written[split], skipped.count - already))
        skipped.write_json(raw / "source.json", _describe_sample(params, samples, written))


def _describe_sample(params: Params, samples: Samples, written: dict[str, dict[str, int]]) -> dict[str, object]:
    """Return what source.json says before the skipped rows."""
    chosen = params.datasets[params.dataset]
    return {
        "dataset": params.dataset,
        "path": chosen.path,
        "name": chosen.name,
        "revision": samples.revision,
        "license": samples.license,
        "datasets_version": datasets.__version__,
        "split_rows": samples.split_rows,
        "split_names": {split: sample.split_name for split, sample in samples.by_split.items()},
        "splits": written,
    }


def write_questions(path: Path, questions: Iterable[Question], earlier: Seen) -> dict[str, int]:
    """Write a split's questions; count them, those without gold, and those that repeat one of it or of `earlier`."""
    counts = {"questions": 0, "without_gold": 0, "repeated": 0}

    def count() -> Iterator[Question]:
        for row in questions:
            counts["without_gold"] += row.answer is None
            texts = sorted([choice.text for choice in row.choices])
            counts["repeated"] += not earlier.add("\0".join([row.question, *texts]))
            yield row

    counts["questions"] = write_rows(path, count())
    return counts


def describe_counts(split: str, counts: dict[str, int], skipped: int) -> str:
    """Return in one line what was taken of a split, and what its user might not expect of it."""
    parts = [f"{split}: {counts['questions']:,} questions", f"{skipped:,} bad rows skipped"]
    if counts["without_gold"]:
        parts.append(f"{counts['without_gold']:,} without gold")
    if counts["repeated"]:
        parts.append(f"{counts['repeated']:,} repeat a question of this or an earlier split")
    return ", ".join(parts)


def adapt_sample(params: Params, split: str, samples: Samples, skipped: SkippedRows) -> Iterator[Question]:
    """Yield a split's rows as Questions; a bad row is an InputError, or joins `skipped` with `on_bad_row: skip`."""
    sample = samples.by_split[split]
    if not sample.positions:
        return
    chosen = params.datasets[params.dataset]
    place = f"{chosen.path}: split {sample.split_name}"
    rows_there = samples.split_rows[sample.split_name]
    adapter = _find_adapter(params, sample.rows)
    id_column = (chosen.columns and chosen.columns.id) or "id"
    first_bad, questions = None, 0
    rows = show_progress(_read_rows(sample.rows, chosen.path), split, len(sample.positions))
    for row in to_questions(rows, adapter, split, sample.positions, id_column):
        if isinstance(row, Question):
            questions += 1
            yield row
        elif params.load.on_bad_row == "skip":
            first_bad = first_bad or row
            skipped.add(split, row)
        else:
            raise InputError(f"{place}, {row.describe(rows_there)}; correct it, or set load.on_bad_row: skip")
    if first_bad and not questions:
        raise InputError(f"{place}, {first_bad.describe(rows_there)}; with the rows like it skipped, none is left")


def _read_rows(sample: datasets.Dataset, path: str) -> Iterator[SourceRow]:
    """Yield a sample's rows; only here does text that is not UTF-8 come to light, as an InputError.

    They are read in batches, since `datasets` takes seven times as long to give them one by one.
    """
    try:
        for batch in sample.iter(BATCH):
            for values in zip(*batch.values(), strict=True):
                yield dict(zip(batch, values, strict=True))
    except UnicodeDecodeError as error:
        raise InputError(broken_line(Path(path)) or f"{path}: expected UTF-8 text, but {error}") from None


def _find_adapter(params: Params, sample: datasets.Dataset) -> Adapter:
    """Find the adapter of a sample's schema; an InputError names the dataset."""
    try:
        return find_adapter(sample.column_names, params.datasets[params.dataset].columns)
    except InputError as error:
        raise InputError(f"params.yaml: datasets.{params.dataset}: {error}") from None


def _check_tracked(name: str, chosen: Dataset, source: Path) -> None:
    """Refuse a local path outside the source folder, since DVC would not see it change."""
    inside = Path(chosen.path).resolve().is_relative_to(source.resolve())
    if (is_local(chosen.path) or Path(chosen.path).suffix in BUILDERS) and not inside:
        raise InputError(f"params.yaml: datasets.{name}.path: expected a place below {source}, got {chosen.path!r}")
