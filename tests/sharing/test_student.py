"""A student's repository, which takes the training set from this project's git and storage, and nothing else of it."""

import contextlib
import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from dvc.repo import Repo

from potstill.commands import verify
from tests.engineers import first_engineer
from tests.project import Project
from tests.stores import folder_store


def release(project: Project, message: str) -> None:
    """Push what the stages wrote, and commit and push what names it."""
    with contextlib.chdir(project.folder), Repo() as repo:
        repo.push()
    project.commit(message)
    project.git("push", "-q")


def begin_repository(folder: Path) -> Path:
    """Make a student's repository, of git and DVC."""
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    Repo.init(str(folder)).close()
    return folder


def check(folder: Path) -> tuple[int, str]:
    """Check the set that was imported, and return the exit code and what was said."""
    done = CliRunner().invoke(verify.main, ["--export", str(folder)], catch_exceptions=False)
    return done.exit_code, done.output


def test_a_student_imports_the_set_follows_it_and_sees_a_byte_that_changed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").mkdir()
    with contextlib.chdir(project.folder), Repo() as repo, repo.config.edit() as config:
        config["remote"] = {"store": {"url": folder_store(tmp_path).url}}
        config["core"]["remote"] = "store"
    first_engineer(project)
    release(project, "Run")
    monkeypatch.chdir(begin_repository(tmp_path / "student"))

    with Repo() as repo:
        repo.imp(str(tmp_path / "upstream.git"), "data/export", "export")
    before = json.loads(Path("export/manifest.json").read_text())
    assert Path("export/manifest.json").read_bytes() == (project.folder / "data/export/manifest.json").read_bytes()
    assert check(Path("export"))[0] == 0

    project.edit_params(export__keep="correct")
    assert project.repro() == ["export"]
    release(project, "Keep what is correct")
    with Repo() as repo:
        repo.update(["export.dvc"])
    assert json.loads(Path("export/manifest.json").read_text()) != before
    assert Path("export/manifest.json").read_bytes() == (project.folder / "data/export/manifest.json").read_bytes()
    assert check(Path("export"))[0] == 0

    rows = Path("export/question_answer/train.jsonl")
    content = rows.read_bytes()
    rows.unlink()  # DVC may have linked it to its cache
    rows.write_bytes(b"[" + content[1:])
    code, said = check(Path("export"))
    assert code == 1
    assert "question_answer/train.jsonl has the sha256" in said
