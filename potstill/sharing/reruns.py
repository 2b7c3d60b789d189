"""Which stages a `dvc repro` would run, and why, in words."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.lock import LockError
from dvc.repo import Repo
from ruamel.yaml import YAML

from potstill.core.errors import InputError
from potstill.core.options import PIPELINE_FILE
from potstill.sharing.differences import get_param, list_differences
from potstill.sharing.formatting import format_names
from potstill.sharing.history import LOCK, PARAMS, STUDENT_PARAMS
from potstill.sharing.storage_errors import first_line

CHANGES = {"modified": "changed", "new": "new", "deleted": "gone", "not in cache": "not in DVC's cache"}


def describe_reruns(repo: Repo, pipeline: Path = PIPELINE_FILE) -> tuple[list[str], list[str]]:
    """Return a pipeline's stages that would or might run, and lines that say why.

    Raise InputError if DVC cannot tell.
    """
    try:
        status: Mapping[str, list[Any]] = repo.status(targets=[str(pipeline)])
        stages = {stage.name: stage for stage in repo.index.stages if stage.path_in_repo == str(pipeline)}
    except LockError:
        raise
    except DvcException as error:
        whose = STUDENT_PARAMS if "student/" in first_line(error) else "`dataset`, `prompt` and `teacher`"
        raise InputError(f"dvc.yaml, {PARAMS}: {first_line(error)}; check {whose}") from None
    lock = pipeline.with_name(LOCK)
    locked = YAML(typ="safe").load(lock)["stages"] if lock.is_file() else {}
    reasons = {
        name: list(_describe_reasons(locked.get(name, {}), status.get(stage.addressing, [])))
        for name, stage in stages.items()
    }
    reruns = [name for name in stages if reasons[name]]
    followers = _list_followers(stages, reruns)
    lines = [f"{names} would run: {format_names(why)}" for names, why in _group_alike(reasons)]
    later = dict.fromkeys(_split_name(name)[0] for name in followers)
    lines += [f"after that, where their inputs change: {', '.join(later)}"] if followers else []
    return reruns + followers, lines or ["nothing would run: all stages are up to date"]


def _group_alike(reasons: Mapping[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield names and reasons of the stages that have any; those of one matrix with the same reasons together."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, why in reasons.items():
        if why:
            stage, variant = _split_name(name)
            alike.setdefault((stage, *why), []).append(variant)
    for (stage, *why), variants in alike.items():
        yield f"{stage} ({', '.join(variants)})" if variants[0] else stage, why


def _split_name(name: str) -> tuple[str, str]:
    """Return a stage's name and which one of its matrix it is, as in train@trained-0; empty if it has none."""
    stage, _, variant = name.partition("@")
    return stage, variant


def _list_followers(stages: Mapping[str, Any], reruns: list[str]) -> list[str]:
    """Return the stages that read, directly or not, what these write, and are not among them."""
    written = {out.def_path for name in reruns for out in stages[name].outs}
    followers = []
    for name, stage in stages.items():
        if any(dep.def_path in written for dep in stage.deps):
            written |= {out.def_path for out in stage.outs}
            if name not in reruns:
                followers.append(name)
    return followers


def _describe_reasons(locked: Mapping[str, Any], changes: list[Any]) -> Iterator[str]:
    """Yield a phrase for each change by which a stage would rerun; `locked` is what it ran with."""
    if not locked:
        yield "it never ran"
        return
    for change in changes:
        if isinstance(change, str):
            yield {"changed command": "its command changed", "always changed": "it always runs"}.get(change, change)
            continue
        for paths in change.values():
            for path, change_kind in paths.items():
                if path in (PARAMS, STUDENT_PARAMS):
                    yield from _describe_params(path, locked.get("params", {}).get(path, {}), change_kind)
                elif change_kind == "deleted" or not Path(path).exists():
                    yield f"{path} is not here"
                else:
                    yield f"{path} {CHANGES.get(change_kind, change_kind)}"


def _describe_params(file: str, before: Mapping[str, Any], changed: Mapping[str, str]) -> Iterator[str]:
    """Yield which params of a file changed, with their old and new values where these are short."""
    current = YAML(typ="safe").load(Path(file))
    for name in changed:
        phrases = list(list_differences(name, before.get(name), get_param(current, name)))
        yield from phrases or [f"{name} {CHANGES.get(changed[name], changed[name])}"]
