"""The Hub's client reads its settings when it is imported, so each of them is one process, which loads in turn."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
from ruamel.yaml import YAML

from tests.questions.datafiles import name_rows, write_parquet
from tests.servers.hub import HubServer

ROOT = Path(__file__).parents[2]
COUNTS = {"train": 30, "validation": 12, "test": 5}
OLD, DESCRIBED, SCRIPTED, NEW = (f"{number:040x}" for number in range(1, 5))
HUB_ID = "loopback/questions"
PATIENCE_S = 10
LOAD = """
import json, os, sys, time
from click.testing import CliRunner
from stages.load import main
for folder in sys.argv[1:]:
    os.chdir(folder)
    started = time.monotonic()
    done = CliRunner().invoke(main, ["--source", "data/source", "--raw", "data/raw"])
    print(json.dumps([done.exit_code, done.stderr, time.monotonic() - started]))
"""


class HubRun:
    """What stage load did in a project folder of its own."""

    def __init__(self, folder: Path, line: str) -> None:
        self.folder = folder
        self.status, self.stderr, self.seconds = json.loads(line)

    def read_source(self) -> dict[str, Any]:
        assert self.status == 0, self.stderr
        return json.loads((self.folder / "data/raw/source.json").read_text())

    def read_ids(self, split: str) -> list[str]:
        lines = (self.folder / f"data/raw/{split}.jsonl").read_text().splitlines()
        return [json.loads(line)["id"] for line in lines]

    def read_refusal(self) -> str:
        assert (self.status, self.stderr[:7], self.stderr.count("\n")) == (1, "Error: ", 1)
        assert not (self.folder / "data/raw").exists()
        return self.stderr.removeprefix("Error: ").rstrip()


def run_load(folder: Path, settings: dict[str, str], home: Path, **entries: dict[str, Any]) -> dict[str, HubRun]:
    """Load each dataset in a project of its own, all in one process, whose settings a .env gives."""
    yaml = YAML()
    for name, entry in entries.items():
        (folder / name).mkdir(parents=True)
        (folder / name / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        params = yaml.load(ROOT / "tests/params.yaml")
        params["datasets"]["hub"] = {"path": HUB_ID} | entry
        params["dataset"] = "hub"
        params["load"] |= {"train": 2, "validation": 1, "test": 1}
        yaml.dump(params, folder / name / "params.yaml")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *(str(folder / name) for name in entries)],
        env=environment | {"HF_HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = zip(entries, done.stdout.splitlines(), strict=True)
    return {name: HubRun(folder / name, line) for name, line in lines}


@pytest.fixture(scope="module")
def closed_endpoint() -> Iterator[str]:
    """An endpoint at which nobody listens, on a port that nobody else gets."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def make_rows(prefix: str, count: int) -> list[dict[str, Any]]:
    choices = {"label": ["A", "B"], "text": ["one", "another"]}
    return [
        {"id": id_, "question": f"{id_}?", "choices": choices, "answerKey": "A"} for id_ in name_rows(prefix, count)
    ]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A dataset of four commits: its rows, a description only, a loading script only, other rows (`new-`).

    The cards of the commits with rows state a licence, each another one.
    """
    commits = {commit: tmp_path_factory.mktemp(commit) for commit in (OLD, DESCRIBED, SCRIPTED, NEW)}
    for split, count in COUNTS.items():
        write_parquet(commits[OLD] / split, make_rows(split, count))
        write_parquet(commits[NEW] / split, make_rows(f"new-{split}", count))
    (commits[OLD] / "README.md").write_text("---\nlicense: cc-by-sa-4.0\n---\n# Questions")
    (commits[NEW] / "README.md").write_text("---\nlicense:\n- mit\n- cc-by-4.0\n---\n# Questions")
    (commits[DESCRIBED] / "README.md").write_text("---\nlicense: mit\n---\n# Questions")
    (commits[SCRIPTED] / "questions.py").write_text("raise SystemExit")
    with HubServer(HUB_ID, commits) as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the Hub's client keeps what it downloads."""
    return tmp_path_factory.mktemp("huggingface")


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory, hub: HubServer, home: Path) -> dict[str, HubRun]:
    return run_load(
        tmp_path_factory.mktemp("online"),
        {"HF_ENDPOINT": hub.endpoint},
        home,
        described={"revision": DESCRIBED},
        newest={},
        pinned={"revision": OLD},
        scripted={"revision": SCRIPTED},
        unknown_dataset={"path": "loopback/nothing"},
        unknown_revision={"revision": "v9"},
        unknown_name={"name": "hard"},
    )


def test_the_newest_commit_of_the_hub_is_read_and_noted(online: dict[str, HubRun]) -> None:
    run = online["newest"]
    counts = {"without_gold": 0, "repeated": 0}
    assert run.read_source() == {
        "dataset": "hub",
        "path": HUB_ID,
        "name": None,
        "revision": NEW,
        "license": ["mit", "cc-by-4.0"],
        "datasets_version": datasets.__version__,
        "split_rows": {"test": 5, "train": 30, "validation": 12},
        "split_names": {"train": "train", "validation": "validation", "test": "test"},
        "splits": {
            "train": {"questions": 2} | counts,
            "validation": {"questions": 1} | counts,
            "test": {"questions": 1} | counts,
        },
        "skipped": [],
    }
    assert run.read_ids("train") == ["new-train0", "new-train1"]
    assert run.read_ids("test") == ["new-test0"]


def test_a_revision_pins_the_commit_that_is_read(online: dict[str, HubRun]) -> None:
    source = online["pinned"].read_source()
    assert (source["revision"], source["license"]) == (OLD, "cc-by-sa-4.0")
    assert online["pinned"].read_ids("train") == ["train0", "train1"]


def test_what_the_hub_does_not_have_is_told(online: dict[str, HubRun], hub: HubServer) -> None:
    assert online["unknown_dataset"].read_refusal() == (
        f"loopback/nothing: no such dataset on {hub.endpoint}, or it is private: "
        "check its path in params.yaml, or set HF_TOKEN"
    )
    assert online["unknown_revision"].read_refusal() == f"{HUB_ID}: revision: 'v9' does not exist on {hub.endpoint}"
    message = online["unknown_name"].read_refusal()
    assert message.startswith(f"{HUB_ID}: name: ")
    assert "'hard'" in message
    assert "['default']" in message


def test_a_commit_without_data_files_is_told_and_not_another_one_read_from_the_cache(
    online: dict[str, HubRun], hub: HubServer
) -> None:
    message = online["described"].read_refusal()
    assert message.startswith(f"{HUB_ID}: cannot be read from {hub.endpoint}: ")
    message = online["scripted"].read_refusal()
    assert (
        message
        == f"{HUB_ID}: expected commit {SCRIPTED}, which {hub.endpoint} did not give; the local cache has {OLD}: "
        "name that one as revision, or go on where the Hub can be reached"
    )


def test_a_pinned_dataset_in_the_cache_is_read_without_the_hub(
    tmp_path: Path, online: dict[str, HubRun], closed_endpoint: str, home: Path
) -> None:
    settings = {"HF_ENDPOINT": closed_endpoint, "HF_HUB_OFFLINE": "1"}
    runs = run_load(tmp_path, settings, home, pinned={"revision": OLD}, earlier={"revision": NEW}, unpinned={})
    assert runs["pinned"].read_source() == online["pinned"].read_source()
    assert runs["pinned"].read_ids("train") == ["train0", "train1"]
    assert runs["earlier"].read_refusal() == (
        f"{HUB_ID}: expected commit {NEW}, which {closed_endpoint} did not give; the local cache has {OLD}: "
        "name that one as revision, or go on where the Hub can be reached"
    )
    assert runs["unpinned"].read_refusal() == f"{HUB_ID}: revision: expected a full commit while HF_HUB_OFFLINE is set"


def test_a_hub_that_cannot_be_reached_is_told_at_once_and_not_asked_for_what_it_cannot_have(
    tmp_path: Path, closed_endpoint: str
) -> None:
    entries: dict[str, Any] = {"no_id": {"path": "a/b/c"}, "blank": {"path": "my data/x"}, "unreachable": {}}
    runs = run_load(tmp_path, {"HF_ENDPOINT": closed_endpoint}, tmp_path / "hf", **entries)
    for name in ("no_id", "blank"):
        path = entries[name]["path"]
        message = f"{path}: expected a dataset's id on the Hub, NAMESPACE/NAME, or a place below data/source"
        assert runs[name].read_refusal() == message
    message = runs["unreachable"].read_refusal()
    assert message.startswith(f"{HUB_ID}: the Hub at {closed_endpoint} cannot be reached (")
    assert runs["unreachable"].seconds < PATIENCE_S


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (
            "pages",
            "what {} answered is not the Hub's: check HF_ENDPOINT, and whether the network asks for a login",
        ),
        ("broken", "{} answered with status 500; try later"),
    ],
)
def test_an_endpoint_that_is_no_hub_or_fails_is_told(tmp_path: Path, hub: HubServer, place: str, message: str) -> None:
    endpoint = f"{hub.endpoint}/{place}"
    (run,) = run_load(tmp_path, {"HF_ENDPOINT": endpoint}, tmp_path / "hf", one={}).values()
    assert run.read_refusal() == f"{HUB_ID}: {message.format(endpoint)}"
