"""Which outputs commits name, read from real repositories."""

import subprocess
from pathlib import Path

import pytest

from potstill.core.errors import InputError
from potstill.sharing.history import (
    COMMITS,
    EXPERIMENTS,
    WORKSPACE,
    Output,
    find_commit,
    list_history_outputs,
    list_revision_outputs,
    list_workspace_outputs,
    parse_committed,
)

LOCK = """
schema: '2.0'
stages:
  infer:
    cmd: python -m stages.infer
    deps:
    - path: data/requests
      md5: {number}1.dir
    outs:
    - path: data/responses
      hash: md5
      md5: {number}2.dir
    - path: reports/metrics.json
      hash: md5
      md5: {number}3
"""


def git(*arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=a@localhost"]
    return subprocess.run(["git", *identity, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def commit(number: str, message: str) -> str:
    """Commit a dvc.lock with outputs of this number, and the metrics that git keeps."""
    Path("dvc.lock").write_text(LOCK.format(number=number))
    Path("reports").mkdir(exist_ok=True)
    Path("reports/metrics.json").write_text(number)
    git("add", "--all")
    git("commit", "-qm", message)
    return git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git("init", "-q", "-b", "main")


def responses(number: str) -> Output:
    return Output("data/responses", f"{number}2.dir")


def test_each_output_has_the_commit_that_named_it_first() -> None:
    first = commit("a", "First")
    second = commit("b", "Second")
    commit("a", "Back")
    found = list_history_outputs("HEAD", *COMMITS)
    assert {output: made.id for output, made in found.items()} == {responses("a"): first, responses("b"): second}
    assert str(found[responses("b")]).startswith(f"commit {second[:10]} (Second; Ada, 20")


def test_what_git_keeps_itself_is_no_output_of_dvc() -> None:
    commit("a", "First")
    assert set(list_history_outputs("HEAD")) == {responses("a")}
    assert set(list_revision_outputs("HEAD")) == {responses("a")}
    assert list_workspace_outputs() == {responses("a"): WORKSPACE}
    assert str(WORKSPACE) == "workspace"


def test_branches_tags_and_what_a_merge_left_behind_or_made_are_found() -> None:
    commit("a", "First")
    git("checkout", "-qb", "side")
    commit("b", "On a branch that is merged and deleted")
    git("checkout", "-q", "main")
    commit("c", "On main")
    git("merge", "-q", "--no-commit", "-s", "ours", "side")
    merged = commit("m", "A merge that names outputs of its own")
    git("branch", "-qD", "side")
    git("checkout", "-q", "--detach")
    commit("e", "Tagged")
    git("tag", "v1")
    git("checkout", "-q", "main")
    assert set(list_history_outputs("HEAD", *COMMITS)) == {responses(number) for number in "abcme"}
    found = list_history_outputs("HEAD")
    assert set(found) == {responses(number) for number in "abcm"}
    assert found[responses("m")].id == merged


def test_experiments_and_stashes_are_no_commits_to_share() -> None:
    commit("a", "First")
    git("checkout", "-q", "--detach")
    variant = commit("x", "Variant")
    git("checkout", "-q", "main")
    git("update-ref", "refs/exps/12/34/variant", variant)
    Path("dvc.lock").write_text(LOCK.format(number="s"))
    git("stash", "push", "-q")  # which is nobody else's
    assert set(list_history_outputs(*EXPERIMENTS)) == {responses("x")}
    assert set(list_history_outputs("HEAD", *COMMITS)) == {responses("a")}


def test_a_project_in_a_folder_of_a_larger_repository_sees_its_own_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    commit("a", "Another project, at the top")
    Path("projet été").mkdir()
    monkeypatch.chdir("projet été")
    commit("b", "This project")
    assert set(list_history_outputs("HEAD")) == {responses("b")}
    assert set(list_revision_outputs("HEAD")) == {responses("b")}
    assert set(list_workspace_outputs()) == {responses("b")}


def test_the_workspace_counts_before_it_is_committed() -> None:
    commit("a", "First")
    Path("dvc.lock").write_text(LOCK.format(number="w"))
    Path("data").mkdir()
    Path("data/ledger.dvc").write_text("outs:\n- md5: 77.dir\n  nfiles: 1\n  hash: md5\n  path: ledger\n")
    assert set(list_workspace_outputs()) == {responses("w"), Output("data/ledger", "77.dir")}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("dvc.lock", "<<<<<<< HEAD\nstages:\n=======\n>>>>>>> side\n", id="marks of a merge"),
        pytest.param("dvc.lock", "[1, 2]", id="no mapping"),
        pytest.param("data/x.dvc", "outs: 5", id="no list"),
        pytest.param("data/x.dvc", "deps:\n- repo: {url: u}\n  path: p\nouts:\n- md5: '1'\n  path: x\n", id="imported"),
    ],
)
def test_a_file_that_names_nothing_of_this_project_is_passed_over(name: str, text: str) -> None:
    assert parse_committed(name, text) == []


def test_any_subject_is_read() -> None:
    shown = "form feed, start of heading, line separator, a tab"
    first = commit("a", "form\x0cfeed, start\x01of heading, line\u2028separator, a\ttab")
    commit("b", "Second")
    found = list_history_outputs("HEAD")[responses("a")]
    assert (found.id, found.subject) == (first, shown)
    assert find_commit(first) == found


def test_a_users_own_settings_of_git_change_nothing() -> None:
    for name, value in {"log.showSignature": "true", "log.showRoot": "false", "color.ui": "always"}.items():
        git("config", name, value)
    first = commit("a", "First")
    assert {output: made.id for output, made in list_history_outputs("HEAD").items()} == {responses("a"): first}


def test_line_ends_of_windows_in_the_history_are_read() -> None:
    git("config", "core.autocrlf", "false")
    Path("dvc.lock").write_bytes(LOCK.format(number="a").replace("\n", "\r\n").encode())
    git("add", "--all")
    git("commit", "-qm", "a")
    assert responses("a") in list_history_outputs("HEAD")


def test_an_object_of_the_history_that_is_gone_is_told() -> None:
    commit("a", "First")
    blob = git("rev-parse", "HEAD:dvc.lock")
    Path(".git/objects", blob[:2], blob[2:]).unlink()
    with pytest.raises(InputError, match=rf"^git: an object of the history is not here \({blob} missing\); "):
        list_history_outputs("HEAD")


@pytest.mark.parametrize("content", [b"<<<<<<< HEAD\nstages:\n=======\n", b"\xff\xfe", b"[1]"])
def test_a_lock_of_the_workspace_that_cannot_be_read_is_told(content: bytes) -> None:
    Path("dvc.lock").write_bytes(content)
    with pytest.raises(InputError, match=r"^dvc\.lock: expected what DVC writes, .* `git checkout --ours dvc\.lock`"):
        list_workspace_outputs()


@pytest.mark.parametrize("revision", ["nope", "--output=x"])
def test_a_revision_that_is_not_there_is_refused(revision: str) -> None:
    commit("a", "First")
    with pytest.raises(InputError, match=rf"^REV: expected a commit, tag or branch, got {revision}; "):
        find_commit(revision)
    assert not list(Path().glob("x*"))
