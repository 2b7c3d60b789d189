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
from potstill.sharing.processes import run_git, try_git

WORKSPACE = "workspace"
COMMITS = ("--exclude=refs/exps/*", "--all")
EXPERIMENTS = ("--glob=refs/exps/*", "--not", "--branches", "--tags", "--remotes", "HEAD")
LOCK, PARAMS, FOLDER_SUFFIX = "dvc.lock", "params.yaml", ".dir"
NAMING = (LOCK, "*.dvc")
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
        """Name it in a sentence."""
        return f"commit {self.id[:10]} ({self.subject}; {self.author}, {self.date[:10]})" if self.id else WORKSPACE


HERE = Commit("", "", "", "")


@dataclass(frozen=True, order=True)
class Output:
    """A file or folder that DVC keeps: where it belongs, and the md5 of its content (".dir": of its listing)."""

    path: str
    md5: str

    @property
    def is_folder(self) -> bool:
        """Return whether the content is a listing of files."""
        return self.md5.endswith(FOLDER_SUFFIX)


def outputs_of_workspace() -> dict[Output, Commit]:
    """Return what the dvc.lock and the .dvc files in the working folder name."""
    listed = run_git("ls-files", "--cached", "--others", "--exclude-standard", *NAMING).splitlines()
    tracked = set(run_git("ls-files").splitlines())
    files = [name for name in dict.fromkeys(listed) if Path(name).is_file()]  # in a conflict git lists a file thrice
    return {output: HERE for name in files for output in read_outputs(Path(name)) if output.path not in tracked}


def read_outputs(file: Path) -> list[Output]:
    """Return what a dvc.lock or .dvc file of the workspace names; an InputError tells of one that cannot be read."""
    try:
        name = file.name if file.name == LOCK else str(file)
        return list(_parse(name, file.read_text(encoding="utf-8")))
    except (*UNREADABLE, UnicodeDecodeError):
        raise InputError(
            f"{file}: expected what DVC writes, got something else, such as the marks of a merge that failed; take one "
            f"side, `git checkout --ours {file}`, and run `make repro`, which writes it anew"
        ) from None


def outputs_of_revision(revision: str) -> dict[Output, Commit]:
    """Return what one commit names."""
    commit = describe(revision)
    names = run_git("ls-tree", "-r", "--name-only", commit.id).splitlines()
    texts = [(name, run_git("show", f"{commit.id}:./{name}")) for name in names if _names_outputs(name)]
    tracked = set(names)
    return {output: commit for name, text in texts for output in parse(name, text) if output.path not in tracked}


def outputs_of_history(*revisions: str) -> dict[Output, Commit]:
    """Return what all commits that `git log` finds with these options name, each with the first commit that did."""
    if try_git("rev-parse", "--verify", "--quiet", "HEAD") is None:
        return {}
    changes = list(_list_changes(revisions))
    texts = _read_blobs({blob for _, _, blob in changes})
    named = [(output, commit) for commit, name, blob in changes for output in parse(name, texts[blob])]
    kept = _kept_by_git(named)
    first: dict[Output, Commit] = {}
    for output, commit in named:
        if (commit.id, output.path) not in kept:
            first.setdefault(output, commit)
    return first


def outputs_at(outputs: Iterable[Output], path: Path) -> list[Output]:
    """Return those outputs that stand at a path: of a ledger, one for each content it had."""
    return [output for output in outputs if Path(output.path) == path]


def find_output(outputs: Iterable[Output], path: Path, commit: Commit) -> Output:
    """Return the output at a path; an InputError says that the commit names none."""
    found = outputs_at(outputs, path)
    if not found:
        raise InputError(f"{LOCK}: expected an output {path} in {commit}, found none; name another one with REV")
    return found[0]


def describe(revision: str) -> Commit:
    """Return the commit that a revision names; an InputError if there is none."""
    identity = (
        None if revision.startswith("-") else try_git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    )
    if not identity:
        raise InputError(f"REV: expected a commit, tag or branch, got {revision}; `git log --oneline` lists them")
    return _read_commit(run_git("log", "-1", f"--format={'%x00'.join(FIELDS)}", identity, "--"))


def _read_commit(line: str) -> Commit:
    identity, author, date, subject = line.rstrip("\n").split("\0", 3)
    return Commit(identity, _printable(author), date, _printable(subject))


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def parse(name: str, text: str) -> Iterator[Output]:
    """Yield the outputs that a committed dvc.lock or .dvc file names; of one that cannot be read none."""
    try:
        yield from list(_parse(name, text))
    except UNREADABLE:
        return


def _parse(name: str, text: str) -> Iterator[Output]:
    """Yield outputs, with paths relative to the project; what `dvc import` brought belongs to another project."""
    content = YAML(typ="safe").load(StringIO(text)) or {}
    stages = list(content.get("stages", {}).values()) if name == LOCK else [content]
    for stage in stages:
        if any("repo" in dep for dep in stage.get("deps", ())):
            continue
        for out in stage.get("outs", ()):
            if "md5" in out:
                yield Output(str(PurePosixPath(name).parent / out["path"]), out["md5"])


def _names_outputs(name: str) -> bool:
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
            described, name = line.split("\t", 1)
            blob = described.split()[3]
            if set(blob) != {"0"}:
                yield commits[identity], name, blob


def read_commits(identities: Iterable[str]) -> dict[str, Commit]:
    """Read many commits by one call of git."""
    wanted = "\n".join(dict.fromkeys(identities))
    if not wanted:
        return {}
    log = run_git("log", "--no-walk=unsorted", "--stdin", f"--format={'%x00'.join(FIELDS)}", given=wanted)
    commits = map(_read_commit, filter(None, log.split("\n")))
    return {commit.id: commit for commit in commits}


def _read_blobs(blobs: Iterable[str]) -> dict[str, str]:
    """Read many blobs by one call of git; an InputError tells of one that is not there."""
    wanted = sorted(blobs)
    printed = run_git("cat-file", "--batch=%(objectsize)", given="\n".join(wanted)).encode(errors="surrogateescape")
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


def _kept_by_git(named: list[tuple[Output, Commit]]) -> set[tuple[str, str]]:
    """Return which of these outputs, as commit and path, git itself keeps: metrics, of which DVC has no copy."""
    asked = sorted({(commit.id, output.path) for output, commit in named})
    given = "\n".join(f"{commit}:./{path}" for commit, path in asked)
    answers = run_git("cat-file", "--batch-check=%(objecttype)", given=given).splitlines()
    return {pair for pair, answer in zip(asked, answers, strict=True) if answer == "blob"}
