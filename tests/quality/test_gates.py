from typing import Any

import pytest

from potstill.core.params import Gates
from potstill.quality.gates import describe_failures, judge_gates

METRICS: dict[str, Any] = {
    "accuracy": 0.5,
    "accuracy_low": 0.4,
    "answered_rate": 0.9,
    "position_bias": {"recall_std": 0.1, "tv_distance": 0.2},
}
WITHOUT_GOLD = METRICS | {"accuracy": None, "accuracy_low": None}


@pytest.mark.parametrize(
    ("gate", "value", "verdict"),
    [
        pytest.param("min_answered_rate", 0.9, "pass", id="answered, just"),
        pytest.param("min_answered_rate", 0.91, "fail", id="answered too seldom"),
        pytest.param("min_accuracy", 0.5, "pass", id="right, just"),
        pytest.param("min_accuracy", 0.6, "fail", id="wrong too often"),
        pytest.param("min_accuracy", 0, "pass", id="nought is no gate that is off"),
        pytest.param("max_recall_std", 0.1, "pass", id="even, just"),
        pytest.param("max_recall_std", 0.05, "fail", id="uneven"),
        pytest.param("max_tv_distance", 0.2, "pass", id="like gold, just"),
        pytest.param("max_tv_distance", 0, "fail", id="unlike gold"),
        pytest.param("better_than_chance", True, "pass", id="better than chance"),
    ],
)
def test_a_gate_holds_its_number_against_its_limit(gate: str, value: float | bool, verdict: str) -> None:
    assert judge_gates(Gates.model_validate({gate: value}), METRICS, 0.25) == {gate: verdict}


@pytest.mark.parametrize(("guessing", "verdict"), [(0.39, "pass"), (0.4, "fail"), (0.5, "fail")])
def test_better_than_chance_means_the_whole_interval(guessing: float, verdict: str) -> None:
    gates = Gates(better_than_chance=True)
    assert judge_gates(gates, METRICS, guessing) == {"better_than_chance": verdict}


@pytest.mark.parametrize("gates", [Gates(), Gates(better_than_chance=False), Gates(strict=True)])
def test_a_gate_that_is_off_has_no_verdict(gates: Gates) -> None:
    assert judge_gates(gates, METRICS, 0.25) == {}


def test_a_number_that_a_split_lacks_is_neither_passed_nor_failed() -> None:
    gates = Gates(min_accuracy=0.1, better_than_chance=True)
    assert judge_gates(gates, WITHOUT_GOLD, None) == {"min_accuracy": "unknown", "better_than_chance": "unknown"}


def test_a_spread_of_recall_is_no_number_where_nothing_is_right() -> None:
    metrics = METRICS | {"accuracy": 0.0, "position_bias": {"recall_std": 0.0, "tv_distance": 0.2}}
    assert judge_gates(Gates(max_recall_std=0.1), metrics, 0.25) == {"max_recall_std": "unknown"}


def test_failed_gates_are_described_with_split_and_number() -> None:
    failed = METRICS | {"gates": {"min_accuracy": "fail", "max_tv_distance": "pass", "better_than_chance": "fail"}}
    passed = METRICS | {"gates": {"min_accuracy": "pass", "max_tv_distance": "pass", "better_than_chance": "pass"}}
    assert describe_failures({"train": failed, "validation": passed}) == [
        "min_accuracy in train (got 0.5)",
        "better_than_chance in train (got 0.4, the lower end of accuracy's interval)",
    ]


def test_a_gate_that_no_split_can_be_held_against_is_not_passed() -> None:
    unknown = WITHOUT_GOLD | {"gates": {"min_accuracy": "unknown"}}
    known = METRICS | {"gates": {"min_accuracy": "pass"}}
    assert describe_failures({"train": unknown}) == [
        "min_accuracy (no split has what it is measured by: add gold answers, or set it to null)"
    ]
    assert describe_failures({"train": unknown, "validation": known}) == []
