"""A sample of each split of a dataset, from the Hugging Face Hub or from files below data/source."""

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import datasets
import pyarrow
from pydantic import ValidationError

from potstill.core.catalogues import Dataset, Splits
from potstill.core.errors import InputError
from potstill.core.params import Load
from potstill.core.records import SPLITS
from potstill.core.validation_errors import format_validation_error
from potstill.questions.files import is_local, load_files
from potstill.questions.hub import load_from_hub
from potstill.questions.licenses import License, read_license


@dataclass(frozen=True)
class Sample:
    """Rows that were taken of one split of a dataset: its own name of the split, and where in it each row stands."""

    split_name: str
    rows: datasets.Dataset
    positions: Sequence[int]


@dataclass(frozen=True)
class Samples:
    """The sample of each of our splits; the Hub commit (None for files), and how many rows each split there has.

    `license` is what the dataset itself states.
    """

    by_split: dict[str, Sample]
    revision: str | None
    license: License
    split_rows: dict[str, int]


def read_samples(dataset: Dataset, load: Load) -> Samples:
    """Return as many rows of each split as asked for; an InputError names the split, the param, and what there is."""
    names = dataset.splits
    _check_named_once(dataset.path, [names.train, names.validation, names.test])
    loaded, commit, license_ = _load(dataset.path, dataset.name, dataset.revision)
    split_rows = {name: loaded[name].num_rows for name in sorted(loaded)}
    no_rows = next(iter(loaded.values())).select([])
    sizes = {"train": load.train, "validation": load.validation, "test": load.test}
    if names.test is None:
        sizes["test"] = 0
    origins = {"train": names.train, "validation": names.validation or names.train, "test": names.test or names.train}
    by_split = {}
    for name in dict.fromkeys(origins.values()):
        shared = {split: size for split, size in sizes.items() if origins[split] == name}
        order = _order_rows(split_rows.get(name, 0), load)
        _check_enough(dataset.path, name, split_rows, shared)
        for split, size in shared.items():
            positions, order = order[:size], order[size:] if size is not None else order[:0]
            rows = loaded[name].select(positions) if positions else no_rows
            by_split[split] = Sample(name, rows, positions)
    return Samples(by_split, commit, license_, split_rows)


def _load(path: str, name: str | None, revision: str | None) -> tuple[datasets.DatasetDict, str | None, License]:
    """Return a dataset's splits, the Hub commit that was read (None for files), and the licence."""
    if is_local(path):
        license_ = read_license(Path(path))
        loaded = load_files(Path(path))
        pyarrow.default_memory_pool().release_unused()  # what building the cache took, before the rows are read
        return loaded, None, license_
    return load_from_hub(path, name, revision)


def _check_named_once(path: str, splits: list[str | None]) -> None:
    """Raise InputError if two samples are of one split, since they would overlap."""
    named = [split for split in splits if split is not None]
    if len(set(named)) < len(named):
        raise InputError(
            f"{path}: splits: expected each once, since two samples of one would overlap, got {', '.join(named)}; null "
            "for validation carves it out of train, null for test leaves it empty"
        )


def _order_rows(count: int, load: Load) -> Sequence[int]:
    """Return the positions of a split's rows in the order in which they are taken.

    A range, which `datasets` takes as a slice without an index, or 8 bytes a row.
    """
    if load.sample == "head":
        return range(count)
    order = array("Q", range(count))
    random.Random(load.seed).shuffle(order)  # noqa: S311 (a reproducible sample, no secret)
    return order


def _check_enough(path: str, name: str, split_rows: dict[str, int], sizes: dict[str, int | None]) -> None:
    """Raise InputError if there is no split of a name, or it has fewer rows than those that share it ask for."""
    asked = {f"load.{split}": size for split, size in sizes.items() if size != 0}
    if asked and name not in split_rows:
        raise InputError(
            f"{path}: expected a split {name}, got {', '.join(split_rows)}; correct its name in splits, or set "
            f"{' and '.join(asked)} to 0"
        )
    rows = left = split_rows.get(name, 0)
    counts = {param: size for param, size in asked.items() if size is not None}
    if (total := sum(counts.values())) > rows:
        each = " and ".join(f"{size} for {param}" for param, size in counts.items())
        expected = f"{total}, {each}, which is carved out of it" if len(counts) > 1 else each
        raise InputError(f"{path}: split {name} has {rows} rows: expected {expected}; ask for fewer, or null takes all")
    for param, size in asked.items():
        if not left:
            raise InputError(f"{path}: split {name} has {rows} rows, none of which is left for {param}; set it to 0")
        left -= left if size is None else size


class CQnAHuggingFaceInputDataset:
    """Choice questions and answers from a Hugging Face dataset or from files, for callers outside the pipeline."""

    def load_hf_dataset(
        self,
        dataset_name: str,
        train_sample_size: int | None = 10,
        val_sample_size: int | None = 10,
        test_sample_size: int | None = 10,
        train_split_name: str = "train",
        val_split_name: str | None = "validation",
        test_split_name: str | None = "test",
        *,
        name: str | None = None,
        revision: str | None = None,
        sample: Literal["head", "random"] = "head",
        seed: int = 0,
    ) -> tuple[datasets.Dataset, datasets.Dataset, datasets.Dataset]:
        """Return (train, validation, test), each with as many rows as asked for (None = all there are).

        `dataset_name` is a Hub id, a file or a folder; `name` and `revision` are the Hub's configuration and commit.
        `val_split_name=None` carves validation out of the train split, after the training rows; `test_split_name=None`
        gives an empty test set. Raise InputError for an argument that cannot be, or if there is less than asked for.
        """
        splits = Splits(train=train_split_name, validation=val_split_name, test=test_split_name)
        sizes = {"train": train_sample_size, "validation": val_sample_size, "test": test_sample_size}
        counts = {split: None if size is None else int(size) for split, size in sizes.items()}
        try:
            load = Load.model_validate({**counts, "sample": sample, "seed": seed})
        except ValidationError as error:
            raise InputError(f"{dataset_name}: {format_validation_error(error, Load)}") from None
        samples = read_samples(Dataset(path=dataset_name, name=name, revision=revision, splits=splits), load)
        train, validation, test = (samples.by_split[split].rows for split in SPLITS)
        return train, validation, test
