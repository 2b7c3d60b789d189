"""student/params.yaml and student/pipeline.yaml go together."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from potstill.core.errors import InputError
from student.__main__ import PYTHON, READY, REQUIREMENTS, find_python
from student.core.params import StudentParams, load_student_params
from student.core.runs import Run, list_runs, parse_run
from tests.project import ROOT

STAGES = YAML(typ="safe").load((ROOT / "student/pipeline.yaml").read_text())["stages"]
PARAMS = YAML(typ="safe").load((ROOT / "student/params.yaml").read_text())
# Of a run it decides how much is done again after a kill, and of its outcome nothing.
UNTRACKED = {"chat.save_steps"}
SCRIPT_LINES = 80


def list_leaves(section: dict) -> set[str]:
    return {
        f"{name}.{leaf}" if leaf else name
        for name, value in section.items()
        for leaf in (list_leaves(value) if isinstance(value, dict) else {""})
    }


def test_every_param_but_one_is_tracked_by_a_stage_other_than_the_report() -> None:
    tracked = {
        name
        for stage, entry in STAGES.items() if stage != "report"
        for params in entry.get("params", ()) if "student/params.yaml" in params
        for name in params["student/params.yaml"]
    }  # fmt: skip
    tracked |= {name for entry in STAGES.values() for name in re.findall(r"\$\{(\w+)\}", str(entry.get("matrix")))}
    leaves = list_leaves(PARAMS)
    covered = {leaf for leaf in leaves if tracked & {leaf, leaf.split(".")[0]}}
    assert leaves - covered == UNTRACKED
    assert tracked <= leaves | PARAMS.keys()


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [
        ("0, 0", r"seeds: expected each seed once, got \[0, 0\]"),
        ("0, -1", r"seeds\.1: expected 0 or more, got -1"),
        (f"{2**32}", "seeds\\.0: expected less than 4,294,967,296"),
    ],
)
def test_a_wrong_param_is_one_sentence(tmp_path: Path, seeds: str, sentence: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text((ROOT / "student/params.yaml").read_text().replace("seeds: [0, 1, 2]", f"seeds: [{seeds}]"))
    with pytest.raises(InputError, match=rf"params\.yaml: {sentence}"):
        load_student_params(path)


def test_runs_are_known_by_their_names() -> None:
    runs = list_runs(StudentParams.model_validate(PARAMS).seeds)
    assert [parse_run(str(run)) for run in runs] == runs
    assert len(runs) == 1 + 2 * len(PARAMS["seeds"])
    assert runs[0] == Run("untrained")
    with pytest.raises(InputError, match="expected untrained, trained-SEED or control-SEED, got 'trained'"):
        parse_run("trained")


def test_every_script_is_small() -> None:
    scripts = list((ROOT / "student").glob("*.py"))
    assert scripts
    assert {file.name for file in scripts if file.read_text().count("\n") > SCRIPT_LINES} == set()


def test_without_the_students_environment_a_stage_says_what_makes_it(tmp_path: Path) -> None:
    script = f"import sys; sys.prefix = {str(tmp_path / '.venv')!r}; from student.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "train"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    expected = "student/.venv: expected the students' environment, found none; run `make student-setup`"
    assert done.stderr == f"Error: {expected}\n"


def test_a_copy_of_the_project_has_the_environment_beside_the_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, copy = tmp_path / "project", tmp_path / "copy"
    for file in (*REQUIREMENTS, READY):
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).touch()
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".venv"), copy_function=shutil.copyfile)
    monkeypatch.chdir(copy)
    monkeypatch.setattr("sys.prefix", str(project / ".venv"))
    assert find_python() == project / PYTHON
    os.utime(project / READY, (0, 0))
    with pytest.raises(InputError, match=r"expected what student/requirements\.lock names, got an older one"):
        find_python()
