"""What the goals of the house make of students, before any was trained and after."""

from pathlib import Path

import pytest

from potstill.commands import gc, pull, push, restore, status, student_status
from potstill.experiments.copies import copy_project, read_workspace
from potstill.sharing.history import list_revision_outputs
from potstill.sharing.repository import open_project
from tests.pipelines import Pipeline
from tests.stores import UNCLOSED

pytestmark = UNCLOSED

UP_TO_DATE = "nothing would run: all stages are up to date"
PARAMS = "seeds: [0, 1]\nepochs: 1\n"
PIPELINE = """
stages:
  train:
    matrix:
      seed: ${seeds}
    wdir: ..
    cmd: mkdir -p student/models && echo student ${item.seed} > student/models/${item.seed}
    deps: [data/export]
    params: [student/params.yaml: [epochs]]
    outs: ['student/models/${item.seed}']
  report:
    wdir: ..
    cmd: wc -l student/models/* > student/metrics.json
    deps: [student/models/0, student/models/1]
    metrics: [student/metrics.json: {cache: false}]
"""


@pytest.fixture
def untrained(ada: Pipeline) -> Pipeline:
    """A project whose data was made, with a pipeline of students that has not run."""
    (ada.folder / "student").mkdir()
    (ada.folder / "student/dvc.yaml").write_text(PIPELINE)
    (ada.folder / "student/params.yaml").write_text(PARAMS)
    (ada.folder / "student/.gitignore").write_text("/models/\n")
    ada.share("bought")
    ada.commit("Begin students")
    return ada


@pytest.fixture
def trained(untrained: Pipeline) -> Pipeline:
    """The same after its run, which is committed."""
    assert untrained.repro("student/dvc.yaml") == ["train@0", "train@1", "report"]
    untrained.commit("Train students")
    return untrained


def test_what_was_never_trained_is_no_trouble_to_anyone(untrained: Pipeline, capfd: pytest.CaptureFixture[str]) -> None:
    half = untrained.folder / "student/models/0"
    half.parent.mkdir()
    half.write_text("of a training that goes on")

    pushed, pulled, restored, described = map(untrained.output, (push.main, pull.main, restore.main, status.main))

    assert "student" not in pushed + pulled + restored + described + capfd.readouterr().err
    assert half.read_text() == "of a training that goes on"
    assert untrained.output(student_status.main).startswith("no student was trained here yet; `make student`")


def test_students_are_pushed_and_pulled_like_data(trained: Pipeline, tmp_path: Path) -> None:
    trained.output(push.main)
    trained.git("push", "-q")
    grace = trained.clone(tmp_path / "second")
    grace.output(pull.main)

    assert grace.read("student/models/1") == trained.read("student/models/1")
    assert grace.output(student_status.main).strip() == UP_TO_DATE
    grace.output(gc.main)
    assert grace.output(student_status.main).strip() == UP_TO_DATE


def test_what_would_be_trained_anew_is_described_in_a_line_for_alike_stages(trained: Pipeline) -> None:
    assert trained.output(student_status.main).strip() == UP_TO_DATE
    (trained.folder / "student/params.yaml").write_text(PARAMS.replace("[0, 1]", "[0, 1, 2]").replace("s: 1", "s: 2"))

    assert trained.output(student_status.main).splitlines() == [
        "train (0, 1) would run: epochs 1 → 2",
        "train (2) would run: it never ran",
        "after that, where their inputs change: report",
    ]
    assert trained.output(status.main).startswith(UP_TO_DATE)
    trained.edit_params(export__keep="correct")
    assert trained.output(status.main).startswith("export would run: export.keep read → correct\noutputs of")


def test_students_go_back_with_the_data(trained: Pipeline) -> None:
    (trained.folder / "student/params.yaml").write_text("epochs: 9\n")
    (trained.folder / "student/models/0").unlink()
    (trained.folder / "student/metrics.json").write_text("of another run")
    back, outputs = trained.output(restore.main).splitlines()

    assert back.startswith("back at the last commit: student/metrics.json, student/params.yaml; ")
    assert outputs.endswith("data/export, student/ as student/dvc.lock names it")
    assert trained.status() == {}


def test_a_commit_of_data_is_reproduced_without_its_students(trained: Pipeline) -> None:
    with trained.active():
        assert {Path(output.path).parts[0] for output in list_revision_outputs("HEAD")} == {"data"}


def test_a_variant_gets_links_to_the_weights_of_teachers_and_no_students(trained: Pipeline, tmp_path: Path) -> None:
    (trained.folder / "mine.gguf").write_text("untracked")
    for name, weights in (("student", "student/models/1"), ("mine", "mine.gguf")):
        entry = {"provider": "local", "model": name, "weights": weights, "sha256": "0" * 64}
        trained.edit_params(**{f"teachers__{name}": entry})
    trained.edit_params(prompts__letter__system="One of {labels}, not student/models/0.")
    with trained.active(), open_project() as repo:
        project = copy_project(read_workspace(repo), tmp_path / "copy")

    assert [path.name for path in (project / "student/models").iterdir()] == ["1"]
    for weights in ("student/models/1", "mine.gguf"):
        assert (project / weights).readlink() == trained.folder / weights
    assert (project / "data/export/train.jsonl").is_file()
