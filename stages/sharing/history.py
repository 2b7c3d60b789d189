"""Which outputs a project's commits name, and which commit named each one first.

They are read from dvc.lock and the .dvc files of every commit, whatever that commit's own configuration says: DVC's
`push --all-commits` takes each commit's remote from that commit, and passes over those from before there was one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages.sharing.commands import run_git

WORKSPACE = "workspace"
COMMITS = ("--exclude=refs/exps/*", "--all")
EXPERIMENTS = ("--glob=refs/exps/*", "--not", "--branches", "--tags", "--remotes", "HEAD")
LOCK, PARAMS = "dvc.lock", "params.yaml"
NAMING = (LOCK, "*.dvc")
FIELDS = ("%H", "%an", "%aI", "%s")


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
        """Tell whether the content is a listing of files."""
        return self.md5.endswith(".dir")


def outputs_of_workspace() -> dict[Output, Commit]:
    """Return what the dvc.lock and the .dvc files in the working folder name."""
    names = run_git("ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", *NAMING).splitlines()
    tracked = set(run_git("ls-files").splitlines())
    texts = ((name, Path(name).read_text(encoding="utf-8")) for name in names if Path(name).is_file())
    return {output: HERE for name, text in texts for output in parse(name, text) if output.path not in tracked}


def outputs_of_revision(revision: str) -> dict[Output, Commit]:
    """Return what one commit names."""
    commit = describe(revision)
    names = run_git("ls-tree", "-r", "--name-only", commit.id).splitlines()
    texts = [(name, run_git("show", f"{commit.id}:./{name}")) for name in names if _names_outputs(name)]
    tracked = set(names)
    return {output: commit for name, text in texts for output in parse(name, text) if output.path not in tracked}


def outputs_of_history(*revisions: str) -> dict[Output, Commit]:
    """Return what all commits that `git log` finds with these options name, each with the first commit that did."""
    changes = list(_list_changes(revisions))
    texts = _read_blobs({blob for _, _, blob in changes})
    named = [(output, commit) for commit, name, blob in changes for output in parse(name, texts[blob])]
    kept = _kept_by_git(named)
    first: dict[Output, Commit] = {}
    for output, commit in named:
        if (commit.id, output.path) not in kept:
            first.setdefault(output, commit)
    return first


def describe(revision: str) -> Commit:
    """Return the commit that a revision names; an InputError if there is none."""
    shown = run_git("log", "-1", f"--format={'%x00'.join(FIELDS)}", f"{revision}^{{commit}}", "--")
    return Commit(*shown.rstrip("\n").split("\0"))


def parse(name: str, text: str) -> Iterator[Output]:
    """Yield the outputs that a dvc.lock or .dvc file names; of one that cannot be read, such as a failed merge's, none.

    Paths are relative to the project. What `dvc import` brought belongs to another project and is left out.
    """
    try:
        content = YAML(typ="safe").load(StringIO(text)) or {}
        stages = list(content.get("stages", {}).values()) if name == LOCK else [content]
        for stage in stages:
            if any("repo" in dep for dep in stage.get("deps", ())):
                continue
            for out in stage.get("outs", ()):
                if "md5" in out:
                    yield Output(str(PurePosixPath(name).parent / out["path"]), out["md5"])
    except (YAMLError, AttributeError, LookupError, TypeError):
        return


def _names_outputs(name: str) -> bool:
    return name == LOCK or name.endswith(".dvc")


def _list_changes(revisions: Iterable[str]) -> Iterator[tuple[Commit, str, str]]:
    """Yield each commit that changed a file that names outputs, that file's name, and the blob it became."""
    log = run_git(
        "log", *revisions, "--full-history", "-m", "--reverse", "--topo-order",
        "--raw", "--no-abbrev", "--no-renames", "--relative",
        f"--format=%x01{'%x00'.join(FIELDS)}", "--", *NAMING,
    )  # fmt: skip
    for entry in log.split("\x01")[1:]:
        head, *lines = entry.splitlines()
        commit = Commit(*head.split("\0"))
        for line in filter(None, lines):
            described, name = line.split("\t")
            blob = described.split()[3]
            if set(blob) != {"0"}:
                yield commit, name, blob


def _read_blobs(blobs: Iterable[str]) -> dict[str, str]:
    """Read many blobs by one call of git."""
    wanted = sorted(blobs)
    printed = run_git("cat-file", "--batch=%(objectsize)", given="\n".join(wanted)).encode()
    texts, start = {}, 0
    for blob in wanted:
        end = printed.index(b"\n", start)
        size = int(printed[start:end])
        texts[blob] = printed[end + 1 : end + 1 + size].decode()
        start = end + 1 + size + 1
    return texts


def _kept_by_git(named: list[tuple[Output, Commit]]) -> set[tuple[str, str]]:
    """Return which of these outputs, as commit and path, git itself keeps: metrics, of which DVC has no copy."""
    asked = sorted({(commit.id, output.path) for output, commit in named})
    given = "\n".join(f"{commit}:./{path}" for commit, path in asked)
    answers = run_git("cat-file", "--batch-check=%(objecttype)", given=given).splitlines()
    return {pair for pair, answer in zip(asked, answers, strict=True) if answer == "blob"}
