"""What came out of the study, as numbers. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from potstill.core.intervals import wilson_interval
from student.learning.statistics import mean_difference_interval, sign_flip_p
from student.study.sets import NAMES, TrainingSet

BASELINE = "notebook"
DECIMALS = 4
P_DIGITS = 3


def summarize(
    runs: Mapping[str, Mapping[str, Any]], sets: Mapping[str, TrainingSet], seeds: Sequence[int]
) -> dict[str, Any]:
    """Return the students before and after training on each set, and each set against the notebook's."""
    judged = {name: [runs[f"{name}-{seed}"]["right"] for seed in seeds if f"{name}-{seed}" in runs] for name in NAMES}
    return {
        "untrained": describe([runs["untrained-0"]["right"]]),
        "sets": {
            name: {
                "what": NAMES[name], "rows": len(sets[name].lessons), "right_labels": round(sets[name].right, DECIMALS),
                **describe(judged[name]),
            }
            for name in NAMES if judged[name]
        },
        "against_notebook": {
            name: compare(judged[name], judged[BASELINE])
            for name in NAMES if name != BASELINE and len(judged[name]) == len(seeds)
        },
    }  # fmt: skip


def describe(students: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Return the accuracy of each student with its 95 % Wilson interval, and the mean with its own over questions.

    Each student is a 1 for each question that it has right, and a 0 for the others.
    """
    accuracies = [
        {
            "accuracy": round(sum(one) / len(one), DECIMALS),
            "interval": [round(end or 0.0, DECIMALS) for end in wilson_interval(sum(one), len(one))],
        }
        for one in students
    ]
    sums = [sum(answers) for answers in zip(*students, strict=True)]
    return {
        "mean": round(sum(sums) / len(sums) / len(students), DECIMALS),
        "mean_interval": [round(end, DECIMALS) for end in mean_difference_interval(sums, len(students))],
        "students": accuracies,
    }


def compare(students: Sequence[Sequence[int]], others: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Return how much more students have right than others of the same questions, with interval and exact p value."""
    differences = [
        sum(mine) - sum(theirs)
        for mine, theirs in zip(zip(*students, strict=True), zip(*others, strict=True), strict=True)
    ]
    low, high = mean_difference_interval(differences, len(students))
    return {
        "difference": round(sum(differences) / len(differences) / len(students), DECIMALS),
        "interval": [round(low, DECIMALS), round(high, DECIMALS)],
        "p": float(f"{sign_flip_p(differences):.{P_DIGITS}g}"),
    }
