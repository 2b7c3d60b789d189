"""Where questions come from: datasets on the Hugging Face Hub and files below data/source."""

import json
import random
import re
from pathlib import Path
from typing import Literal

import datasets
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from potstill.core.errors import InputError
from potstill.core.records import SPLITS
from potstill.questions.files import UNREADABLE, describe_failure, is_local, load_files, one_line

COMMIT = re.compile(r"[0-9a-f]{40}")
FORBIDDEN = (401, 403)


class CQnAHuggingFaceInputDataset:
    """Choice questions and answers from a Hugging Face dataset or from local files, sampled by split.

    After `load_hf_dataset`: `revision` is the Hub commit that was read (None for files), `split_rows` the rows that
    each of the dataset's splits has, and `positions` where each sampled row stands in the split it came from.
    """

    def __init__(self) -> None:
        """Start with nothing loaded."""
        self.revision: str | None = None
        self.split_rows: dict[str, int] = {}
        self.positions: dict[str, list[int]] = {}

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
        gives an empty test set. An InputError says what is missing, where and how much there is.
        """
        _check_named_once(dataset_name, train_split_name, val_split_name, test_split_name)
        loaded = self._load(dataset_name, name, revision)
        self.split_rows = {split: loaded[split].num_rows for split in sorted(loaded)}
        order = self._order(dataset_name, loaded, train_split_name, sample, seed)
        train = _take(f"{dataset_name}: split {train_split_name}", order, train_sample_size)
        if val_split_name is None:
            where = f"{dataset_name}: split {train_split_name}, after {len(train)} training rows,"
            validation_from, validation = train_split_name, _take(where, order[len(train) :], val_sample_size)
        else:
            order = self._order(dataset_name, loaded, val_split_name, sample, seed)
            where = f"{dataset_name}: split {val_split_name}"
            validation_from, validation = val_split_name, _take(where, order, val_sample_size)
        test_from, test = train_split_name, list[int]()
        if test_split_name is not None:
            order = self._order(dataset_name, loaded, test_split_name, sample, seed)
            test_from, test = (
                test_split_name,
                _take(f"{dataset_name}: split {test_split_name}", order, test_sample_size),
            )
        self.positions = dict(zip(SPLITS, (train, validation, test), strict=True))
        return (
            loaded[train_split_name].select(train),
            loaded[validation_from].select(validation),
            loaded[test_from].select(test),
        )

    def _load(self, dataset_name: str, name: str | None, revision: str | None) -> datasets.DatasetDict:
        """Load all splits, and note the Hub commit."""
        if is_local(dataset_name):
            return load_files(Path(dataset_name))
        self.revision = _resolve_commit(dataset_name, revision)
        try:
            return datasets.load_dataset(dataset_name, name=name, revision=self.revision)
        except Exception as error:
            if not isinstance(error, UNREADABLE) and not _is_connection_error(error):
                raise
            if "BuilderConfig" in str(error) or "Config name is missing" in str(error):
                raise InputError(f"{dataset_name}: name: {one_line(error)}") from None
            raise InputError(
                f"{dataset_name}: cannot be read from {constants.ENDPOINT}: {describe_failure(error)}"
            ) from None

    def _order(self, dataset_name: str, loaded: datasets.DatasetDict, split: str, sample: str, seed: int) -> list[int]:
        """Return the positions of a split's rows in the order in which they are taken."""
        if split not in loaded:
            raise InputError(f"{dataset_name}: expected a split {split}, got {', '.join(sorted(loaded))}")
        order = list(range(loaded[split].num_rows))
        if sample == "random":
            random.Random(seed).shuffle(order)  # noqa: S311 (a reproducible sample, no secret)
        return order


def _check_named_once(dataset_name: str, *splits: str | None) -> None:
    """Refuse to take two samples of one split, which would overlap."""
    named = [split for split in splits if split is not None]
    if len(set(named)) < len(named):
        raise InputError(
            f"{dataset_name}: splits: expected each once, since two samples of one would overlap, got "
            f"{', '.join(named)}; null for validation carves it out of train, null for test leaves it empty"
        )


def _take(where: str, order: list[int], size: int | None) -> list[int]:
    """Take the first `size` positions; an InputError names the place and how many rows it has."""
    if size is not None and size < 0:
        raise InputError(f"{where}: expected a size of 0 or more, or None for all, got {size}")
    if not order and size != 0:
        raise InputError(
            f"{where} is empty: expected {'some' if size is None else size} rows; set its size in load to 0"
        )
    if size is not None and size > len(order):
        raise InputError(f"{where} has {len(order)} rows: expected {size}; lower its size in load, or null takes all")
    return order[:size]


def _resolve_commit(dataset_name: str, revision: str | None) -> str:
    """Ask the Hub which commit a revision is; offline, a full commit is taken at its word."""
    try:
        commit = HfApi().dataset_info(dataset_name, revision=revision).sha
    except OfflineModeIsEnabled:
        if revision and COMMIT.fullmatch(revision):
            return revision
        raise InputError(f"{dataset_name}: revision: expected a full commit while HF_HUB_OFFLINE is set") from None
    except HFValidationError:
        raise InputError(
            f"{dataset_name}: expected a dataset's id on the Hub, NAMESPACE/NAME, or a place below data/source"
        ) from None
    except RevisionNotFoundError:
        raise InputError(f"{dataset_name}: revision: {revision!r} does not exist on {constants.ENDPOINT}") from None
    except RepositoryNotFoundError:
        raise InputError(
            f"{dataset_name}: no such dataset on {constants.ENDPOINT}, or it is private: "
            "check its path in params.yaml, or set HF_TOKEN"
        ) from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        advice = "set HF_TOKEN" if status in FORBIDDEN else "try later"
        raise InputError(f"{dataset_name}: {constants.ENDPOINT} answered with status {status}; {advice}") from None
    except json.JSONDecodeError:
        raise InputError(
            f"{dataset_name}: what {constants.ENDPOINT} answered is not the Hub's: check HF_ENDPOINT, and whether the "
            "network asks for a login"
        ) from None
    except Exception as error:
        if not _is_connection_error(error):
            raise
        raise InputError(
            f"{dataset_name}: the Hub at {constants.ENDPOINT} cannot be reached ({error}): check the network and "
            "HF_ENDPOINT, or set HF_HUB_OFFLINE=1 if the dataset is in the local cache"
        ) from None
    return str(commit)


def _is_connection_error(error: Exception) -> bool:
    """Recognise a transport error of the Hub's client, whichever HTTP library its version uses."""
    return any(kind.__name__ in ("TransportError", "ConnectionError", "Timeout") for kind in type(error).__mro__)
