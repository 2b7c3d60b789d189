import subprocess
from pathlib import Path

import pytest

from potstill.teacher.store.projects import project_id


def git(folder: Path, *arguments: str, at: int = 0) -> str:
    date = {"GIT_AUTHOR_DATE": f"@{at} +0000", "GIT_COMMITTER_DATE": f"@{at} +0000"} if at else {}
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "protocol.file.allow=always"]
    command = ["env", *(f"{name}={value}" for name, value in date.items()), "git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of two commits."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for message, at in (("root", 1_000_000), ("next", 2_000_000)):
        git(folder, "commit", "-q", "--allow-empty", "-m", message, at=at)
    return folder


def test_a_project_is_named_alike_in_clones_worktrees_and_subfolders(repository: Path, tmp_path: Path) -> None:
    git(repository, "clone", "-q", ".", str(tmp_path / "clone"))
    git(repository, "worktree", "add", "-q", "-b", "branch", str(tmp_path / "worktree"))
    git(tmp_path / "worktree", "commit", "-q", "--allow-empty", "-m", "more")
    (repository / "sub").mkdir()
    root = git(repository, "rev-parse", "HEAD~1")
    for folder in (repository, tmp_path / "clone", tmp_path / "worktree", repository / "sub"):
        assert project_id(folder) == root


def test_a_project_with_several_roots_is_named_by_the_oldest(repository: Path) -> None:
    root = project_id(repository)
    git(repository, "checkout", "-q", "--orphan", "docs")
    git(repository, "commit", "-q", "--allow-empty", "-m", "another root", at=3_000_000)
    assert project_id(repository) != root
    git(repository, "merge", "-q", "--allow-unrelated-histories", "-m", "both", "main", at=4_000_000)
    assert project_id(repository) == root


def test_a_shallow_clone_is_a_project_of_its_own(repository: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(repository, "clone", "-q", "--depth", "1", repository.as_uri(), str(shallow))
    assert project_id(shallow) == git(repository, "rev-parse", "HEAD")
    git(shallow, "fetch", "-q", "--unshallow")
    assert project_id(shallow) == project_id(repository)


def test_a_folder_without_history_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert project_id(tmp_path / "link") == str((tmp_path / "real").resolve())
    git(tmp_path / "real", "init", "-q")
    assert project_id(tmp_path / "link") == str((tmp_path / "real").resolve())
