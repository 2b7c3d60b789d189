import inspect
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from potstill.core.errors import InputError
from potstill.questions.files import broken_line
from potstill.questions.sources import CQnAHuggingFaceInputDataset
from tests.project import command
from tests.servers.hub import HubServer

ROOT = Path(__file__).parents[2]
COUNTS = {"train": 30, "validation": 12, "test": 5}
OLD, NEW = "0" * 39 + "1", "0" * 39 + "2"
HUB_ID = "loopback/questions"
LIMIT_S = 100
MARGIN_S = 3

Writer = Callable[[Path, list[dict[str, Any]]], object]


def make_rows(split: str, count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{split}{number}",
            "question": f"Which is number {number}?",
            "question_concept": "number",
            "choices": {"label": ["A", "B"], "text": [str(number), "another"]},
            "answerKey": "A",
        }
        for number in range(count)
    ]


def make_flat_rows(split: str, count: int) -> list[dict[str, Any]]:
    return [{"id": f"{split}{number}", "question": f"Which, {number}?"} for number in range(count)]


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.with_suffix(".jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_json_array(path: Path, rows: list[dict[str, Any]]) -> None:
    path.with_suffix(".json").write_text(json.dumps(rows), encoding="utf-8")


def write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = [",".join(rows[0])] + [",".join(f'"{value}"' for value in row.values()) for row in rows]
    path.with_suffix(".csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path.with_suffix(".parquet"))


each_format = pytest.mark.parametrize(
    "write", [write_jsonl, write_json_array, write_csv, write_parquet], ids=["jsonl", "json", "csv", "parquet"]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of three splits, each row's id naming its split and position."""
    path = tmp_path_factory.mktemp("source")
    for split, count in COUNTS.items():
        write_jsonl(path / split, make_rows(split, count))
    return str(path)


def load(path: str | Path, *sizes: int | None, **given: Any) -> tuple[datasets.Dataset, ...]:
    return CQnAHuggingFaceInputDataset().load_hf_dataset(str(path), *sizes, **given)


def load_ids(path: str | Path, *sizes: int | None, **given: Any) -> list[list[str]]:
    return [[row["id"] for row in split] for split in load(path, *sizes, **given)]


def refuse(path: str | Path, *sizes: int | None, **given: Any) -> str:
    with pytest.raises(InputError) as caught:
        load(path, *sizes, **given)
    message = str(caught.value)
    assert "\n" not in message
    return message


def name_rows(split: str, stop: int, start: int = 0) -> list[str]:
    return [f"{split}{number}" for number in range(start, stop)]


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


def test_three_datasets_come_back(folder: str) -> None:
    loaded = load(folder, 3, 2, 1)
    assert [type(split) for split in loaded] == [datasets.Dataset] * 3
    assert loaded[0].column_names == ["id", "question", "question_concept", "choices", "answerKey"]


def test_ten_rows_are_taken_of_each_split_unless_told_otherwise(tmp_path: Path) -> None:
    for split in COUNTS:
        write_jsonl(tmp_path / split, make_flat_rows(split, 11))
    assert load_ids(tmp_path) == [name_rows(split, 10) for split in COUNTS]


def test_each_sample_comes_from_the_head_of_its_own_split(folder: str) -> None:
    assert load_ids(folder, 3, 2, 1) == [name_rows("train", 3), name_rows("validation", 2), name_rows("test", 1)]


def test_splits_go_by_the_names_that_the_dataset_has(tmp_path: Path) -> None:
    for split in ("train", "validation", "test"):
        write_jsonl(tmp_path / split, make_flat_rows(split, 2))
    taken = load_ids(tmp_path, 1, 1, 1, train_split_name="test", val_split_name="train", test_split_name="validation")
    assert taken == [["test0"], ["train0"], ["validation0"]]


def test_none_takes_all_there_are(folder: str) -> None:
    assert [len(split) for split in load(folder, None, None, None)] == list(COUNTS.values())


def test_nought_takes_nothing(folder: str) -> None:
    assert [len(split) for split in load(folder, 0, 0, 0)] == [0, 0, 0]


@pytest.mark.parametrize("sample", ["head", "random"])
def test_a_carved_out_validation_never_overlaps_training(folder: str, sample: str) -> None:
    train, validation, _ = load_ids(folder, 20, 10, 0, val_split_name=None, sample=sample)
    assert sorted(train + validation) == sorted(name_rows("train", 30))
    assert (len(train), len(validation)) == (20, 10)


def test_validation_is_carved_out_right_after_the_training_rows(folder: str) -> None:
    assert load_ids(folder, 3, 2, 0, val_split_name=None)[1] == name_rows("train", 5, start=3)


@pytest.mark.parametrize("sample", ["head", "random"])
def test_a_carved_out_validation_of_size_none_takes_the_rest(folder: str, sample: str) -> None:
    train, validation, _ = load_ids(folder, 12, None, 0, val_split_name=None, sample=sample)
    assert set(validation) == set(name_rows("train", 30)) - set(train)


def test_no_test_split_gives_an_empty_test_set_of_the_same_columns(folder: str) -> None:
    train, _, test = load(folder, 1, 1, 10, test_split_name=None)
    assert len(test) == 0
    assert test.column_names == train.column_names


def test_the_same_seed_gives_the_same_random_sample(folder: str) -> None:
    once, again = (load_ids(folder, 8, 4, 2, sample="random", seed=3) for _ in range(2))
    assert once == again


def test_another_seed_gives_another_random_sample(folder: str) -> None:
    samples = [load_ids(folder, 8, 4, 2, sample="random", seed=seed) for seed in (0, 1)]
    assert samples[0][0] != samples[1][0]
    assert samples[0][1] != samples[1][1]


def test_a_random_sample_is_no_head_and_has_no_row_twice(folder: str) -> None:
    train = load_ids(folder, 8, 0, 0, sample="random")[0]
    assert train != name_rows("train", 8)
    assert len(set(train)) == 8


def test_positions_and_split_sizes_say_where_the_rows_stand(folder: str) -> None:
    source = CQnAHuggingFaceInputDataset()
    loaded = source.load_hf_dataset(folder, 5, 4, 3, val_split_name=None, sample="random")
    assert source.split_rows == COUNTS
    assert source.revision is None
    for split, rows, origin in zip(COUNTS, loaded, ("train", "train", "test"), strict=True):
        assert [row["id"] for row in rows] == [f"{origin}{position}" for position in source.positions[split]]


@each_format
def test_a_folder_is_read_in_any_format(tmp_path: Path, write: Writer) -> None:
    for split in ("train", "validation", "test"):
        write(tmp_path / split, make_flat_rows(split, 2))
    train, validation, test = load(tmp_path, None, None, None)
    assert train.to_list() == make_flat_rows("train", 2)
    assert validation.to_list() == make_flat_rows("validation", 2)
    assert test.to_list() == make_flat_rows("test", 2)


def test_cells_of_a_csv_file_are_read_as_they_stand(tmp_path: Path) -> None:
    cells = ["None", "NA", "01", "1.50", "", "true", "2020-01-01"]
    header = ",".join("abcdefg")
    (tmp_path / "train.csv").write_text(f"{header}\n{','.join(cells)}\n1,2,3,4,5,6,7\n")
    for path in (tmp_path, tmp_path / "train.csv"):
        train, _, _ = load(path, None, 0, 0, val_split_name=None, test_split_name=None)
        assert list(train[0].values()) == cells


@each_format
def test_a_single_file_is_the_train_split(tmp_path: Path, write: Writer) -> None:
    write(tmp_path / "questions", make_flat_rows("q", 5))
    (file,) = tmp_path.iterdir()
    train, validation, test = load_ids(file, 3, 2, 0, val_split_name=None, test_split_name=None)
    assert (train, validation, test) == (name_rows("q", 3), name_rows("q", 5, start=3), [])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((31, 0, 0), "split train has 30 rows: expected 31; lower its size in load, or null takes all"),
        ((0, 13, 0), "split validation has 12 rows: expected 13; lower its size in load, or null takes all"),
        ((0, 0, 6), "split test has 5 rows: expected 6; lower its size in load, or null takes all"),
    ],
    ids=COUNTS.keys(),
)
def test_more_rows_than_there_are_is_told_with_the_split_and_how_many_it_has(
    folder: str, sizes: tuple[int, int, int], message: str
) -> None:
    assert refuse(folder, *sizes) == f"{folder}: {message}"


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        pytest.param((25, 6), "has 5 rows: expected 6; lower its size in load, or null takes all", id="too few left"),
        pytest.param((30, 1), "is empty: expected 1 rows; set its size in load to 0", id="none left"),
        pytest.param((30, None), "is empty: expected some rows; set its size in load to 0", id="no rest"),
    ],
)
def test_too_few_rows_left_to_carve_out_are_told(folder: str, sizes: tuple[int, int | None], message: str) -> None:
    told = refuse(folder, *sizes, 0, val_split_name=None)
    assert told == f"{folder}: split train, after {sizes[0]} training rows, {message}"


def test_a_size_below_nought_is_told(folder: str) -> None:
    assert refuse(folder, -1).endswith("split train: expected a size of 0 or more, or None for all, got -1")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("train", "train", "test"), id="validation out of train"),
        pytest.param(("train", None, "train"), id="test out of train"),
        pytest.param(("train", "validation", "validation"), id="test out of validation"),
    ],
)
def test_a_split_that_would_be_sampled_twice_is_told(folder: str, names: tuple[str | None, ...]) -> None:
    splits = dict(zip(("train_split_name", "val_split_name", "test_split_name"), names, strict=True))
    assert refuse(folder, 1, 1, 1, **splits) == (
        f"{folder}: splits: expected each once, since two samples of one would overlap, got "
        f"{', '.join(name for name in names if name)}; null for validation carves it out of train, null for test "
        "leaves it empty"
    )


@pytest.mark.parametrize("argument", ["train_split_name", "val_split_name", "test_split_name"])
def test_an_unknown_split_is_told_with_those_that_there_are(folder: str, argument: str) -> None:
    message = refuse(folder, 1, 1, 1, **{argument: "dev"})
    assert message == f"{folder}: expected a split dev, got test, train, validation"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("test.csv", "id,question\n", id="csv with a header only"),
        pytest.param("test.jsonl", "\n", id="jsonl of blank lines"),
        pytest.param("test.json", "[]", id="json array of nothing"),
    ],
)
def test_an_empty_split_is_told(tmp_path: Path, name: str, content: str) -> None:
    write = {".csv": write_csv, ".jsonl": write_jsonl, ".json": write_json_array}[Path(name).suffix]
    write(tmp_path / "train", make_flat_rows("train", 2))
    (tmp_path / name).write_text(content)
    message = refuse(tmp_path, 1, 0, 1, val_split_name=None)
    assert message.startswith(f"{tmp_path}: cannot be read: expected rows in each of its splits, but one has none")
    assert '"test"' in message


def test_an_empty_parquet_split_is_told(tmp_path: Path) -> None:
    write_parquet(tmp_path / "train", make_flat_rows("train", 2))
    pq.write_table(pa.table({"id": ["x"], "question": ["y"]}).slice(0, 0), tmp_path / "test.parquet")
    assert "expected rows in each of its splits, but one has none" in refuse(tmp_path, 1, 0, 1, val_split_name=None)


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train", make_flat_rows("train", 2))
    (tmp_path / "test.jsonl").touch()
    assert refuse(tmp_path, 1) == f"{tmp_path / 'test.jsonl'}: expected questions, but the file is empty"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    assert refuse(path) == f"{path}: expected a file or folder with questions, found none"


def test_a_folder_without_files_is_told(tmp_path: Path) -> None:
    assert refuse(tmp_path).startswith(f"{tmp_path}: cannot be read: ")


def test_a_file_of_another_kind_is_told_with_the_kinds_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "questions.xlsx"
    path.write_bytes(b"PK")
    assert refuse(path) == f"{path}: expected one of .jsonl, .json, .csv, .parquet"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param('{"id": "b", "quest', '{"id": "b", "quest', id="cut off"),
        pytest.param('{"id":', '{"id":', id="nothing behind a key"),
        pytest.param('["b"]', '["b"]', id="no object"),
    ],
)
@pytest.mark.parametrize("whole_folder", [True, False], ids=["folder", "file"])
@pytest.mark.parametrize("last", [True, False], ids=["at the end", "in the middle"])
def test_a_broken_jsonl_line_is_told_with_its_file_and_number(
    tmp_path: Path, line: str, shown: str, whole_folder: bool, last: bool
) -> None:
    file = tmp_path / "train.jsonl"
    good = json.dumps({"id": "a", "question": "q"})
    file.write_text("\n".join([good, "", line] if last else [good, "", line, good]) + "\n")
    message = refuse(tmp_path if whole_folder else file, 1, 0, 0, val_split_name=None, test_split_name=None)
    assert message == f"{file}: line 3: expected a JSON object, got {shown!r}"


def test_a_line_that_is_not_utf8_is_found(tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    file.write_bytes(b'{"id": "a"}\n{"id": "\xe9"}\n')
    message = f"{file}: line 2: expected a JSON object, got " + repr(b'{"id": "\xe9"}')
    assert broken_line(file) == broken_line(tmp_path) == message


def test_files_without_a_broken_line_have_none(folder: str) -> None:
    assert broken_line(Path(folder)) is None


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        pytest.param("train.json", b'[{"id": "a"},', "", id="json"),
        pytest.param("train.parquet", b"PAR1 and nothing", "magic bytes not found", id="parquet"),
    ],
)
def test_a_broken_file_of_another_format_is_told_with_the_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    message = refuse(tmp_path / name, 1, 0, 0, val_split_name=None, test_split_name=None)
    assert message.startswith(f"{tmp_path / name}: cannot be read: ")
    assert reason in message


@pytest.mark.parametrize("name", ["a/b/c", "my data/x", "~/questions.jsonl", "a--b"])
def test_a_name_that_no_dataset_can_have_is_told_without_asking_the_hub(name: str) -> None:
    assert refuse(name) == f"{name}: expected a dataset's id on the Hub, NAMESPACE/NAME, or a place below data/source"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(
            b"id,q\na,b\na,b,c,d\n", "line 3: expected 2 cells, got 4; quote cells that hold commas", id="wide row"
        ),
        pytest.param(
            b"id,q\na,b\n\na\n", "line 4: expected 2 cells, got 1; quote cells that hold commas", id="cut row"
        ),
        pytest.param(b"id,q\na,\xe4\n", "expected UTF-8 text, but byte 7 is none; save it as UTF-8", id="latin-1"),
        pytest.param(
            "id,q\n".encode("utf-16"), "expected UTF-8 text, but byte 0 is none; save it as UTF-8", id="UTF-16"
        ),
    ],
)
def test_a_broken_csv_file_is_told_with_its_place(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "train.csv"
    file.write_bytes(content)
    assert refuse(file, 1, 0, 0, val_split_name=None, test_split_name=None) == f"{file}: {reason}"


def test_csv_files_with_different_columns_are_told(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("id,q\na,b\n")
    (tmp_path / "test.csv").write_text("id,question\na,b\n")
    message = refuse(tmp_path, 1, 0, 0, val_split_name=None)
    assert (
        message
        == f"{tmp_path}/train.csv: expected the columns ['id', 'question'] as in the other files, got ['id', 'q']"
    )


# The Hub. Its client reads HF_ENDPOINT when it is imported, so each of these is a fresh process; all run at once.


class HubRun:
    """`python -m stages.load` in a project folder of its own, against an endpoint that its .env names.

    `cache` is the HF_HOME of an earlier run, whose downloads are all that there is: HF_HUB_OFFLINE is set.
    """

    def __init__(self, folder: Path, endpoint: str, *, cache: Path | None = None, **entry: object) -> None:
        self.folder = folder
        self.cache = cache or folder / "hf"
        offline = "HF_HUB_OFFLINE=1\n" if cache else ""
        (folder / ".env").write_text(f"HF_ENDPOINT={endpoint}\n{offline}")
        yaml = YAML()
        params = yaml.load(ROOT / "tests/params.yaml")
        params["datasets"]["hub"] = {"path": HUB_ID} | entry
        params["dataset"] = "hub"
        params["load"] |= {"train": 2, "validation": 1, "test": 1}
        yaml.dump(params, folder / "params.yaml")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
        started = time.monotonic()
        self._process = subprocess.Popen(
            command("load"),
            cwd=folder,
            env=environment | {"HF_HOME": str(self.cache), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._waiter = threading.Thread(target=self._wait, args=[started])
        self._waiter.start()

    def _wait(self, started: float) -> None:
        try:
            _, self.told = self._process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, self.told = self._process.communicate()
        self.seconds = time.monotonic() - started
        self.status = self._process.returncode

    def join(self) -> None:
        self._waiter.join()

    def read_source(self) -> dict[str, Any]:
        assert self.status == 0, self.told
        return json.loads((self.folder / "data/raw/source.json").read_text())

    def read_ids(self, split: str) -> list[str]:
        lines = (self.folder / f"data/raw/{split}.jsonl").read_text().splitlines()
        return [json.loads(line)["id"] for line in lines]

    def read_refusal(self) -> str:
        assert self.status == 1
        assert self.told.startswith("Error: ")
        assert self.told.count("\n") == 1
        assert not (self.folder / "data/raw").exists()
        return self.told.removeprefix("Error: ").rstrip()


@pytest.fixture(scope="module")
def closed_endpoint() -> Iterator[str]:
    """An endpoint at which nobody listens, on a port that nobody else gets."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A dataset of two commits; the newer one's ids begin with `new-`."""
    commits = {OLD: tmp_path_factory.mktemp("old"), NEW: tmp_path_factory.mktemp("new")}
    for commit, folder in commits.items():
        for split, count in COUNTS.items():
            write_parquet(folder / split, make_rows(f"new-{split}" if commit == NEW else split, count))
    with HubServer(HUB_ID, commits) as server:
        yield server


@pytest.fixture(scope="module")
def bare_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A dataset of two commits: one with a description only, the newer one with a loading script."""
    described, scripted = tmp_path_factory.mktemp("described"), tmp_path_factory.mktemp("scripted")
    (described / "README.md").write_text("---\nlicense: mit\n---\n# Questions")
    (scripted / "questions.py").write_text("raise SystemExit")
    with HubServer(HUB_ID, {OLD: described, NEW: scripted}) as server:
        yield server


@pytest.fixture(scope="module")
def hub_runs(
    tmp_path_factory: pytest.TempPathFactory, hub: HubServer, bare_hub: HubServer, closed_endpoint: str
) -> dict[str, HubRun]:
    def start(endpoint: str, **given: Any) -> HubRun:
        return HubRun(tmp_path_factory.mktemp("project"), endpoint, **given)

    runs = {
        "newest": start(hub.endpoint),
        "pinned": start(hub.endpoint, revision=OLD),
        "unreachable": start(closed_endpoint),
        "unknown dataset": start(hub.endpoint, path="loopback/nothing"),
        "unknown revision": start(hub.endpoint, revision="v9"),
        "unknown name": start(hub.endpoint, name="hard"),
        "no hub": start(f"{hub.endpoint}/pages"),
        "broken": start(f"{hub.endpoint}/broken"),
        "no data": start(bare_hub.endpoint, revision=OLD),
        "script": start(bare_hub.endpoint, revision=NEW),
    }
    for run in runs.values():
        run.join()
    cache = runs["pinned"].cache
    again = {
        "cached": start(closed_endpoint, cache=cache, revision=OLD),
        "cached, unpinned": start(closed_endpoint, cache=cache),
    }
    for run in again.values():
        run.join()
    return runs | again


def test_the_newest_commit_of_the_hub_is_read_and_noted(hub_runs: dict[str, HubRun]) -> None:
    run = hub_runs["newest"]
    assert run.read_source() == {
        "dataset": "hub",
        "path": HUB_ID,
        "name": None,
        "revision": NEW,
        "datasets_version": datasets.__version__,
        "split_rows": {"test": 5, "train": 30, "validation": 12},
        "splits": {
            "train": {"questions": 2, "without_gold": 0, "repeated": 0},
            "validation": {"questions": 1, "without_gold": 0, "repeated": 1},
            "test": {"questions": 1, "without_gold": 0, "repeated": 1},
        },
        "skipped": [],
    }
    assert run.read_ids("train") == ["new-train0", "new-train1"]
    assert run.read_ids("test") == ["new-test0"]


def test_a_revision_pins_the_commit_that_is_read(hub_runs: dict[str, HubRun]) -> None:
    run = hub_runs["pinned"]
    assert run.read_source()["revision"] == OLD
    assert run.read_ids("train") == ["train0", "train1"]


def test_a_hub_that_cannot_be_reached_is_told(hub_runs: dict[str, HubRun], closed_endpoint: str) -> None:
    message = hub_runs["unreachable"].read_refusal()
    assert message.startswith(f"{HUB_ID}: the Hub at {closed_endpoint} cannot be reached (")


def test_a_hub_that_cannot_be_reached_is_not_waited_for(hub_runs: dict[str, HubRun]) -> None:
    assert hub_runs["unreachable"].seconds < hub_runs["newest"].seconds + MARGIN_S


def test_an_endpoint_that_is_no_hub_is_told(hub_runs: dict[str, HubRun], hub: HubServer) -> None:
    assert hub_runs["no hub"].read_refusal() == (
        f"{HUB_ID}: what {hub.endpoint}/pages answered is not the Hub's: check HF_ENDPOINT, and whether the network "
        "asks for a login"
    )


def test_a_dataset_that_does_not_exist_is_told(hub_runs: dict[str, HubRun], hub: HubServer) -> None:
    assert hub_runs["unknown dataset"].read_refusal() == (
        f"loopback/nothing: no such dataset on {hub.endpoint}, or it is private: "
        "check its path in params.yaml, or set HF_TOKEN"
    )


def test_a_revision_that_does_not_exist_is_told(hub_runs: dict[str, HubRun], hub: HubServer) -> None:
    assert hub_runs["unknown revision"].read_refusal() == f"{HUB_ID}: revision: 'v9' does not exist on {hub.endpoint}"


def test_a_configuration_that_does_not_exist_is_told_with_those_that_there_are(hub_runs: dict[str, HubRun]) -> None:
    message = hub_runs["unknown name"].read_refusal()
    assert message.startswith(f"{HUB_ID}: name: ")
    assert "'hard'" in message
    assert "['default']" in message


def test_a_hub_that_fails_is_told_with_its_status(hub_runs: dict[str, HubRun], hub: HubServer) -> None:
    assert hub_runs["broken"].read_refusal() == (f"{HUB_ID}: {hub.endpoint}/broken answered with status 500; try later")


@pytest.mark.parametrize("run", ["no data", "script"])
def test_a_dataset_without_data_files_is_told(hub_runs: dict[str, HubRun], bare_hub: HubServer, run: str) -> None:
    message = hub_runs[run].read_refusal()
    assert message.startswith(f"{HUB_ID}: cannot be read from {bare_hub.endpoint}: ")


def test_a_pinned_dataset_in_the_cache_is_read_without_the_hub(hub_runs: dict[str, HubRun]) -> None:
    assert hub_runs["cached"].read_source() == hub_runs["pinned"].read_source()
    assert hub_runs["cached"].read_ids("train") == ["train0", "train1"]


def test_without_the_hub_a_revision_must_be_a_full_commit(hub_runs: dict[str, HubRun]) -> None:
    assert hub_runs["cached, unpinned"].read_refusal() == (
        f"{HUB_ID}: revision: expected a full commit while HF_HUB_OFFLINE is set"
    )
