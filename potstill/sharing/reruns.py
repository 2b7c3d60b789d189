"""Which stages a `dvc repro` would run, and why, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.lock import LockError
from dvc.repo import Repo
from ruamel.yaml import YAML

from potstill.core.errors import InputError
from potstill.sharing.differences import get_param, list_differences
from potstill.sharing.formatting import format_names
from potstill.sharing.history import LOCK, PARAMS
from potstill.sharing.storage_errors import first_line

CHANGES = {"modified": "changed", "new": "new", "deleted": "gone", "not in cache": "not in DVC's cache"}


@dataclass(frozen=True)
class Rerun:
    """A stage that would run, and the reasons."""

    stage: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in a line."""
        return f"{self.stage} would run: {format_names(list(self.reasons))}"


def list_reruns(repo: Repo) -> list[Rerun]:
    """Return the stages that would run, in the pipeline's order; those after them run where their inputs change.

    Raise InputError if DVC cannot read the pipeline.
    """
    try:
        status: Mapping[str, list[Any]] = repo.status()
    except LockError:
        raise
    except DvcException as error:
        raise InputError(f"dvc.yaml, {PARAMS}: {first_line(error)}; check `dataset`, `prompt` and `teacher`") from None
    order = [stage.name for stage in repo.index.stages if getattr(stage, "name", None)]
    reruns = [Rerun(name, tuple(_describe_reasons(name, status[name]))) for name in order if name in status]
    return [rerun for rerun in reruns if rerun.reasons]


def list_followers(repo: Repo, reruns: list[Rerun]) -> list[str]:
    """Return the stages that read, directly or not, what these write, and are not among them."""
    running = {rerun.stage for rerun in reruns}
    stages = {stage.name: stage for stage in repo.index.stages if getattr(stage, "name", None)}
    written = {out.def_path for name in running for out in stages[name].outs}
    followers = []
    for name, stage in stages.items():
        if any(dep.def_path in written for dep in stage.deps):
            written |= {out.def_path for out in stage.outs}
            if name not in running:
                followers.append(name)
    return followers


def describe_reruns(repo: Repo) -> tuple[list[str], list[str]]:
    """Return the stages that would or might run, and a line for each reason."""
    reruns = list_reruns(repo)
    followers = list_followers(repo, reruns)
    lines = [str(rerun) for rerun in reruns] or ["nothing would run: all stages are up to date"]
    lines += [f"after that, where their inputs change: {', '.join(followers)}"] if followers else []
    return [rerun.stage for rerun in reruns] + followers, lines


def _describe_reasons(stage: str, changes: list[Any]) -> Iterator[str]:
    for change in changes:
        if isinstance(change, str):
            yield {"changed command": "its command changed", "always changed": "it always runs"}.get(change, change)
            continue
        for paths in change.values():
            for path, change_kind in paths.items():
                if path == PARAMS:
                    yield from _describe_params(stage, change_kind)
                elif change_kind == "deleted" or not Path(path).exists():
                    yield f"{path} is not here"
                else:
                    yield f"{path} {CHANGES.get(change_kind, change_kind)}"


def _describe_params(stage: str, changed: Mapping[str, str]) -> Iterator[str]:
    """Yield which params changed, with their old and new values where these are short."""
    yaml = YAML(typ="safe")
    current = yaml.load(Path(PARAMS))
    locked = yaml.load(Path(LOCK))["stages"].get(stage, {}) if Path(LOCK).is_file() else {}
    before = locked.get("params", {}).get(PARAMS, {})
    for name in changed:
        phrases = list(list_differences(name, before.get(name), get_param(current, name)))
        yield from phrases or [f"{name} {CHANGES.get(changed[name], changed[name])}"]
