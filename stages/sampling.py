"""From the chosen dataset to a sample of its rows, each checked and a Question."""

from collections.abc import Iterator
from pathlib import Path

import click
import datasets

from stages.errors import InputError
from stages.params import Dataset, Params
from stages.records import SPLITS, Question, write_json, write_rows
from stages.schemas import Adapter, BadRow, SourceRow, find_adapter, to_questions
from stages.sources import CQnAHuggingFaceInputDataset, broken_line, is_local


def write_samples(params: Params, source: Path, raw: Path) -> None:
    """Write the sampled questions of each split, and source.json, which says what they are a sample of."""
    datasets.utils.logging.set_verbosity(datasets.utils.logging.CRITICAL)  # its errors come as one InputError
    chosen = params.datasets[params.dataset]
    _check_tracked(params.dataset, chosen, source)
    loader = CQnAHuggingFaceInputDataset()
    samples = loader.load_hf_dataset(
        chosen.path,
        params.load.train,
        params.load.validation,
        params.load.test,
        chosen.splits.train,
        chosen.splits.validation,
        chosen.splits.test,
        name=chosen.name,
        revision=chosen.revision,
        sample=params.load.sample,
        seed=params.load.seed,
    )
    written, skipped = {}, []
    for split, sample in zip(SPLITS, samples, strict=True):
        questions, bad = adapt_sample(params, split, sample, loader.positions[split])
        written[split] = {"questions": write_rows(raw / f"{split}.jsonl", questions)}
        skipped += [{"split": split, "position": row.position, "id": row.id, "reason": row.reason} for row in bad]
        click.echo(f"{split}: {written[split]['questions']} questions, {len(bad)} bad rows skipped")
    write_json(
        raw / "source.json",
        {
            "dataset": params.dataset,
            "path": chosen.path,
            "name": chosen.name,
            "revision": loader.revision,
            "datasets_version": datasets.__version__,
            "split_rows": loader.split_rows,
            "splits": written,
            "skipped": skipped,
        },
    )


def adapt_sample(
    params: Params, split: str, sample: datasets.Dataset, positions: list[int]
) -> tuple[list[Question], list[BadRow]]:
    """Turn a sample's rows into Questions; a bad row is an InputError, or is listed with `on_bad_row: skip`."""
    questions: list[Question] = []
    bad: list[BadRow] = []
    if not positions:
        return questions, bad
    adapter, chosen = _find_adapter(params, sample), params.datasets[params.dataset]
    id_column = (chosen.columns and chosen.columns.id) or "id"
    for row in to_questions(_read_rows(sample, chosen.path), adapter, split, positions, id_column):
        if isinstance(row, Question):
            questions.append(row)
        elif params.load.on_bad_row == "skip":
            bad.append(row)
        else:
            raise InputError(f"{_describe(params, split, row)}; correct it, or set load.on_bad_row: skip")
    if not questions:
        raise InputError(f"{_describe(params, split, bad[0])}; with the rows like it skipped, none is left")
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


def _describe(params: Params, split: str, row: BadRow) -> str:
    """Say in one sentence which row is bad, and why."""
    name = getattr(params.datasets[params.dataset].splits, split) or params.datasets[params.dataset].splits.train
    place = f"{params.datasets[params.dataset].path}: split {name}, row {row.position} (from 0), id {row.id!r}"
    return f"{place}: {row.reason}"


def _check_tracked(name: str, chosen: Dataset, source: Path) -> None:
    """Refuse a local path outside the source folder, since DVC would not see it change."""
    inside = Path(chosen.path).resolve().is_relative_to(source.resolve())
    if is_local(chosen.path) and not inside:
        raise InputError(f"params.yaml: datasets.{name}.path: expected a place below {source}, got {chosen.path!r}")
