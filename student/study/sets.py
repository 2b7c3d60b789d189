"""Four training sets, made of the same drawn answers with more and more care. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from potstill.core.records import Question
from student.ranking.lessons import Lesson
from student.study.drawing import Asking
from student.study.noise import LETTERS

NAMES = {
    "notebook": "every answer as it came, errors and unread ones too",
    "read": "keep: read",
    "correct": "keep: correct",
    "soft": "soft labels over five rotations",
}


@dataclass(frozen=True)
class TrainingSet:
    """Its lessons, and the share of them whose greatest label is gold's."""

    lessons: list[Lesson]
    right: float


def build_sets(questions: Sequence[Question], askings: Sequence[Sequence[Asking]]) -> Mapping[str, TrainingSet]:
    """Return the four sets: of all but the soft one, of each question's first asking."""
    labels = {name: [label_question(name, *pair) for pair in zip(questions, askings, strict=True)] for name in NAMES}
    return {name: make_set(questions, labels[name]) for name in NAMES}


def label_question(name: str, question: Question, askings: Sequence[Asking]) -> tuple[float, ...] | None:
    """Return what a set teaches of a question, or None where it leaves it out."""
    first, gold = askings[0], find_gold(question)
    if name == "soft":
        return share_votes([one.option for one in askings if one.outcome == "read"])
    kept = name == "notebook" or (first.outcome == "read" and (name == "read" or first.option == gold))
    return share_votes([first.option]) if kept and first.option is not None else None


def share_votes(options: Sequence[int | None]) -> tuple[float, ...] | None:
    """Return the options' shares of the votes; None without votes, or where the most are tied, as export has it."""
    votes = Counter(options).most_common()
    if not votes or (len(votes) > 1 and votes[0][1] == votes[1][1]):
        return None
    counts = dict(votes)
    return tuple(counts.get(option, 0) / len(options) for option in range(len(LETTERS)))


def make_set(questions: Sequence[Question], labels: Sequence[tuple[float, ...] | None]) -> TrainingSet:
    """Return the lessons of those questions that have a label."""
    taught = [(one, label) for one, label in zip(questions, labels, strict=True) if label]
    lessons = [Lesson(one.question, tuple(choice.text for choice in one.choices), label) for one, label in taught]
    right = sum(label.index(max(label)) == find_gold(one) for one, label in taught)
    return TrainingSet(lessons, right / len(lessons))


def find_gold(question: Question) -> int:
    """Return the place of a question's right option."""
    return LETTERS.index(question.answer or "")
