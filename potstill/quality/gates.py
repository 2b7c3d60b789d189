"""Gates: what params.yaml asks of a teacher before its answers are exported."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from potstill.core.params import Gates

Verdict = Literal["pass", "fail", "unknown"]

MEASURED: Mapping[str, Callable[[Mapping[str, Any]], float | None]] = {
    "min_answered_rate": lambda metrics: metrics["answered_rate"],
    "min_accuracy": lambda metrics: metrics["accuracy"],
    "better_than_chance": lambda metrics: metrics["accuracy_low"],
    "max_recall_std": lambda metrics: metrics["position_bias"]["recall_std"] if metrics["accuracy"] else None,
    "max_tv_distance": lambda metrics: metrics["position_bias"]["tv_distance"],
}


def judge_gates(gates: Gates, metrics: Mapping[str, Any], guessing: float | None) -> dict[str, Verdict]:
    """Return the verdict of each gate that is on; one whose number a split lacks is unknown.

    A split without gold lacks most of them, and one in which nothing is right has no spread of recall to speak of.
    """
    limits = {name: getattr(gates, name) for name in MEASURED}
    if limits["better_than_chance"]:
        limits["better_than_chance"] = guessing
    return {name: _judge(name, MEASURED[name](metrics), limits[name]) for name in list_on(gates)}


def list_on(gates: Gates) -> list[str]:
    """Name the gates that are on; a limit of 0 is one."""
    return [name for name in MEASURED if getattr(gates, name) is not None and getattr(gates, name) is not False]


def list_failed(metrics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say which gates failed, split by split, and which could be measured in none."""
    failed = [
        f"{name} in {split} ({_written(name, numbers)})"
        for split, numbers in metrics.items()
        for name, verdict in numbers["gates"].items()
        if verdict == "fail"
    ]
    names = list(dict.fromkeys(name for numbers in metrics.values() for name in numbers["gates"]))
    unknown = [name for name in names if {numbers["gates"][name] for numbers in metrics.values()} == {"unknown"}]
    return failed + [
        f"{name} (no split has what it is measured by: add gold answers, or set it to null)" for name in unknown
    ]


def _judge(name: str, measured: float | None, limit: float | None) -> Verdict:
    """Hold a number against its limit."""
    if measured is None or limit is None:
        return "unknown"
    if name == "better_than_chance":
        return "pass" if measured > limit else "fail"
    within = measured <= limit if name.startswith("max_") else measured >= limit
    return "pass" if within else "fail"


def _written(name: str, numbers: Mapping[str, Any]) -> str:
    """Write the number that a gate was judged by."""
    measured = MEASURED[name](numbers)
    told = f"got {measured:g}"
    return f"{told}, the lower end of accuracy's interval" if name == "better_than_chance" else told
