"""What one revision answered in one split: a letter and a few numbers of each question, never its texts."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any, NamedTuple

import pandas as pd
from pydantic import ValidationError

from potstill.comparing.revisions import Revision, SplitFiles
from potstill.core.errors import InputError
from potstill.core.intervals import wilson_interval
from potstill.core.letters import original_letter
from potstill.core.params import Price
from potstill.core.prices import cost_usd, known_price
from potstill.core.records import Answer, Request, Response, Usage, read_rows
from potstill.quality.statistics import NONE, guessing_accuracy, position_bias
from potstill.quality.usage import UsageCounter


class Judged(NamedTuple):
    """One question: what identifies its text, choices and gold; its gold and the answer, in the original order."""

    fingerprint: bytes
    gold: str | None
    letter: str | None

    @property
    def is_right(self) -> bool:
        """Return whether the answer is gold's."""
        return self.letter is not None and self.letter == self.gold


@dataclass(frozen=True)
class Spending:
    """What the answers took: tokens, US dollars, and how many questions they are for; None where unknown."""

    questions: int
    correct: int
    prompt_tokens: int | None
    completion_tokens: int | None
    usd: float | None

    @property
    def tokens(self) -> float | None:
        """Tokens per question."""
        if self.prompt_tokens is None or self.completion_tokens is None or not self.questions:
            return None
        return (self.prompt_tokens + self.completion_tokens) / self.questions

    @property
    def usd_per_question(self) -> float | None:
        """US dollars per question."""
        return None if self.usd is None or not self.questions else self.usd / self.questions

    @property
    def usd_per_correct(self) -> float | None:
        """US dollars per correct answer."""
        return None if self.usd is None or not self.correct else self.usd / self.correct


@dataclass(frozen=True)
class Variant:
    """A revision's questions of one split, by id, and its numbers."""

    revision: Revision
    split: str
    questions: dict[str, Judged]
    judged: int
    correct: int
    answered_rate: float | None
    bias: dict[str, float | None]
    flip_rate: float | None
    rotations: int
    guessing: float | None
    spending: Spending

    @property
    def name(self) -> str:
        """The revision's name."""
        return self.revision.name

    @property
    def accuracy(self) -> float | None:
        """The share of the questions with gold that are answered rightly."""
        return self.correct / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float] | tuple[None, None]:
        """The 95 % Wilson interval of the accuracy."""
        return wilson_interval(self.correct, self.judged)


Asked = tuple[Request, Response]


def read_variant(revision: Revision, split: str) -> Variant:
    """Return what a revision answered in a split; raise InputError if its rows do not fit each other."""
    files, usage, unmetered = revision.splits[split], UsageCounter(None), False
    questions: dict[str, Judged] = {}
    columns: dict[str, list[Any]] = {"question_id": [], "gold": [], "answer": [], "n_choices": []}
    flips: list[float] = []
    rotations: set[int] = set()
    sizes: list[tuple[int, int, str]] = []
    for answer, asked in read_questions(files):
        first = asked[0][0]
        questions[answer.question_id] = judged = _judge(first, answer)
        sizes.append((len(first.choices), len(asked), judged.gold or NONE))
        for (request, response), reading in zip(asked, answer.readings, strict=True):
            usage.add(response)
            unmetered |= response.usage is None and response.status in ("answered", "truncated")
            rotations.add(request.rotation)
            row = (answer.question_id, request.answer or NONE, reading.answer or NONE, len(request.choices))
            for column, value in zip(columns.values(), row, strict=True):
                column.append(value)
        flips += _find_flip_rate(asked, answer)
    readings = pd.DataFrame(columns)
    correct = sum(one.is_right for one in questions.values())
    return Variant(
        revision=revision,
        split=split,
        questions=questions,
        judged=sum(one.gold is not None for one in questions.values()),
        correct=correct,
        answered_rate=float((readings["answer"] != NONE).mean()) if len(readings) else None,
        bias=position_bias(readings),
        flip_rate=sum(flips) / len(flips) if flips else None,
        rotations=len(rotations),
        guessing=guessing_accuracy(pd.DataFrame(sizes, columns=["n_choices", "n_requests", "gold"])),
        spending=_count_spending(revision, usage, len(questions), correct, unmetered=unmetered),
    )


def read_questions(files: SplitFiles) -> Iterator[tuple[Answer, list[Asked]]]:
    """Yield each question's answer with its requests and responses; raise InputError if they do not fit each other."""
    exchanges = zip(read_rows(files.requests, Request), read_rows(files.responses, Response), strict=True)
    groups = groupby(exchanges, lambda exchange: exchange[0].question_id)
    try:
        for answer, (question_id, group) in zip(read_rows(files.answers, Answer), groups, strict=True):
            asked = list(group)
            ids = [reading.request_id for reading in answer.readings]
            if answer.question_id != question_id or ids != [request.id for request, _ in asked]:
                raise ValueError
            if ids != [response.id for _, response in asked]:
                raise ValueError
            yield answer, asked
    except ValueError:
        raise InputError(
            "expected answers, requests and responses to the same questions in the same order, got others, as after a "
            "run that stopped; run `make repro` there"
        ) from None


def _judge(first: Request, answer: Answer) -> Judged:
    """Return what is kept of a question, by the first request for it."""
    size = len(first.choices)
    gold = first.answer and original_letter(first.answer, first.rotation, size)
    shown, shift = [choice.text for choice in first.choices], -first.rotation % size
    texts = [first.question, *shown[shift:], *shown[:shift], gold or ""]
    return Judged(hashlib.sha256("\0".join(texts).encode(errors="replace")).digest()[:16], gold or None, answer.answer)


def _find_flip_rate(asked: Sequence[Asked], answer: Answer) -> list[float]:
    """Return the share of pairs of letters, read under different rotations, that mean different options; or nothing.

    Counted from the readings, which rows from before the field `flip_rate` have as well.
    """
    meant = [
        (request.rotation, original_letter(reading.answer, request.rotation, len(request.choices)))
        for (request, _), reading in zip(asked, answer.readings, strict=True)
        if reading.answer is not None
    ]
    pairs = [one[1] != other[1] for one, other in combinations(meant, 2) if one[0] != other[0]]
    return [sum(pairs) / len(pairs)] if pairs else []


def _count_spending(
    revision: Revision, usage: UsageCounter, questions: int, correct: int, *, unmetered: bool
) -> Spending:
    """Return tokens and their price; both are unknown where an answer has no count of tokens."""
    if unmetered:
        return Spending(questions, correct, None, None, None)
    counted = usage.count()
    tokens = Usage.model_validate({name: counted[name] for name in Usage.model_fields})
    price = known_price(find_price(revision))
    usd = None if price is None else cost_usd(price, tokens)
    return Spending(questions, correct, tokens.prompt_tokens, tokens.completion_tokens, usd)


def find_price(revision: Revision) -> Price | None:
    """Return the price that the revision's teacher has in its params; None if it has none."""
    entry = revision.lineage.find_chosen()["teacher"].get("price_per_million")
    try:
        return None if entry is None else Price.model_validate(entry)
    except ValidationError:
        return None
