"""What is known of a kind of student: its numbers beside the teacher's, and the tests of whether it learned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import pandas as pd

from potstill.core.intervals import wilson_interval
from potstill.core.records import Question
from potstill.quality.statistics import NONE, cohen_kappa, cross_counts, letters_shown, position_bias
from student.core.runs import Run
from student.learning.reading import Answers, Compared, Facts
from student.learning.statistics import mean_difference_interval, sign_flip_p

Right = list[int]  # 1 for each question that is answered rightly, else 0


@dataclass(frozen=True)
class Measures:
    """The numbers of one answerer, or the means of several; None where unknown."""

    accuracy: float
    answered: float
    same: float | None  # as the teacher's, of the questions that the teacher has a letter for
    same_right: float | None
    same_wrong: float | None
    kappa: float | None
    tv_distance: float | None
    recall_std: float | None
    bytes: float | None = None
    parameters: float | None = None
    rate: float | None = None  # questions a second


class Column(NamedTuple):
    """One answerer, or the mean of several, with the 95 % interval of its accuracy."""

    measures: Measures
    low: float
    high: float


class Difference(NamedTuple):
    """How much more often the first of two is right, its 95 % interval, and p of there being no difference."""

    mean: float
    low: float
    high: float
    p: float


class Seed(NamedTuple):
    """The trained student of a seed, and its control."""

    seed: int
    trained: Column
    control: Column
    untrained_p: float
    teacher_p: float


class Learned(NamedTuple):
    """All that is said of a kind of student, on so many questions with gold; facts are those of the one to use."""

    kind: str
    split: str
    questions: int
    guessing: float
    columns: dict[str, Column]  # of the teacher, and of each arm
    differences: dict[str, Difference]  # of the trained from each other column
    seeds: list[Seed]
    facts: Facts


class Judge:
    """The questions with gold, and the measures of whoever answered them."""

    def __init__(self, questions: Sequence[Question], teacher: Answers) -> None:
        self.places = [place for place, question in enumerate(questions) if question.answer]
        self.gold = [questions[place].answer for place in self.places]
        self.sizes = [len(questions[place].choices) for place in self.places]
        self.teacher = self.select(teacher)

    def select(self, answers: Answers) -> list[str]:
        """Return the letters answered to the questions with gold; NONE where there is none."""
        return [answers.letters[place] or NONE for place in self.places]

    def find_right(self, answers: Answers) -> Right:
        """Return which of the questions are answered rightly."""
        return [int(letter == gold) for letter, gold in zip(self.select(answers), self.gold, strict=True)]

    def measure(self, answers: Answers) -> Measures:
        """Return the numbers of one answerer."""
        frame = pd.DataFrame(
            {"gold": self.gold, "answer": self.select(answers), "teacher": self.teacher, "n_choices": self.sizes}
        ).assign(question=range(len(self.gold)))
        taught = frame[frame["teacher"] != NONE]
        same, right = taught["answer"] == taught["teacher"], taught["answer"] == taught["gold"]
        letters, bias, facts = letters_shown(frame), position_bias(frame), answers.facts
        pairs = cross_counts(taught["teacher"], taught["answer"], letters, [*letters, NONE])
        return Measures(
            accuracy=float((frame["answer"] == frame["gold"]).mean()),
            answered=float((frame["answer"] != NONE).mean()),
            same=_share(same),
            same_right=_share(same & right),
            same_wrong=_share(same & ~right),
            kappa=cohen_kappa(np.pad(pairs, ((0, 1), (0, 0)))),
            tv_distance=bias["tv_distance"],
            recall_std=bias["recall_std"],
            bytes=facts.bytes,
            parameters=facts.parameters,
            rate=facts.questions / facts.seconds if facts.seconds else None,
        )

    def describe_one(self, answers: Answers) -> Column:
        """Return the numbers of one answerer, with Wilson's interval."""
        low, high = wilson_interval(sum(self.find_right(answers)), len(self.gold))
        return Column(self.measure(answers), low or 0.0, high or 1.0)

    def describe_mean(self, several: Sequence[Answers]) -> Column:
        """Return the means over seeds, and the interval of the mean accuracy; of one seed it is that one's."""
        if len(several) == 1:
            return self.describe_one(several[0])
        low, high = mean_difference_interval(self.sum_right(several), len(several))
        return Column(average([self.measure(one) for one in several]), max(0.0, low), high)

    def sum_right(self, several: Iterable[Answers]) -> list[int]:
        """Return how many of several answer each question rightly."""
        return [sum(column) for column in zip(*map(self.find_right, several), strict=True)]

    def compare(self, several: Sequence[Answers], others: Sequence[Answers]) -> Difference:
        """Return how far several are better than as many others, seed by seed."""
        pairs = zip(self.sum_right(several), self.sum_right(others), strict=True)
        differences = [right - other for right, other in pairs]
        low, high = mean_difference_interval(differences, len(several))
        mean = sum(differences) / len(differences) / len(several)
        return Difference(mean, low, high, sign_flip_p(differences))


def measure_learning(compared: Compared, seeds: Sequence[int]) -> Learned:
    """Return all that is said of a kind of student. Who has no seeds is held against each seed's student anew."""
    judge, runs = Judge(compared.questions, compared.teacher), compared.runs
    untrained, teacher = runs[Run("untrained")], compared.teacher
    trained, control = ([runs[Run(arm, seed)] for seed in seeds] for arm in ("trained", "control"))
    return Learned(
        compared.kind,
        compared.split,
        len(judge.gold),
        sum(1 / size for size in judge.sizes) / len(judge.sizes),
        {
            "teacher": judge.describe_one(teacher),
            "untrained": judge.describe_one(untrained),
            "trained": judge.describe_mean(trained),
            "control": judge.describe_mean(control),
        },
        {
            "untrained": judge.compare(trained, [untrained] * len(seeds)),
            "control": judge.compare(trained, control),
            "teacher": judge.compare(trained, [teacher] * len(seeds)),
        },
        [
            Seed(
                seed,
                judge.describe_one(one),
                judge.describe_one(other),
                judge.compare([one], [untrained]).p,
                judge.compare([one], [teacher]).p,
            )
            for seed, one, other in zip(seeds, trained, control, strict=True)
        ],
        trained[0].facts,
    )


def average(several: Sequence[Measures]) -> Measures:
    """Return the mean of each number over those that have it; None where none has."""
    means = {}
    for field in fields(Measures):
        known = [number for one in several if (number := getattr(one, field.name)) is not None]
        means[field.name] = sum(known) / len(known) if known else None
    return Measures(**means)  # type: ignore[arg-type]


def _share(which: "pd.Series[bool]") -> float | None:
    """Return the share of rows that are so; None where there is no row."""
    return float(which.mean()) if len(which) else None
