"""The report as one self-contained page: what it says in words, and its rendering."""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from stages.quality.figures import FEW, Picture
from stages.quality.slices import SLICES
from stages.quality.statistics import (
    NONE,
    comparable,
    compared_counts,
    guessing_accuracy,
    letter_counts,
    letters_shown,
    whole_percent,
)
from stages.quality.tables import Frames, printable
from stages.records import Outcome, Request

TEMPLATE = Path(__file__).with_name("page.html")
NBSP, EN_DASH, UNKNOWN = "\N{NO-BREAK SPACE}", "\N{EN DASH}", "\N{EM DASH}"
Numbers = dict[str, Any]

SLICE_TITLES = {"question_type": "Type of question", "length_band": "Length in words"}
OUTCOME_MEANINGS: dict[Outcome, str] = {
    "correct": "the letter is gold's",
    "wrong": "another letter than gold's",
    "unjudged": "a letter, but no gold",
    "refused": "the teacher declined to choose",
    "ambiguous": "several letters, one beside another choice's text, or a tied vote",
    "unparsed": "no letter found in the text",
    "truncated": "cut off at max_tokens",
    "filtered": "held back by a content filter",
    "failed": "no response came",
}
SMALLEST_P = 0.001
MEASURES: tuple[tuple[str, str, Callable[[Numbers], str]], ...] = (
    ("Questions", "", lambda m: f"{m['questions']:,}"),
    ("Accuracy", "correct answers among questions with gold", lambda m: percent(m["accuracy"])),
    (f"95{NBSP}% interval", "of the accuracy (Wilson)", lambda m: interval(m["accuracy_low"], m["accuracy_high"])),
    ("Rows with a letter", "responses in which a letter was read", lambda m: percent(m["answered_rate"])),
    ("Total variation", "of answers from gold: 0 alike, 1 disjoint", lambda m: _bias(m, "tv_distance")),
    ("Chi-square p", "of answers this far from gold by chance", lambda m: _p_value(m["position_bias"]["chi2_p"])),
    ("RStd", "standard deviation of recall over gold letters", lambda m: _bias(m, "recall_std")),
    ("Agreement", "of repeated readings with their plurality", lambda m: percent(m["agreement"])),
)
MESSAGE_CHARACTERS = 2000


@dataclass(frozen=True)
class Report:
    """What the page tells: where it all comes from, metrics by split, frames, and figures by split and name."""

    teacher: str
    facts: dict[str, str]
    first_requests: list[Request]
    metrics: dict[str, Numbers]
    frames: Frames
    pictures: dict[str, dict[str, Picture]]


def render_page(report: Report) -> str:
    """Return the page: one HTML document that asks for nothing else, every text in it escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE.name).render(
        report=report,
        few=FEW,
        messages=_example_messages(report.first_requests),
        splits=[_describe_split(report, split) for split in report.metrics],
        measures=[(name, meaning, [write(m) for m in report.metrics.values()]) for name, meaning, write in MEASURES],
        outcomes=[
            (name, meaning, [_of(m["outcomes"][name], m["questions"]) for m in report.metrics.values()])
            for name, meaning in OUTCOME_MEANINGS.items()
        ],
    )


def tell_verdict(teacher: str, split: str, numbers: Numbers, frames: Frames) -> str:
    """Say in a few sentences how far to trust the teacher on one split."""
    readings, questions = frames.of_split(split)
    if not len(readings):
        return f"There are no {split} questions."
    sentences = [_tell_accuracy(teacher, split, numbers, questions), _tell_favourite(readings)]
    unread = int((readings["answer"] == NONE).sum())
    if 0 < unread < len(readings):
        sentences.append(f"In {unread} of {counted(len(readings), 'row')} no letter could be read.")
    tied = int(((questions["outcome"] == "ambiguous") & (questions["letters_read"] > 1)).sum())
    if tied:
        sentences.append(f"In {tied} of {counted(len(questions), 'question')} the vote is tied.")
    return " ".join(sentences)


def percent(share: float | None) -> str:
    """Write a share in whole per cent."""
    return UNKNOWN if share is None or pd.isna(share) else f"{whole_percent(share)}{NBSP}%"


def interval(low: float | None, high: float | None) -> str:
    """Write an interval of shares in whole per cent, no bound as 0 or 100 that is not."""
    if low is None or high is None or pd.isna(low):
        return UNKNOWN
    return f"{whole_percent(low)}{EN_DASH}{whole_percent(high)}{NBSP}%"


def counted(count: int, noun: str) -> str:
    """Write a count and its noun, in the plural where there is not one."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _tell_accuracy(teacher: str, split: str, numbers: Numbers, questions: pd.DataFrame) -> str:
    """Say how often the teacher is right, how sure that is, and what guessing would give."""
    judged, guess = int(questions["has_gold"].sum()), guessing_accuracy(questions)
    if guess is None:
        return f"{teacher} cannot be judged on {counted(len(questions), f'{split} question')} without a gold answer."
    low, high = numbers["accuracy_low"], numbers["accuracy_high"]
    place = "below" if guess < low else "above" if guess > high else "inside"
    having = "" if judged == len(questions) else " with a gold answer"
    asked = f"the {counted(judged, f'{split} question')}{having}"
    told = f"{teacher} answers {percent(numbers['accuracy'])} of {asked} rightly"
    sure = f"95{NBSP}% interval {interval(low, high)}"
    return f"{told} ({sure}); guessing would give {percent(guess)}, {place} that interval."


def _tell_favourite(readings: pd.DataFrame) -> str:
    """Name the letter answered most often, or all that tie, in what share of rows, and how often each is gold."""
    shown, gold = letters_shown(readings), readings["gold"][readings["gold"] != NONE]
    counts = letter_counts(readings["answer"], shown)
    if counts.sum() == 0:
        return f"Of {counted(len(readings), 'row')}, none has a letter that could be read."
    favourites = [letter for letter, count in zip(shown, counts, strict=True) if count == counts.max()]
    each = " each" if len(favourites) > 1 else ""
    told = f"It answers {_listed(favourites)} in {percent(counts.max() / len(readings))} of rows{each}"
    in_gold = [f"{letter} in {percent(float((gold == letter).mean()))}" for letter in favourites]
    return f"{told}; gold is {_listed(in_gold)}." if len(gold) else f"{told}."


def _listed(texts: list[str]) -> str:
    """Write one or more texts as a list in a sentence."""
    *others, last = texts
    return f"{', '.join(others)} and {last}" if others else last


def _describe_split(report: Report, split: str) -> dict[str, Any]:
    """Gather what the page shows of one split."""
    frames = report.frames
    readings, _ = frames.of_split(split)
    return {
        "name": split,
        "rows": len(readings),
        "verdict": tell_verdict(report.teacher, split, report.metrics[split], report.frames),
        "figures": [
            (name, _describe_figure(name, readings), f"data:image/svg+xml;base64,{b64encode(picture.svg).decode()}")
            for name, picture in report.pictures[split].items()
        ],
        "slices": [
            (SLICE_TITLES[column], [_slice_row(row) for row in table[table["split"] == split].to_dict("records")])
            for column, table in frames.slices.items()
        ],
        "unread": frames.unread[frames.unread["split"] == split].to_dict("records"),
        "unread_rows": int((readings["answer"] == NONE).sum()),
    }


def _example_messages(requests: list[Request]) -> list[tuple[str, str]]:
    """Return the role and the text of each message, long ones cut."""
    return [(m.role, printable(m.content[:MESSAGE_CHARACTERS])) for request in requests for m in request.messages]


def _slice_row(row: dict[Any, Any]) -> tuple[str, str, str, str]:
    """Write a slice's name, number of questions, accuracy and interval."""
    few = ", few" if 0 < row["n"] < FEW else ""
    return row["slice"], f"{row['n']}{few}", percent(row["accuracy"]), interval(row["low"], row["high"])


def _describe_figure(name: str, readings: pd.DataFrame) -> str:
    """Say in words what a figure shows, for those who do not see it."""
    shown = letters_shown(readings)
    match name:
        case "answers_per_letter":
            return f"Bars: rows by letter answered. {_counts_in_words(readings['answer'], [*shown, NONE])}."
        case "actual_against_expected":
            return f"Grouped bars: {_compare_in_words(comparable(readings), shown)}."
        case "confusion":
            pairs = Counter(zip(readings["gold"], readings["answer"], strict=True)).most_common(5)
            told = "; ".join(f"gold {letter}, answer {answer}: {count}" for (letter, answer), count in pairs)
            return f"Matrix: rows by gold and letter answered. Most frequent: {told or 'no rows'}."
        case _:
            column = "question_type" if name == "answer_by_type" else "length_band"
            parts = [(name, readings["answer"][readings[column] == name]) for name in SLICES[column]]
            told = "; ".join(f"{name}: {_counts_in_words(part, shown)}" for name, part in parts if len(part))
            return f"Heat map: letters answered by {SLICE_TITLES[column].lower()}. {told or 'no rows'}."


def _compare_in_words(used: pd.DataFrame, shown: list[str]) -> str:
    """Write the shares of each letter in what is compared: answers, gold where there is some, and a uniform choice."""
    if not len(used):
        return "no letter was read"
    series = compared_counts(used, shown)
    having = "a letter and gold" if "gold" in series else "a letter; none of them has gold"
    told = [f"shares of the {counted(len(used), 'row')} with {having}"]
    for name, counts in series.items():
        shares = zip(shown, counts / counts.sum(), strict=True)
        told.append(f"{name.title()}: " + ", ".join(f"{letter} {percent(share)}" for letter, share in shares if share))
    return ". ".join(told)


def _counts_in_words(letters: "pd.Series[str]", shown: list[str]) -> str:
    """Write how often each letter comes, those that never do left out."""
    counts = zip(shown, letter_counts(letters, shown), strict=True)
    return ", ".join(f"{letter} {count:.0f}" for letter, count in counts if count) or "no letters"


def _of(count: int, total: int) -> str:
    """Write a count and its share."""
    return f"{count:,} ({percent(count / total)})" if count else "0"


def _bias(numbers: Numbers, name: str) -> str:
    """Write a measure of position bias with two decimals."""
    value = numbers["position_bias"][name]
    return UNKNOWN if value is None else f"{value:.2f}"


def _p_value(p: float | None) -> str:
    """Write a p value as one does in print."""
    return UNKNOWN if p is None else f"<{SMALLEST_P}" if p < SMALLEST_P else f"{p:.3f}"
