"""What the report says in words: shares, intervals, p values, and the verdict on a split."""

from typing import Any

import pandas as pd

from potstill.quality.frames import Frames
from potstill.quality.statistics import NONE, guessing_accuracy, letter_counts, letters_shown, whole_percent

NBSP, EN_DASH, UNKNOWN = "\N{NO-BREAK SPACE}", "\N{EN DASH}", "\N{EM DASH}"
SMALLEST_P = 0.001


def describe_verdict(teacher: str, split: str, numbers: dict[str, Any], frames: Frames) -> str:
    """Say in a few sentences how far to trust the teacher on one split."""
    readings, questions = frames.of_split(split)
    if not len(readings):
        return f"There are no {split} questions."
    sentences = [_describe_accuracy(teacher, split, numbers, questions), _describe_favourite(readings)]
    unread = int((readings["answer"] == NONE).sum())
    if 0 < unread < len(readings):
        sentences.append(f"In {unread:,} of {counted(len(readings), 'row')} no letter could be read.")
    tied = int(((questions["outcome"] == "ambiguous") & (questions["letters_read"] > 1)).sum())
    if tied:
        sentences.append(f"In {tied:,} of {counted(len(questions), 'question')} the vote is tied.")
    return " ".join(sentences)


def percent(share: float | None) -> str:
    """Write a share in whole per cent."""
    return UNKNOWN if share is None or pd.isna(share) else f"{whole_percent(share)}{NBSP}%"


def interval(low: float | None, high: float | None) -> str:
    """Write an interval of shares in whole per cent, no bound as 0 or 100 that is not."""
    if low is None or high is None or pd.isna(low):
        return UNKNOWN
    return f"{whole_percent(low)}{EN_DASH}{whole_percent(high)}{NBSP}%"


def p_value(p: float | None) -> str:
    """Write a p value as one does in print."""
    return UNKNOWN if p is None or pd.isna(p) else f"<{SMALLEST_P}" if p < SMALLEST_P else f"{p:.3f}"


def decimals(number: float | None) -> str:
    """Write a measure with two decimals."""
    return UNKNOWN if number is None or pd.isna(number) else f"{number:.2f}"


def counted(count: int, noun: str) -> str:
    """Write a count and its noun, in the plural where there is not one."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(texts: list[str]) -> str:
    """Write one or more texts as a list in a sentence."""
    *others, last = texts
    return f"{', '.join(others)} and {last}" if others else last


def _describe_accuracy(teacher: str, split: str, numbers: dict[str, Any], questions: pd.DataFrame) -> str:
    """Say whether the teacher is better than chance: whether its accuracy's whole interval is above guessing's."""
    judged, guess = int((questions["gold"] != NONE).sum()), guessing_accuracy(questions)
    if guess is None:
        return f"{teacher} cannot be judged on {counted(len(questions), f'{split} question')} without a gold answer."
    low, high = numbers["accuracy_low"], numbers["accuracy_high"]
    verdict = "better than" if guess < low else "worse than" if guess > high else "no better than"
    having = "" if judged == len(questions) else " with a gold answer"
    asked = f"the {counted(judged, f'{split} question')}{having}"
    sure = f"(95{NBSP}% interval {interval(low, high)})"
    told = f"{teacher} is {verdict} chance: it answers {percent(numbers['accuracy'])} of {asked} rightly {sure}"
    return f"{told}, and guessing would give {percent(guess)}."


def _describe_favourite(readings: pd.DataFrame) -> str:
    """Name the letter answered most often, or all that tie, in what share of rows, and how often each is gold."""
    shown, gold = letters_shown(readings), readings["gold"][readings["gold"] != NONE]
    counts = letter_counts(readings["answer"], shown)
    if counts.sum() == 0:
        return f"Of {counted(len(readings), 'row')}, none has a letter that could be read."
    favourites = [letter for letter, count in zip(shown, counts, strict=True) if count == counts.max()]
    each = " each" if len(favourites) > 1 else ""
    of_rows, of_read = percent(counts.max() / len(readings)), percent(counts.max() / counts.sum())
    told = f"It answers {listed(favourites)} in {of_rows} of rows{each}"
    if of_rows != of_read:
        told += f" ({of_read} of the letters read)"
    in_gold = [f"{letter} in {percent(float((gold == letter).mean()))}" for letter in favourites]
    return f"{told}; gold is {listed(in_gold)}." if len(gold) else f"{told}."
