"""What an export was made of, as manifest.json, the card and the page say it."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from potstill import __version__
from potstill.core.params import Params
from potstill.core.records import Split
from potstill.training_set.settings import find_target
from potstill.training_set.summary import SplitSummary
from potstill.training_set.warnings import find_warnings

PACKAGES = ("datasets", "huggingface_hub", "pyarrow")  # which could change a byte of an export


def describe_run(
    params: Params, source: Mapping[str, Any], measures: Mapping[str, Any], written: Mapping[Split, Any]
) -> dict[str, Any]:
    """Return manifest.json but for its files."""
    splits: dict[str, dict[str, Any]] = {
        split: one.summary.build(one.rows, select_quality(measures, split)) for split, one in written.items()
    }
    export = params.export.model_dump() | {"target": find_target(params)}
    failed = list_failed_gates(measures, splits)
    return {
        "versions": {"potstill": __version__} | {name: version(name) for name in PACKAGES},
        "source": describe_source(source),
        "teacher": describe_teacher(params, [one.summary for one in written.values()]),
        "prompt": {"name": params.prompt} | params.prompts[params.prompt].model_dump(),
        "load": params.load.model_dump(),
        "prepare": params.prepare.model_dump(),
        "debias": params.analyze.debias,
        "export": export,
        "gates_failed": failed,
        "splits": splits,
        "warnings": find_warnings(splits, export, failed),
    }


def describe_source(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the questions are from; the licence is "unknown" where the source states none."""
    names = ("dataset", "path", "name", "revision", "split_names")
    return {name: source.get(name) for name in names} | {"license": source.get("license") or "unknown"}


def describe_teacher(params: Params, summaries: Iterable[SplitSummary]) -> dict[str, Any]:
    """Return who answered, how it was sampled, and the names of the models that the responses say they are of."""
    teacher = params.teachers[params.teacher]
    names = ("provider", "model", "temperature", "top_p", "seed", "max_tokens", "extras")
    served_as = sorted(set().union(*(summary.served_as for summary in summaries)))
    return {"name": params.teacher, "served_as": served_as} | {name: getattr(teacher, name) for name in names}


def select_quality(measures: Mapping[str, Any], split: str) -> dict[str, Any]:
    """Return the teacher's measures in a split that say how far to trust its answers."""
    numbers = measures[split]
    names = ("accuracy", "accuracy_low", "accuracy_high", "answered_rate")
    return {name: numbers[name] for name in names} | {
        name: numbers["position_bias"][name] for name in ("recall_std", "tv_distance")
    }


def list_failed_gates(measures: Mapping[str, Any], splits: Iterable[str]) -> list[str]:
    """Return the gates that a split failed, as "min_accuracy in train"."""
    return [
        f"{name} in {split}"
        for split in splits
        for name, verdict in measures[split]["gates"].items()
        if verdict == "fail"
    ]
