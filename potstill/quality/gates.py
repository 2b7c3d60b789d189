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
TITLES = {
    "min_answered_rate": "Rows with a letter, at least",
    "min_accuracy": "Accuracy, at least",
    "better_than_chance": "Accuracy's interval above chance",
    "max_recall_std": "RStd, at most",
    "max_tv_distance": "Total variation, at most",
}


def judge_gates(gates: Gates, metrics: Mapping[str, Any], guessing: float | None) -> dict[str, Verdict]:
    """Return the verdict of each gate that is on; one whose number a split lacks is unknown.

    A split without gold lacks most of them, and one in which nothing is right has no spread of recall to speak of.
    """
    limits = {name: guessing if name == "better_than_chance" else getattr(gates, name) for name in list_on(gates)}
    return {name: _judge(name, MEASURED[name](metrics), limit) for name, limit in limits.items()}


def list_on(gates: Gates) -> list[str]:
    """Return the names of the gates that are on; a limit of 0 is one."""
    return [name for name in MEASURED if getattr(gates, name) is not None and getattr(gates, name) is not False]


def describe_failures(metrics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a phrase for each gate that failed in a split, and for each that could be measured in none."""
    failed = [
        f"{name} in {split} (got {MEASURED[name](numbers):g}"
        + (", the lower end of accuracy's interval)" if name == "better_than_chance" else ")")
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
    """Return whether a number is within its limit."""
    if measured is None or limit is None:
        return "unknown"
    if name == "better_than_chance":
        return "pass" if measured > limit else "fail"
    return "pass" if (measured <= limit if name.startswith("max_") else measured >= limit) else "fail"
