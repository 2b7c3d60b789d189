import inspect
from pathlib import Path
from typing import Any

import datasets
import pytest

from potstill.core.catalogues import Dataset, Splits
from potstill.core.errors import InputError
from potstill.core.params import Load
from potstill.questions.sources import CQnAHuggingFaceInputDataset, read_samples
from tests.questions.datafiles import make_flat_rows, name_rows, write_jsonl

COUNTS = {"train": 30, "validation": 12, "test": 5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of three splits, each row's id naming its split and position."""
    path = tmp_path_factory.mktemp("source")
    for split, count in COUNTS.items():
        write_jsonl(path / split, make_flat_rows(split, count))
    return str(path)


def load(path: str | Path, *sizes: int | None, **options: Any) -> tuple[datasets.Dataset, ...]:
    return CQnAHuggingFaceInputDataset().load_hf_dataset(str(path), *sizes, **options)


def load_ids(path: str | Path, *sizes: int | None, **options: Any) -> list[list[str]]:
    return [[row["id"] for row in split] for split in load(path, *sizes, **options)]


def refuse(path: str | Path, *sizes: int | None, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        load(path, *sizes, **options)
    return str(caught.value).removeprefix(f"{path}: ")


def test_the_loader_has_the_arguments_that_its_callers_know() -> None:
    parameters = list(inspect.signature(CQnAHuggingFaceInputDataset.load_hf_dataset).parameters.values())
    known = [parameter for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    assert [(parameter.name, parameter.default) for parameter in known] == [
        ("self", inspect.Parameter.empty),
        ("dataset_name", inspect.Parameter.empty),
        ("train_sample_size", 10),
        ("val_sample_size", 10),
        ("test_sample_size", 10),
        ("train_split_name", "train"),
        ("val_split_name", "validation"),
        ("test_split_name", "test"),
    ]
    others = [parameter for parameter in parameters if parameter not in known]
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in others)
    assert all(parameter.default is not parameter.empty for parameter in others)


def test_ten_rows_of_the_head_of_each_split_are_taken_unless_told_otherwise(tmp_path: Path) -> None:
    for split in COUNTS:
        write_jsonl(tmp_path / split, make_flat_rows(split, 11))
    assert load_ids(tmp_path) == [name_rows(split, 10) for split in COUNTS]


def test_three_datasets_come_back_none_taking_all_and_nought_nothing(folder: str) -> None:
    loaded = load(folder, None, 0, 1)
    assert [type(split) for split in loaded] == [datasets.Dataset] * 3
    assert [len(split) for split in loaded] == [30, 0, 1]
    assert {tuple(split.column_names) for split in loaded} == {("id", "question")}


def test_splits_go_by_the_names_that_the_dataset_has(folder: str) -> None:
    taken = load_ids(folder, 1, 1, 1, train_split_name="test", val_split_name="train", test_split_name="validation")
    assert taken == [["test0"], ["train0"], ["validation0"]]


@pytest.mark.parametrize("sample", ["head", "random"])
def test_a_carved_out_validation_is_taken_after_the_training_rows_and_never_overlaps_them(
    folder: str, sample: str
) -> None:
    train, validation, test = load_ids(folder, 20, None, 3, val_split_name=None, test_split_name=None, sample=sample)
    assert sorted(train + validation) == sorted(name_rows("train", 30))
    assert (len(train), test) == (20, [])
    assert (validation == name_rows("train", 30, start=20)) == (sample == "head")


def test_a_seed_names_a_random_sample_without_a_row_twice(folder: str) -> None:
    first, again, other = (load_ids(folder, 8, 4, 2, sample="random", seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first[0] != other[0]
    assert first[0] != name_rows("train", 8)
    assert len(set(first[0])) == 8


def test_positions_say_where_each_row_stands(folder: str) -> None:
    splits = Splits(train="train", validation=None, test="test")
    samples = read_samples(
        Dataset(path=folder, splits=splits), Load(train=5, validation=4, test=3, sample="random", seed=0)
    )
    assert (samples.revision, samples.split_rows) == (None, COUNTS)
    for split, origin in (("train", "train"), ("validation", "train"), ("test", "test")):
        sample = samples.by_split[split]
        assert sample.split_name == origin
        assert [row["id"] for row in sample.rows] == [f"{origin}{position}" for position in sample.positions]


@pytest.mark.parametrize(
    ("sizes", "validation", "message"),
    [
        pytest.param(
            (31, 0, 0),
            "validation",
            "split train has 30 rows: expected 31 for load.train; ask for fewer, or null takes all",
            id="train",
        ),
        pytest.param(
            (0, 0, 6),
            "validation",
            "split test has 5 rows: expected 6 for load.test; ask for fewer, or null takes all",
            id="test",
        ),
        pytest.param(
            (25, 6, 0),
            None,
            "split train has 30 rows: expected 31, 25 for load.train and 6 for load.validation, which is carved out of "
            "it; ask for fewer, or null takes all",
            id="both out of train",
        ),
        pytest.param(
            (None, 1, 0),
            None,
            "split train has 30 rows, none of which is left for load.validation; set it to 0",
            id="nothing left of train",
        ),
        pytest.param(
            (30, None, 0),
            None,
            "split train has 30 rows, none of which is left for load.validation; set it to 0",
            id="no rest of train",
        ),
    ],
)
def test_more_rows_than_there_are_is_told_with_the_split_the_param_and_both_numbers(
    folder: str, sizes: tuple[int, int, int], validation: str | None, message: str
) -> None:
    assert refuse(folder, *sizes, val_split_name=validation) == message


def test_a_size_below_nought_is_refused(folder: str) -> None:
    assert refuse(folder, -1) == "train: expected 0 or more, or null, got -1"


@pytest.mark.parametrize(
    "names", [("train", "train", "test"), ("train", None, "train"), ("train", "test", "test")], ids=str
)
def test_a_split_that_would_be_sampled_twice_is_told(folder: str, names: tuple[str | None, ...]) -> None:
    splits = dict(zip(("train_split_name", "val_split_name", "test_split_name"), names, strict=True))
    assert refuse(folder, 1, 1, 1, **splits) == (
        "splits: expected each once, since two samples of one would overlap, got "
        f"{', '.join(name for name in names if name)}; null for validation carves it out of train, null for test "
        "leaves it empty"
    )


@pytest.mark.parametrize(
    ("sizes", "params"), [((1, 0, 0), "load.train"), ((1, 1, 0), "load.train and load.validation")], ids=["one", "both"]
)
def test_an_unknown_split_is_told_with_those_that_there_are(
    folder: str, sizes: tuple[int, int, int], params: str
) -> None:
    assert refuse(folder, *sizes, train_split_name="dev", val_split_name=None) == (
        f"expected a split dev, got test, train, validation; correct its name in splits, or set {params} to 0"
    )


def test_a_split_of_which_nothing_is_asked_need_not_be_there(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "validation", make_flat_rows("validation", 2))
    train, validation, test = load(tmp_path, 0, None, 0)
    assert (len(train), len(validation), len(test)) == (0, 2, 0)
    assert train.column_names == validation.column_names
