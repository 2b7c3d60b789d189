"""The verdict on a split: how far to trust the teacher, in a few sentences."""

from typing import Any

import pandas as pd

from potstill.core.wording import (
    FEW,
    NBSP,
    describe_p_value,
    format_count,
    format_interval,
    format_list,
    format_percent,
)
from potstill.quality.frames import Frames
from potstill.quality.significance import RECALL_TEST
from potstill.quality.statistics import NONE, confusion_counts, guessing_accuracy, letter_counts, letters_shown

SIGNIFICANT = 0.05


def describe_verdict(teacher: str, split: str, numbers: dict[str, Any], frames: Frames, tests: pd.DataFrame) -> str:
    """Return in a few sentences how far to trust the teacher on one split; `tests` is significance.list_tests's."""
    readings, questions = frames.of_split(split)
    if not len(readings):
        return f"There are no {split} questions."
    sentences = [_describe_accuracy(teacher, split, numbers, questions), _describe_favourite(readings)]
    p = tests["p_adjusted"][(tests["split"] == split) & (tests["test"] == RECALL_TEST)].min()
    if p < SIGNIFICANT:
        sentences.append(_describe_bias(readings, p))
    unread = int((readings["answer"] == NONE).sum())
    if 0 < unread < len(readings):
        sentences.append(f"In {unread:,} of {format_count(len(readings), 'row')} no letter could be read.")
    voted = (questions["n_requests"] > 1) & (questions["letters_read"] > 1)
    tied = int(((questions["outcome"] == "ambiguous") & voted).sum())
    if tied:
        sentences.append(f"In {tied:,} of {format_count(len(questions), 'question')} the vote is tied.")
    if numbers["flip_rate"] is not None:
        flips = format_percent(numbers["flip_rate"])
        sentences.append(f"Two rotations of a question mean different options in {flips} of pairs (flip rate).")
    return " ".join(sentences)


def _describe_accuracy(teacher: str, split: str, numbers: dict[str, Any], questions: pd.DataFrame) -> str:
    """Return whether the teacher is better than chance: whether its accuracy's whole interval is above guessing's."""
    judged, guess = int((questions["gold"] != NONE).sum()), guessing_accuracy(questions)
    if guess is None:
        return (
            f"{teacher} cannot be judged on {format_count(len(questions), f'{split} question')} without a gold answer."
        )
    low, high = numbers["accuracy_low"], numbers["accuracy_high"]
    verdict = "better than" if guess < low else "worse than" if guess > high else "no better than"
    subset = "" if judged == len(questions) else " with a gold answer"
    voted = ", since a tied vote counts as no answer" if (questions["n_requests"] > 1).any() else ""
    return (
        f"{teacher} is {verdict} chance: it answers {format_percent(numbers['accuracy'], judged)} of the "
        f"{format_count(judged, f'{split} question')}{subset} rightly (95{NBSP}% interval "
        f"{format_interval(low, high, judged)}), and guessing would give {format_percent(guess, judged)}{voted}."
    )


def _describe_favourite(readings: pd.DataFrame) -> str:
    """Return the letter answered most often, or all that tie, in what share of rows, and how often each is gold."""
    shown, gold = letters_shown(readings), readings["gold"][readings["gold"] != NONE]
    counts = letter_counts(readings["answer"], shown)
    if counts.sum() == 0:
        return f"Of {format_count(len(readings), 'row')}, none has a letter that could be read."
    favourites = [letter for letter, count in zip(shown, counts, strict=True) if count == counts.max()]
    each = " each" if len(favourites) > 1 else ""
    of_rows = format_percent(counts.max() / len(readings), len(readings))
    of_read = format_percent(counts.max() / counts.sum(), int(counts.sum()))
    sentence = f"It answers {format_list(favourites)} in {of_rows} of rows{each}"
    if of_rows != of_read:
        sentence += f" ({of_read} of the letters read)"
    in_gold = [f"{letter} in {format_percent(float((gold == letter).mean()), len(gold))}" for letter in favourites]
    return f"{sentence}; gold is {format_list(in_gold)}." if len(gold) else f"{sentence}."


def _describe_bias(readings: pd.DataFrame, p: float) -> str:
    """Return which gold letter is recalled most often and which least, of those that are not few, if two are not."""
    shown = letters_shown(readings)
    confusion = confusion_counts(readings, shown)
    gold = confusion.sum(axis=1)
    rows = {
        letter: (confusion[place, place] / n, int(n))
        for place, (letter, n) in enumerate(zip(shown, gold, strict=True))
        if n
    }
    known = {letter: pair for letter, pair in rows.items() if pair[1] >= FEW}
    rows = known if len(known) > 1 else rows
    best, worst = max(rows, key=lambda letter: rows[letter][0]), min(rows, key=lambda letter: rows[letter][0])
    return (
        f"It is biased by position: it recalls gold {best} in {format_percent(*rows[best])} and {worst} in "
        f"{format_percent(*rows[worst])} of rows (adjusted {describe_p_value(p)})."
    )
