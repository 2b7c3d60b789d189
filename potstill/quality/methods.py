"""Each question's answer by each method of debiasing, and what of a split the methods are compared by."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from potstill.core.distributions import total_variation
from potstill.core.intervals import wilson_interval
from potstill.core.letters import LETTERS, original_letter
from potstill.quality.calibration import Confidences, Rights, accuracy_at, brier_score, calibration_error
from potstill.quality.columns import Columns
from potstill.quality.significance import mcnemar_p
from potstill.quality.statistics import NONE, confusion_counts, letter_counts, letters_shown, recall_deviation
from potstill.reading.debiasing import Prior
from potstill.reading.judging import JudgedQuestion

Frame = pd.DataFrame

COLUMNS = ("n_choices", "gold", "answer", "outcome", "confidence")  # letters in the original order, or "none"
METHOD_COLUMNS = (
    *("split", "method", "n", "answered", "accuracy", "low", "high", "tv_distance", "recall_std"),
    *("only_right", "only_none_right", "difference", "p", "ece", "brier", "accuracy_at_80", "accuracy_at_90"),
)
PRIOR_COLUMNS = ("split", "n_choices", "letter", "answered", "gold", "prior")


class MethodRows:
    """Takes judged questions one at a time, and keeps each method's answers, column by column."""

    def __init__(self) -> None:
        """Start with none."""
        self._columns: dict[str, dict[str, Columns]] = {}
        self._compared: set[str] = set()

    def add(self, split: str, question: JudgedQuestion) -> None:
        """Keep a question's answers."""
        methods, request = self._columns.setdefault(split, {}), question.exchanges[0].request
        size = len(request.choices)
        gold = request.answer and original_letter(request.answer, request.rotation, size)
        if len(question.exchanges) > 1 or "average" in question.methods:
            self._compared.add(split)
        for method, answer in question.methods.items():
            if method not in methods:
                methods[method] = Columns(COLUMNS)
            methods[method].add((size, gold or NONE, answer.letter or NONE, answer.outcome, answer.confidence))

    def build(self) -> dict[str, dict[str, Frame]]:
        """Return each method's COLUMNS, of the splits in which methods differ: with repeated readings, or logprobs."""
        return {
            split: {method: columns.build() for method, columns in methods.items()}
            for split, methods in self._columns.items()
            if split in self._compared
        }


Methods = Mapping[str, Mapping[str, Frame]]  # by split and method


def method_table(splits: Methods) -> Frame:
    """Return METHOD_COLUMNS: each method's accuracy, preference for letters, test against none, and calibration.

    n counts questions with gold, of which those without an answer are not right; preference is of letters in the
    original order.
    """
    rows = [
        {"split": split, "method": method, **_measure(frame, methods["none"])}
        for split, methods in splits.items()
        for method, frame in methods.items()
    ]
    texts = ("split", "method")
    kinds = {name: float for name in METHOD_COLUMNS if name not in texts}
    return Frame(rows, columns=list(METHOD_COLUMNS)).astype({**kinds, "n": int, "answered": int})


def _measure(frame: Frame, none: Frame) -> dict[str, Any]:
    """Return the numbers of one method in one split."""
    judged = frame[frame["gold"] != NONE]
    right, base = ((one["outcome"] == "correct")[one["gold"] != NONE].to_numpy() for one in (frame, none))
    confidences, of_answers = graded(frame)
    is_sure = bool((confidences == 1).all())  # as of a single reading, which claims nothing
    low, high = wilson_interval(int(right.sum()), len(right))
    gained, lost = int((right & ~base).sum()), int((base & ~right).sum())
    return {
        "n": len(judged),
        "answered": len(of_answers),
        "accuracy": right.mean() if len(right) else None,
        "low": low,
        "high": high,
        **_measure_preference(judged),
        "only_right": gained,
        "only_none_right": lost,
        "difference": right.mean() - base.mean() if len(right) else None,
        "p": None if frame is none else mcnemar_p(gained, lost),
        "ece": None if is_sure else calibration_error(confidences, of_answers),
        "brier": None if is_sure else brier_score(confidences, of_answers),
        "accuracy_at_80": accuracy_at(0.8, confidences, of_answers, len(judged)),
        "accuracy_at_90": accuracy_at(0.9, confidences, of_answers, len(judged)),
    }


def _measure_preference(judged: Frame) -> dict[str, float | None]:
    """Return how far the letters answered are from gold's, and how unevenly gold's letters are recalled."""
    letters = letters_shown(judged)
    answered = judged[judged["answer"] != NONE]
    counts = (letter_counts(answered[column], letters) for column in ("answer", "gold"))
    return {
        "tv_distance": total_variation(*counts),
        "recall_std": recall_deviation(confusion_counts(judged, letters)),
    }


def graded(frame: Frame) -> tuple[Confidences, Rights]:
    """Return the confidence of each answer to a question with gold, and whether it is right."""
    answered = frame[(frame["gold"] != NONE) & (frame["answer"] != NONE)]
    right = answered["outcome"] == "correct"
    return answered["confidence"].to_numpy(dtype=np.float64), right.to_numpy(dtype=np.bool_)


def prior_table(splits: Methods, priors: Mapping[int, Prior]) -> Frame:
    """Return PRIOR_COLUMNS: each letter's share of the first readings and of gold, and its prior by PriDe.

    By split and number of choices; a prior is one for all splits, and missing where none could be estimated.
    """
    rows = []
    for split, methods in splits.items():
        for size, part in methods["none"].groupby("n_choices"):
            letters = LETTERS[: int(str(size))]
            prior = priors.get(len(letters), {})
            answered, gold = (_share(part[column], letters) for column in ("answer", "gold"))
            rows += [
                (split, len(letters), letter, answered[place], gold[place], prior.get(letter))
                for place, letter in enumerate(letters)
            ]
    numbers = dict.fromkeys(("answered", "gold", "prior"), float)
    return Frame(rows, columns=list(PRIOR_COLUMNS)).astype({**numbers, "n_choices": int})


def _share(column: "pd.Series[str]", letters: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return each letter's share of the letters in a column; NaN where there is none."""
    counts = letter_counts(column, list(letters))
    return counts / (counts.sum() or np.nan)
