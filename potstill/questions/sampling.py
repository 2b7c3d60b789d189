"""From the chosen dataset to a sample of its rows, each checked and a Question."""

from collections.abc import Iterator
from pathlib import Path

import click
import datasets

from potstill.core.catalogues import Dataset
from potstill.core.errors import InputError
from potstill.core.params import Params
from potstill.core.records import SPLITS, Question, write_json, write_rows
from potstill.questions.files import BUILDERS, broken_line, is_local
from potstill.questions.schemas import Adapter, BadRow, SourceRow, find_adapter, to_questions
from potstill.questions.sources import Samples, read_samples


def write_samples(params: Params, source: Path, raw: Path) -> None:
    """Write the sampled questions of each split, and source.json, which says what they are a sample of."""
    datasets.utils.logging.set_verbosity(datasets.utils.logging.CRITICAL)  # its errors come as one InputError
    chosen = params.datasets[params.dataset]
    _check_tracked(params.dataset, chosen, source)
    samples = read_samples(chosen, params.load)
    written: dict[str, dict[str, int]] = {}
    skipped: list[dict[str, object]] = []
    asked: set[tuple[str, ...]] = set()
    for split in SPLITS:
        questions, bad = adapt_sample(params, split, samples)
        write_rows(raw / f"{split}.jsonl", questions)
        written[split] = count_questions(questions, asked)
        skipped += [{"split": split, "position": row.position, "id": row.id, "reason": row.reason} for row in bad]
        click.echo(describe_counts(split, written[split], len(bad)))
    write_json(
        raw / "source.json",
        {
            "dataset": params.dataset,
            "path": chosen.path,
            "name": chosen.name,
            "revision": samples.revision,
            "license": samples.license,
            "datasets_version": datasets.__version__,
            "split_rows": samples.split_rows,
            "split_names": {split: sample.split_name for split, sample in samples.by_split.items()},
            "splits": written,
            "skipped": skipped,
        },
    )


def count_questions(questions: list[Question], earlier: set[tuple[str, ...]]) -> dict[str, int]:
    """Count a split's questions, those without gold, and those that repeat one of `earlier`, to which it adds them."""
    asked = [(row.question, *sorted(choice.text for choice in row.choices)) for row in questions]
    repeated = sum(each in earlier for each in asked) + len(asked) - len(set(asked))
    earlier.update(asked)
    without_gold = sum(row.answer is None for row in questions)
    return {"questions": len(questions), "without_gold": without_gold, "repeated": repeated}


def describe_counts(split: str, counts: dict[str, int], skipped: int) -> str:
    """Return in one line what was taken of a split, and what its user might not expect of it."""
    parts = [f"{split}: {counts['questions']:,} questions", f"{skipped:,} bad rows skipped"]
    if counts["without_gold"]:
        parts.append(f"{counts['without_gold']:,} without gold")
    if counts["repeated"]:
        parts.append(f"{counts['repeated']:,} repeat a question of this or an earlier split")
    return ", ".join(parts)


def adapt_sample(params: Params, split: str, samples: Samples) -> tuple[list[Question], list[BadRow]]:
    """Turn a split's rows into Questions; a bad row is an InputError, or is listed with `on_bad_row: skip`."""
    questions: list[Question] = []
    bad: list[BadRow] = []
    sample = samples.by_split[split]
    if not sample.positions:
        return questions, bad
    chosen = params.datasets[params.dataset]
    place = f"{chosen.path}: split {sample.split_name}"
    rows_there = samples.split_rows[sample.split_name]
    adapter = _find_adapter(params, sample.rows)
    id_column = (chosen.columns and chosen.columns.id) or "id"
    for row in to_questions(_read_rows(sample.rows, chosen.path), adapter, split, sample.positions, id_column):
        if isinstance(row, Question):
            questions.append(row)
        elif params.load.on_bad_row == "skip":
            bad.append(row)
        else:
            raise InputError(f"{place}, {row.describe(rows_there)}; correct it, or set load.on_bad_row: skip")
    if not questions:
        raise InputError(f"{place}, {bad[0].describe(rows_there)}; with the rows like it skipped, none is left")
    return questions, bad


def _read_rows(sample: datasets.Dataset, path: str) -> Iterator[SourceRow]:
    """Yield a sample's rows; only here does text that is not UTF-8 come to light, as an InputError."""
    try:
        yield from sample
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
