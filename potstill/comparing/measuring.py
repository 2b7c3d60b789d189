"""What one revision answered in one split: a letter and a few numbers of each question, never its texts."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from pydantic import ValidationError

from potstill.comparing.revisions import Revision
from potstill.core.catalogues import Price
from potstill.core.intervals import wilson_interval
from potstill.core.letters import original_letter
from potstill.core.prices import PARAMS, KnownPrice, cost_usd, find_listed_price
from potstill.core.progress import show_progress
from potstill.core.records import Answer, Request, Usage
from potstill.quality.columns import Columns
from potstill.quality.statistics import NONE, guessing_accuracy, position_bias
from potstill.quality.usage import UsageCounter
from potstill.reading.debiasing import measure_flips
from potstill.reading.exchanges import read_judged_questions
from potstill.sharing.lineage import PRICES


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
    price_source: str | None = None

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


def read_variant(revision: Revision, split: str) -> Variant:
    """Return what a revision answered in a split; raise InputError if its rows do not fit each other."""
    files, usage, unmetered = revision.splits[split], UsageCounter(None), False
    questions: dict[str, Judged] = {}
    readings = Columns(("question", "gold", "answer", "n_choices"))
    sizes = Columns(("n_choices", "n_requests", "gold"))
    flips: list[float | None] = []  # counted here, since rows from before the field have it as well
    by_vote = revision.params.get("analyze", {}).get("debias", "vote") == "vote"
    rotations: set[int] = set()
    judged_questions = read_judged_questions(files.requests, files.responses, files.answers)
    for answer, exchanges in show_progress(judged_questions, f"reading {revision.name}", unit="question"):
        first = exchanges[0].request
        questions[answer.question_id] = judged = _judge(first, answer)
        sizes.add((len(first.choices), len(exchanges) if by_vote else 1, judged.gold or NONE))
        for request, response, reading, *_ in exchanges:
            usage.add(response)
            unmetered |= response.usage is None and response.status in ("answered", "truncated")
            rotations.add(request.rotation)
            readings.add((len(flips), request.answer or NONE, reading.answer or NONE, len(request.choices)))
        flips.append(measure_flips(exchanges))
    known, frame = [flip for flip in flips if flip is not None], readings.build()
    correct = sum(one.is_right for one in questions.values())
    return Variant(
        revision=revision,
        split=split,
        questions=questions,
        judged=sum(one.gold is not None for one in questions.values()),
        correct=correct,
        answered_rate=float((frame["answer"] != NONE).mean()) if len(frame) else None,
        bias=position_bias(frame),
        flip_rate=sum(known) / len(known) if known else None,
        rotations=len(rotations),
        guessing=guessing_accuracy(sizes.build()),
        spending=_count_spending(revision, usage, len(questions), correct, unmetered=unmetered),
    )


def _judge(first: Request, answer: Answer) -> Judged:
    """Return what is kept of a question, by the first request for it."""
    size = len(first.choices)
    gold = first.answer and original_letter(first.answer, first.rotation, size)
    shown, shift = [choice.text for choice in first.choices], -first.rotation % size
    texts = [first.question, *shown[shift:], *shown[:shift], gold or ""]
    return Judged(hashlib.sha256("\0".join(texts).encode(errors="replace")).digest()[:16], gold or None, answer.answer)


def _count_spending(
    revision: Revision, usage: UsageCounter, questions: int, correct: int, *, unmetered: bool
) -> Spending:
    """Return tokens and their price; both are unknown where an answer has no count of tokens."""
    if unmetered:
        return Spending(questions, correct, None, None, None)
    counted = usage.count()
    tokens = msgspec.convert({name: counted.get(name) for name in Usage.__struct_fields__}, Usage)
    price = find_price(revision)
    usd = None if price is None else cost_usd(price, tokens)
    source = price.source if price else None
    return Spending(questions, correct, tokens.prompt_tokens, tokens.completion_tokens, usd, source)


def find_price(revision: Revision) -> KnownPrice | None:
    """Return the price that the revision's teacher has in its params, else the one that is listed; None: not known."""
    teacher = revision.lineage.find_chosen()["teacher"]
    try:
        own = Price.model_validate(teacher.get(PRICES))
    except ValidationError:  # none, or half of one, as older commits may have
        tier = (teacher.get("extras") or {}).get("service_tier")
        return find_listed_price(teacher.get("provider") or "", teacher.get("model") or "", tier or "")
    return KnownPrice(own.input, own.output, own.batch, PARAMS)
