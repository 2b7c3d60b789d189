"""Where the files of an export came from, and who changed what since: read from one commit's dvc.lock and outputs."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from potstill.core.errors import InputError
from potstill.core.records import Response, read_rows
from potstill.sharing.differences import get_param, list_differences
from potstill.sharing.history import LOCK, PARAMS, WORKSPACE, Commit, Output, find_commit, read_commits
from potstill.sharing.objects import Cache
from potstill.sharing.processes import run_git, try_git
from potstill.teacher.store.ledger import SUFFIX, read_segment

PRICES = "price_per_million"
CHOICES = {"dataset": "load", "prompt": "prepare", "teacher": "infer"}  # and the stage that each matters to first


@dataclass(frozen=True)
class Change:
    """A later commit that changed what an export depends on: which params from what to what, and which files."""

    commit: Commit
    params: tuple[str, ...]
    files: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in a line."""
        changes = "; ".join([*self.params, *self.files])
        return f"{self.commit.date[:10]} {self.commit.author}, {self.commit.id[:10]} ({self.commit.subject}): {changes}"


class Lineage:
    """What one commit, or the workspace, names: stages, params and outputs."""

    def __init__(self, revision: str | None) -> None:
        """Read the dvc.lock of a commit (None: of the workspace); raise InputError if there is none."""
        self.commit = WORKSPACE if revision is None else find_commit(revision)
        text = self._read(LOCK)
        if text is None:
            raise InputError(f"{LOCK}: expected it in {self.commit}, found none; name another one with REV")
        self.stages: dict[str, Any] = read_yaml(text).get("stages", {})

    def find_params(self, stage: str) -> dict[str, Any]:
        """Return the params that a stage ran with, by their full names."""
        params: dict[str, Any] = self.stages.get(stage, {}).get("params", {}).get(PARAMS, {})
        return params

    def find_chosen(self) -> dict[str, dict[str, Any]]:
        """Return the dataset, prompt and teacher that the stages ran with, each with its name and its entry.

        A teacher's price is put into its entry, where older commits have it.
        """
        chosen = {}
        for choice, stage in CHOICES.items():
            name = self.find_params(stage).get(choice)
            chosen[choice] = {"name": name, **(self.find_params(stage).get(f"{choice}s.{name}") or {})}
        prices = self.find_params("analyze").get(PRICES) or {}
        if chosen["teacher"]["name"] in prices:
            chosen["teacher"][PRICES] = prices[chosen["teacher"]["name"]]
        return chosen

    def _read(self, name: str) -> str | None:
        """Return a file of the commit or of the workspace; None if there is none."""
        if self.commit != WORKSPACE:
            return read_committed(self.commit.id, name)
        file = Path(name)
        return file.read_text(encoding="utf-8") if file.is_file() else None

    def list_stale(self) -> list[str]:
        """Return what of the commit was not run to its end: other params than the stages ran with, or other inputs."""
        return [*self._list_other_params(), *self._list_other_inputs()]

    def _list_other_inputs(self) -> list[str]:
        """Return the stages that read another output than the lock names now, as after a run that stopped."""
        outs = {out["path"]: out.get("md5") for stage in self.stages.values() for out in stage.get("outs", ())}
        read = [(name, dep) for name, stage in self.stages.items() for dep in stage.get("deps", ())]
        return [
            f"{name} ran with another {dep['path']} than this commit names"
            for name, dep in read
            if dep["path"] in outs and dep.get("md5") != outs[dep["path"]]
        ]

    def _list_other_params(self) -> list[str]:
        """Return how the commit's params.yaml differs from what the stages ran with."""
        committed = read_yaml(self._read(PARAMS) or "")
        ran_with = {name: value for stage in self.stages for name, value in self.find_params(stage).items()}
        return [
            phrase
            for name, value in ran_with.items()
            for phrase in list_differences(name, value, get_param(committed, name))
        ]


@dataclass(frozen=True)
class Answers:
    """How many answers of the responses each segment of a ledger holds, how many none, and which models gave them."""

    total: int
    segments: dict[str, int]
    elsewhere: int
    models: frozenset[str]


def find_answers(cache: Cache, responses: Output, segments: dict[str, str]) -> Answers:
    """Look up each answer of the responses in the segments (name to md5) that are here."""
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


def map_segments(cache: Cache, ledgers: Iterable[Output]) -> dict[str, str]:
    """Return the md5 of each segment of ledgers, by name, as far as their listings are here."""
    listed = {name: md5 for ledger in ledgers for name, md5 in cache.list_folder(ledger.md5).items()}
    return {name: md5 for name, md5 in listed.items() if name.endswith(SUFFIX)}


def find_source(cache: Cache, raw: Output) -> dict[str, Any]:
    """Return what the stage `load` wrote about the data set; empty if it is not here."""
    md5 = cache.list_folder(raw.md5).get("source.json")
    return json.loads(cache.path(md5).read_bytes()) if md5 and cache.holds(md5) else {}


def list_changes(since: Commit, until: str = "HEAD") -> Iterator[Change]:
    """Yield the later commits that changed params, the pipeline, the bundled data or the ledger, oldest first."""
    log = run_git(
        "log", "--reverse", "--full-history", "-c", "--name-only", "--relative", "--format=%x01%H",
        f"{since.id}..{until}", "--", PARAMS, "dvc.yaml", "data",
    )  # fmt: skip
    entries = [entry.split("\n") for entry in log.split("\x01")[1:]]
    commits = read_commits(identity for identity, *_ in entries)
    for identity, *lines in entries:
        commit, names = commits[identity], [line for line in lines if line]
        params = tuple(_list_changed_params(commit)) if PARAMS in names else ()
        yield Change(commit, params, tuple(name for name in names if name != PARAMS))


def _list_changed_params(commit: Commit) -> Iterable[str]:
    """Yield a phrase for each param that a commit changed."""
    old, new = (read_yaml(read_committed(revision, PARAMS) or "") for revision in (f"{commit.id}^", commit.id))
    for name in dict.fromkeys([*old, *new]):
        yield from list_differences(name, old.get(name), new.get(name))


def read_committed(revision: str, name: str) -> str | None:
    """Return a file of a commit, or None if it has none of this name."""
    return try_git("show", f"{revision}:./{name}")


def read_yaml(text: str) -> dict[str, Any]:
    """Return the mapping in a text; an empty one if it has none, as in a broken commit."""
    try:
        content = YAML(typ="safe").load(StringIO(text))
    except (YAMLError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
