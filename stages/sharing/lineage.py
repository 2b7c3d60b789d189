"""Where the files of an export came from, and who changed what since: read from one commit's dvc.lock and outputs."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from stages.errors import InputError
from stages.records import Response, read_rows
from stages.sharing.commands import ask_git, run_git
from stages.sharing.differences import list_differences
from stages.sharing.history import FIELDS, LOCK, PARAMS, Commit, Output, describe
from stages.sharing.objects import Cache
from stages.teacher.ledger import SUFFIX, read_segment

CHOICES = ("dataset", "prompt", "teacher")


@dataclass(frozen=True)
class Change:
    """A later commit that changed what an export depends on: which params from what to what, and which files."""

    commit: Commit
    params: tuple[str, ...]
    files: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in a line."""
        what = "; ".join([*self.params, *self.files])
        return f"{self.commit.date[:10]} {self.commit.author}, {self.commit.id[:10]} ({self.commit.subject}): {what}"


class Lineage:
    """What one commit says of its stages, params and outputs. An InputError tells what is not there."""

    def __init__(self, revision: str) -> None:
        """Read the commit's dvc.lock and params.yaml."""
        self.commit = describe(revision)
        self.stages: dict[str, Any] = self._read(LOCK).get("stages", {})
        self.params = self._read(PARAMS)

    def _read(self, name: str) -> Any:
        text = ask_git("show", f"{self.commit.id}:./{name}")
        if text is None:
            raise InputError(f"{name}: expected it in {self.commit}, found none; name another one with REV")
        return YAML(typ="safe").load(StringIO(text)) or {}

    def chosen(self) -> dict[str, Any]:
        """Return the chosen dataset, prompt and teacher, each with its entry and its name."""
        entries = {choice: self.params.get(f"{choice}s", {}).get(self.params.get(choice), {}) for choice in CHOICES}
        return {choice: {"name": self.params.get(choice), **entry} for choice, entry in entries.items()}

    def output(self, path: str) -> Output:
        """Return the output at this path."""
        for stage in self.stages.values():
            for out in stage.get("outs", ()):
                if out["path"] == path:
                    return Output(path, out["md5"])
        raise InputError(f"{LOCK}: expected an output {path} in {self.commit}, found none; name another one with REV")


@dataclass(frozen=True)
class Answers:
    """Where the answers in responses stand: how many each segment of a ledger holds, how many none, who gave them."""

    total: int
    segments: dict[str, int]
    elsewhere: int
    models: frozenset[str]


def find_answers(cache: Cache, responses: Output, segments: dict[str, str]) -> Answers:
    """Look each answer of the responses up in the segments (name to md5) that are here."""
    rows = [
        row
        for md5 in cache.list_folder(responses.md5).values()
        for row in read_rows(cache.path(md5), Response)
        if row.status != "failed"
    ]
    wanted = {row.key for row in rows}
    counts: dict[str, int] = {}
    found: set[str] = set()
    for name, md5 in sorted(segments.items()):
        held = {answer.key for answer in read_segment(cache.path(md5))} & wanted if cache.holds(md5) else set()
        counts |= {name: len(held)} if held else {}
        found |= held
    return Answers(len(wanted), counts, len(wanted - found), frozenset(row.model for row in rows if row.model))


def list_segments_of(cache: Cache, ledger: Output | None) -> dict[str, str]:
    """Return the segments of a ledger, each name with its md5; none where its listing is not here."""
    listed = cache.list_folder(ledger.md5) if ledger else {}
    return {name: md5 for name, md5 in listed.items() if name.endswith(SUFFIX)}


def find_source(cache: Cache, raw: Output) -> dict[str, Any]:
    """Return what the stage `load` noted of the data set; nothing where it is not here."""
    md5 = cache.list_folder(raw.md5).get("source.json")
    return json.loads(cache.path(md5).read_bytes()) if md5 and cache.holds(md5) else {}


def list_changes(since: Commit, until: str = "HEAD") -> Iterator[Change]:
    """Yield the later commits that changed params, the pipeline, the bundled data or the ledger, oldest first."""
    log = run_git(
        "log", "--reverse", "--name-only", "--relative",
        f"--format=%x01{'%x00'.join(FIELDS)}", f"{since.id}..{until}", "--",
        PARAMS, "dvc.yaml", "data",
    )  # fmt: skip
    for entry in log.split("\x01")[1:]:
        head, *lines = entry.splitlines()
        commit, names = Commit(*head.split("\0")), [line for line in lines if line]
        params = tuple(_changed_params(commit)) if PARAMS in names else ()
        yield Change(commit, params, tuple(name for name in names if name != PARAMS))


def _changed_params(commit: Commit) -> Iterable[str]:
    old, new = (
        YAML(typ="safe").load(StringIO(ask_git("show", f"{revision}:./{PARAMS}") or "")) or {}
        for revision in (f"{commit.id}^", commit.id)
    )
    for name in dict.fromkeys([*old, *new]):
        yield from list_differences(name, old.get(name), new.get(name))
