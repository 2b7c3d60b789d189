"""The verdict on a split: how far to trust the teacher, in a few sentences."""

from typing import Any

import pandas as pd

from potstill.quality.frames import Frames
from potstill.quality.statistics import NONE, guessing_accuracy, letter_counts, letters_shown
from potstill.quality.wording import NBSP, format_count, format_interval, format_list, format_percent


def describe_verdict(teacher: str, split: str, numbers: dict[str, Any], frames: Frames) -> str:
    """Return in a few sentences how far to trust the teacher on one split."""
    readings, questions = frames.of_split(split)
    if not len(readings):
        return f"There are no {split} questions."
    sentences = [_describe_accuracy(teacher, split, numbers, questions), _describe_favourite(readings)]
    unread = int((readings["answer"] == NONE).sum())
    if 0 < unread < len(readings):
        sentences.append(f"In {unread:,} of {format_count(len(readings), 'row')} no letter could be read.")
    tied = int(((questions["outcome"] == "ambiguous") & (questions["letters_read"] > 1)).sum())
    if tied:
        sentences.append(f"In {tied:,} of {format_count(len(questions), 'question')} the vote is tied.")
    if numbers["flip_rate"] is not None:
        flips = format_percent(numbers["flip_rate"])
        sentences.append(f"Rotating the choices changes {flips} of pairs of answers (flip rate).")
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
    return (
        f"{teacher} is {verdict} chance: it answers {format_percent(numbers['accuracy'])} of the "
        f"{format_count(judged, f'{split} question')}{subset} rightly (95{NBSP}% interval "
        f"{format_interval(low, high)}), and guessing would give {format_percent(guess)}."
    )


def _describe_favourite(readings: pd.DataFrame) -> str:
    """Return the letter answered most often, or all that tie, in what share of rows, and how often each is gold."""
    shown, gold = letters_shown(readings), readings["gold"][readings["gold"] != NONE]
    counts = letter_counts(readings["answer"], shown)
    if counts.sum() == 0:
        return f"Of {format_count(len(readings), 'row')}, none has a letter that could be read."
    favourites = [letter for letter, count in zip(shown, counts, strict=True) if count == counts.max()]
    each = " each" if len(favourites) > 1 else ""
    of_rows, of_read = format_percent(counts.max() / len(readings)), format_percent(counts.max() / counts.sum())
    sentence = f"It answers {format_list(favourites)} in {of_rows} of rows{each}"
    if of_rows != of_read:
        sentence += f" ({of_read} of the letters read)"
    in_gold = [f"{letter} in {format_percent(float((gold == letter).mean()))}" for letter in favourites]
    return f"{sentence}; gold is {format_list(in_gold)}." if len(gold) else f"{sentence}."
