"""What several test modules share."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import hypothesis
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from tests.clones import Clone, new_project, set_remote
from tests.pipelines import Pipeline, new_pipeline
from tests.project import QUESTIONS, STAGES, Project, arguments
from tests.servers.azurite import Azurite
from tests.servers.processes import one_at_a_time
from tests.servers.teacher import TeacherServer
from tests.stores import Store, azure_store, azurite_server, folder_store, release_clients, s3_server, s3_store

ROOT = Path(__file__).parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Keep the caches of `datasets`, which reads the environment when it is imported, out of the user's home.

    No random case is timed: on a busy machine any may take long.
    """
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")
    folder = tempfile.TemporaryDirectory()
    config.add_cleanup(folder.cleanup)
    os.environ |= {"HF_HOME": folder.name, "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}


def stage_name(stage: click.Command) -> str:
    """Return the name of the stage whose command this is."""
    return stage.callback.__module__.removeprefix("stages.")


class Workspace:
    """A project folder of a test's own that stages run in, with a params.yaml to edit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.params = folder / "params.yaml"
        self.params.write_bytes((ROOT / "tests/params.yaml").read_bytes())

    def edit(self, **edits: Any) -> None:
        """Merge edits into params.yaml; a mapping is merged into the section of its name."""
        yaml = YAML()
        params = yaml.load(self.params)
        _merge(params, edits)
        yaml.dump(params, self.params)

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def write_rows(self, name: str, rows: list[dict[str, Any]]) -> Path:
        return self.write(name, "".join(json.dumps(row) + "\n" for row in rows))

    def write_json(self, name: str, value: object) -> Path:
        return self.write(name, json.dumps(value))

    def read_json(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def read_rows(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text(encoding="utf-8").splitlines()]

    def run(self, stage: click.Command) -> str:
        """Run a stage that succeeds, and return what it printed."""
        done = CliRunner().invoke(stage, arguments(stage_name(stage)), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    def refuse(self, stage: click.Command) -> str:
        """Run a stage that must stop with one plain sentence, and return it."""
        done = CliRunner().invoke(stage, arguments(stage_name(stage)))
        assert isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == 1
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1
        return done.stderr.removeprefix("Error: ").rstrip()


def _merge(section: Any, edits: dict[str, Any]) -> None:
    for key, value in edits.items():
        if isinstance(value, dict) and isinstance(section.get(key), dict):
            _merge(section[key], value)
        else:
            section[key] = value


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


@pytest.fixture
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test in `tmp_path`, with its journal there, and let it neither find nor leave credentials."""
    monkeypatch.chdir(tmp_path)
    for name in ("TEACHER_MODEL_ENDPOINT", "TEACHER_MODEL_KEY", "GPT4O_ENDPOINT", "GPT4O_KEY", "POTSTILL_ASK"):
        monkeypatch.setenv(name, "")  # so that what a .env sets during the test goes away after it
        monkeypatch.delenv(name)
    monkeypatch.setenv("POTSTILL_JOURNAL", str(tmp_path / "journal.sqlite"))


@pytest.fixture
def teacher() -> Iterator[TeacherServer]:
    """Serve a scripted teacher on loopback."""
    with TeacherServer() as server:
        yield server


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first of the test run's processes fills, for all of them to copy."""
    parallel = "PYTEST_XDIST_WORKER" in os.environ
    shared = factory.getbasetemp().parent if parallel else factory.getbasetemp()
    folder, made = shared / name, shared / f"{name}.made"
    with one_at_a_time(shared / f"{name}.lock"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


def run_pipeline(folder: Path) -> None:
    """Make a project, and run its stages."""
    project = Project(folder)
    project.make()
    with TeacherServer() as teacher:
        project.use(teacher)
        assert project.repro() == STAGES
        assert len(teacher.calls) == QUESTIONS


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose five stages have run once, for tests to copy."""
    return Project(make_once(tmp_path_factory, "template", run_pipeline))


@pytest.fixture
def project(template: Project, tmp_path: Path, teacher: TeacherServer) -> Project:
    """A copy of the finished project, with its journal; `teacher` counts what is asked from now on."""
    shutil.copytree(template.folder.parent, tmp_path, dirs_exist_ok=True, symlinks=True)
    project = Project(tmp_path)
    project.use(teacher)
    return project


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """Run Microsoft's emulator of Azure Blob Storage."""
    with azurite_server() as server:
        yield server


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Run moto's S3 server."""
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(params=["azure", "s3", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty place in each kind of remote storage."""
    if request.param == "azure":
        return azure_store(request.getfixturevalue("azurite"))
    return s3_store(request.getfixturevalue("s3_endpoint")) if request.param == "s3" else folder_store(tmp_path)


@pytest.fixture(scope="session")
def small_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project with an upstream, for tests to copy."""
    return make_once(tmp_path_factory, "small", new_project)


def copy_small(template: Path, folder: Path) -> Clone:
    """Copy a small project with its upstream and its journal."""
    shutil.copytree(template, folder, dirs_exist_ok=True, symlinks=True)
    clone = Clone(folder / "first", folder / "first.sqlite")
    clone.git("remote", "set-url", "origin", str(folder / "upstream.git"))
    return clone


@pytest.fixture
def local(small_template: Path, tmp_path: Path) -> Clone:
    """A small project that DVC tracks, with an upstream for git and none for DVC."""
    return copy_small(small_template, tmp_path)


@pytest.fixture
def first(local: Clone, tmp_path: Path) -> Clone:
    """The same with a folder as DVC's default remote, pushed upstream."""
    return set_remote(local, tmp_path / "remote")


@pytest.fixture(scope="session")
def pipeline_template(small_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project whose pipeline has run once, for tests to copy."""
    folder = tmp_path_factory.mktemp("pipeline")
    new_pipeline(set_remote(copy_small(small_template, folder), "../../store"))
    (folder / "store").mkdir()
    return folder


@pytest.fixture
def ada(pipeline_template: Path, tmp_path: Path, teacher: TeacherServer) -> Pipeline:
    """An engineer whose pipeline has run and is committed; the remote is an empty folder; `teacher` counts calls."""
    clone = copy_small(pipeline_template, tmp_path)
    ada = Pipeline(clone.folder, clone.journal)
    ada.use(teacher)
    return ada


@pytest.fixture(autouse=True)
def released() -> Iterator[None]:
    """Leave no session of a storage client to the tests that come after."""
    yield
    release_clients()
