"""Which outputs a project's commits name, and which commit named each one first.

They are read from dvc.lock and the .dvc files of every commit, whatever that commit's own configuration says: DVC's
`push --all-commits` takes each commit's remote from that commit, and passes over those from before there was one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from potstill.core.errors import InputError
from potstill.sharing.processes import check_git_repository, run_git, try_git

COMMITS = ("--exclude=refs/exps/*", "--exclude=refs/stash", "--all")
EXPERIMENTS = ("--glob=refs/exps/*", "--not", "--branches", "--tags", "--remotes", "HEAD")
LOCK, PARAMS, FOLDER_SUFFIX = "dvc.lock", "params.yaml", ".dir"
STUDENT_LOCK, STUDENT_PARAMS, STUDENT_PIPELINE = f"student/{LOCK}", f"student/{PARAMS}", "student/dvc.yaml"
NAMING = (LOCK, STUDENT_LOCK, "*.dvc")
FIELDS = ("%H", "%an", "%aI", "%s")
UNREADABLE = (YAMLError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Commit:
    """A commit as people know it; the workspace counts as one without an id."""

    id: str
    author: str
    date: str
    subject: str

    def __str__(self) -> str:
        """Return "commit ID (subject; author, date)"."""
        return f"commit {self.describe()}" if self.id else "workspace"

    def describe(self) -> str:
        """Return "ID (subject; author, date)"."""
        return f"{self.id[:10]} ({self.subject}; {self.author}, {self.date[:10]})"


WORKSPACE = Commit("", "", "", "")


@dataclass(frozen=True, order=True)
class Output:
    """A file or folder that DVC keeps: where it belongs, and the md5 of its content (".dir": of its listing)."""

    path: str
    md5: str

    @property
    def is_folder(self) -> bool:
        """Return whether the content is a listing of files."""
        return self.md5.endswith(FOLDER_SUFFIX)


def list_workspace_outputs() -> dict[Output, Commit]:
    """Return what the dvc.lock and the .dvc files in the working folder name; raise InputError if one is unreadable."""
    listed = run_git("ls-files", "--cached", "--others", "--exclude-standard", *NAMING).splitlines()
    tracked = set(run_git("ls-files").splitlines())
    files = [name for name in dict.fromkeys(listed) if Path(name).is_file()]  # in a conflict git lists a file thrice
    return {output: WORKSPACE for name in files for output in read_outputs(Path(name)) if output.path not in tracked}


def read_outputs(file: Path) -> list[Output]:
    """Return what a dvc.lock or .dvc file of the workspace names; raise InputError if it is unreadable."""
    try:
        return list(_parse_outputs(str(file), file.read_text(encoding="utf-8")))
    except (*UNREADABLE, UnicodeDecodeError):
        goal = "make student" if str(file) == STUDENT_LOCK else "make repro"
        raise InputError(
            f"{file}: expected what DVC writes, got something else, such as the marks of a merge that failed; take one "
            f"side, `git checkout --ours {file}`, and run `{goal}`, which writes it anew"
        ) from None


def list_revision_outputs(revision: str) -> dict[Output, Commit]:
    """Return what one commit names of its data, and not of students; raise InputError if there is no such commit."""
    commit = find_commit(revision)
    names = run_git("ls-tree", "-r", "--name-only", commit.id).splitlines()
    texts = [(name, run_git("show", f"{commit.id}:./{name}")) for name in names if _names_outputs(name)]
    tracked = set(names)
    outputs = (output for name, text in texts for output in parse_committed(name, text))
    return {output: commit for output in outputs if output.path not in tracked}


def list_history_outputs(*revisions: str) -> dict[Output, Commit]:
    """Return what all commits that `git log` finds with these options name, each with the first commit that did."""
    if try_git("rev-parse", "--verify", "--quiet", "HEAD") is None:
        return {}
    changes = list(_list_changes(revisions))
    texts = _read_blobs({blob for _, _, blob in changes})
    named = [(output, commit) for commit, name, blob in changes for output in parse_committed(name, texts[blob])]
    in_git = _find_kept_by_git(named)
    makers: dict[Output, Commit] = {}
    for output, commit in named:
        if (commit.id, output.path) not in in_git:
            makers.setdefault(output, commit)
    return makers


def select_outputs(outputs: Iterable[Output], path: Path) -> list[Output]:
    """Return the outputs at a path: of several commits, one for each content it had."""
    return [output for output in outputs if Path(output.path) == path]


def find_output(outputs: Iterable[Output], path: Path, commit: Commit) -> Output:
    """Return the output at a path; raise InputError if the commit names none."""
    selected = select_outputs(outputs, path)
    if not selected:
        raise InputError(f"{LOCK}: expected an output {path} in {commit}, found none; name another one with REV")
    return selected[0]


def find_commit(revision: str) -> Commit:
    """Return the commit that a revision names; raise InputError if there is none."""
    identity = (
        None if revision.startswith("-") else try_git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    )
    if not identity:
        check_git_repository()
        raise InputError(f"REV: expected a commit, tag or branch, got {revision}; `git log --oneline` lists them")
    return _parse_commit(run_git("log", "-1", f"--format={'%x00'.join(FIELDS)}", identity, "--"))


def _parse_commit(line: str) -> Commit:
    """Return the commit that a line of `git log` in the format of FIELDS describes."""
    identity, author, date, subject = line.rstrip("\n").split("\0", 3)
    return Commit(identity, _make_printable(author), date, _make_printable(subject))


def _make_printable(text: str) -> str:
    """Return a text with a space for each character that a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def parse_committed(name: str, text: str) -> list[Output]:
    """Return the outputs that a committed dvc.lock or .dvc file names; none if it is unreadable."""
    try:
        return list(_parse_outputs(name, text))
    except UNREADABLE:
        return []


def _parse_outputs(name: str, text: str) -> Iterator[Output]:
    """Yield outputs, with paths relative to the project; those of `dvc import` belong to another project.

    Stages of the students' pipeline work in the project's folder as well, so that it has its paths, too.
    """
    content = YAML(typ="safe").load(StringIO(text)) or {}
    in_lock = PurePosixPath(name).name == LOCK
    stages = list(content.get("stages", {}).values()) if in_lock else [content]
    folder = PurePosixPath() if in_lock else PurePosixPath(name).parent
    for stage in stages:
        if any("repo" in dep for dep in stage.get("deps", ())):
            continue
        for out in stage.get("outs", ()):
            if "md5" in out:
                yield Output(str(folder / out["path"]), out["md5"])


def _names_outputs(name: str) -> bool:
    """Return whether a file is one in which DVC names outputs of the five stages, or data."""
    return name == LOCK or name.endswith(".dvc")


def _list_changes(revisions: Iterable[str]) -> Iterator[tuple[Commit, str, str]]:
    """Yield each commit that changed a file that names outputs, that file's name, and the blob it became."""
    log = run_git(
        "log", *revisions, "--full-history", "-m", "--reverse", "--topo-order",
        "--raw", "--no-abbrev", "--no-renames", "--relative", "--format=%x01%H", "--", *NAMING,
    )  # fmt: skip
    commits = read_commits(re.findall(r"^\x01(\w+)$", log, re.MULTILINE))
    for entry in log.split("\x01")[1:]:
        identity, *lines = entry.split("\n")
        for line in filter(None, lines):
            fields, name = line.split("\t", 1)
            blob = fields.split()[3]
            if set(blob) != {"0"}:
                yield commits[identity], name, blob


def read_commits(identities: Iterable[str]) -> dict[str, Commit]:
    """Return many commits by their ids, by one call of git."""
    wanted = "\n".join(dict.fromkeys(identities))
    if not wanted:
        return {}
    log = run_git("log", "--no-walk=unsorted", "--stdin", f"--format={'%x00'.join(FIELDS)}", stdin=wanted)
    commits = map(_parse_commit, filter(None, log.split("\n")))
    return {commit.id: commit for commit in commits}


def _read_blobs(blobs: Iterable[str]) -> dict[str, str]:
    """Return many blobs' texts by their ids, by one call of git; raise InputError if one is not here."""
    wanted = sorted(blobs)
    printed = run_git("cat-file", "--batch=%(objectsize)", stdin="\n".join(wanted)).encode(errors="surrogateescape")
    texts, start = {}, 0
    for blob in wanted:
        end = printed.index(b"\n", start)
        size = printed[start:end].decode()
        if not size.isdigit():
            raise InputError(
                f"git: an object of the history is not here ({size}); run `git fetch --refetch` or `git fsck`"
            )
        texts[blob] = printed[end + 1 : end + 1 + int(size)].decode(errors="surrogateescape")
        start = end + 1 + int(size) + 1
    return texts


def _find_kept_by_git(named: list[tuple[Output, Commit]]) -> set[tuple[str, str]]:
    """Return which of these outputs, as commit and path, git itself keeps: metrics, of which DVC has no copy."""
    pairs = sorted({(commit.id, output.path) for output, commit in named})
    lines = "\n".join(f"{commit}:./{path}" for commit, path in pairs)
    kinds = run_git("cat-file", "--batch-check=%(objecttype)", stdin=lines).splitlines()
    return {pair for pair, kind in zip(pairs, kinds, strict=True) if kind == "blob"}
