import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from potstill.commands.check import main
from tests.project import COMMANDS

if TYPE_CHECKING:
    from tests.conftest import Workspace

ROOT = Path(__file__).parents[2]


def test_right_params_print_nothing_and_cost_no_heavy_import(workspace: "Workspace") -> None:
    subprocess.run(["git", "init", "-q"], cwd=workspace.folder, check=True)
    script = "import sys; from potstill.commands.check import main; main(standalone_mode=False); print(*sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=workspace.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    (printed,) = done.stdout.splitlines()
    assert {"pandas", "datasets", "dvc", "asyncio", "httpx", "student"} & set(printed.split()) == set()


@pytest.mark.parametrize(
    ("sampling", "reason"),
    [
        pytest.param({}, "temperature is 0", id="temperature"),
        pytest.param({"temperature": 0.7, "seed": 0}, "seed is 0", id="seed"),
        pytest.param({"temperature": 0.7}, None, id="replicates that differ"),
        pytest.param({"temperature": None}, None, id="a temperature that is not known"),
    ],
)
def test_replicates_that_will_agree_are_warned_of(
    workspace: "Workspace", sampling: dict[str, object], reason: str | None
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=workspace.folder, check=True)
    workspace.edit(prepare={"replicates": 3}, teachers={"smollm2": sampling})
    done = CliRunner().invoke(main)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == (
        "warning: params.yaml: prepare.replicates: 3 askings of a request will agree, and each is paid for, since "
        f"teachers.smollm2.{reason}; change it, or ask once\n"
        if reason
        else ""
    )


def test_outside_the_project_the_folder_that_was_looked_in_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: params.yaml: not found in {tmp_path}; run from the project's folder, beside dvc.yaml\n"
    )


@pytest.mark.usefixtures("workspace")
def test_an_unpacked_archive_is_told_what_dvc_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    done = CliRunner().invoke(main)
    assert done.exit_code == 1
    assert f"{tmp_path}: expected a git repository, which DVC needs, found none" in done.stderr


def test_setup_stops_in_an_unpacked_archive_before_it_installs_anything(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    make = ["make", "--no-print-directory", "setup", f"PYTHON={sys.executable}"]
    done = subprocess.run(make, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("make setup: expected a git repository, which DVC needs, found none; `git clone`")
    assert (done.returncode, done.stdout) == (2, "")
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("goal", ["repro", "estimate"])
def test_a_goal_stops_at_a_wrong_param_before_dvc_begins(workspace: "Workspace", goal: str) -> None:
    for file in ("Makefile", "dvc.yaml"):
        shutil.copy(ROOT / file, workspace.folder)
    workspace.edit(teacher="smollm")
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["make", "--no-print-directory", "--assume-old=.venv/.ready", goal],
        cwd=workspace.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    error, *rest = done.stderr.splitlines()
    assert error == (
        "Error: params.yaml: teacher: expected one of smollm2, deepseek-v3, got 'smollm'; did you mean smollm2?"
    )
    assert all(line.startswith("make") for line in rest)


@pytest.mark.parametrize("module", [*(words[2] for words in COMMANDS.values()), "potstill"])
def test_without_the_projects_packages_the_way_to_them_is_told(module: str) -> None:
    bare = [sys.executable, "-S", "-m", module]
    done = subprocess.run(bare, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("Error: the packages of requirements.lock are not installed for ")
    assert "run `make setup` first, then `source .venv/bin/activate`" in sentence
