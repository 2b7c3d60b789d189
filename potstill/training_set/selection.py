"""Which questions a student may learn from, and for each of the others the one reason why not."""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, cast

from potstill.core.letters import LETTERS
from potstill.core.params import Export, Params
from potstill.core.progress import count_lines, show_progress
from potstill.core.records import Answer, Question, Split, read_rows
from potstill.prompting.drawing import rank
from potstill.reading.debiasing import count_votes
from potstill.reading.exchanges import read_judged_questions
from potstill.training_set.building import Example, ExampleBuilder, Exchanges
from potstill.training_set.leakage import DuplicateFinder, Folded, LeakFinder, Like, fold_question
from potstill.training_set.settings import find_target

Reason = Literal[
    "leaked", "refused", "ambiguous", "unparsed", "truncated", "filtered", "failed", "tie", "wrong", "unjudged",
    "read_once", "disagreed", "low_confidence", "no_text", "too_long", "duplicate", "unbalanced", "no_pair"
]  # fmt: skip
LastRanks = Mapping[tuple[int, str], int]  # of a number of choices and a letter, the last rank that balance takes


class Files(NamedTuple):
    """A split's files: what was asked, what came back, and what was read in it."""

    split: Split
    requests: Path
    responses: Path
    answers: Path


class Selected(NamedTuple):
    """A question with its examples or, where it is left out, the reason, and what it is like.

    Pairs are apart, since a question that is left out may make one; where nothing else is exported, they are examples.
    """

    answer: Answer
    exchanges: Exchanges
    examples: list[Example]
    pairs: list[Example]
    reason: Reason | None
    like: Like | None


class Selection:
    """Decides on the questions of a split one after another, since a duplicate is one of an earlier question."""

    def __init__(self, params: Params, split: Split, leaks: LeakFinder | None, last_ranks: LastRanks | None) -> None:
        """Take the settings; `leaks` knows the questions of other splits, `last_ranks` what balance takes."""
        self._export: Export = params.export
        self._makes_pairs = "preference" in params.export.formats
        self._pairs_alone = params.export.formats == ["preference"]
        self._builder = ExampleBuilder(params.export, params.prompts[params.prompt], find_target(params), split)
        self._leaks, self._last_ranks = leaks, last_ranks
        is_checked = split == "train" and params.export.deduplicate
        self._seen = DuplicateFinder() if is_checked else None
        self._seen_pairs = DuplicateFinder() if is_checked and self._makes_pairs else None

    def select(self, answer: Answer, exchanges: Exchanges) -> Selected:
        """Return what becomes of a question."""
        request = exchanges[0].request
        question = fold_question(request.question, request.choices)
        if self._leaks and (like := self._leaks.find(question)):
            return Selected(answer, exchanges, [], [], "leaked", like)
        reason = None if self._pairs_alone else find_doubt(self._export, answer, exchanges)
        build = self._builder.build_pairs if self._pairs_alone else self._builder.build
        examples = [] if reason else build(answer, exchanges)
        reason = reason or self._find_fault(examples, question)
        kept = [] if reason else examples
        pairs = kept if self._pairs_alone else self._select_pairs(answer, exchanges, question)
        return Selected(answer, exchanges, kept, pairs, reason, None)

    def _select_pairs(self, answer: Answer, exchanges: Exchanges, question: Folded) -> list[Example]:
        """Return a question's pairs, which are written beside other formats and have no reasons of their own."""
        pairs = self._builder.build_pairs(answer, exchanges) if self._makes_pairs else []
        is_kept = pairs and not any(map(self._is_too_long, pairs)) and not self._is_seen(self._seen_pairs, question)
        return pairs if is_kept else []

    def _find_fault(self, examples: list[Example], question: Folded) -> Reason | None:
        """Return why examples that may be learned are left out all the same."""
        if not examples:
            return "no_pair" if self._pairs_alone else "no_text"
        if any(map(self._is_too_long, examples)):
            return "too_long"
        if self._is_seen(self._seen, question):
            return "duplicate"
        if self._last_ranks is not None and not is_drawn(examples[0], self._export.seed, self._last_ranks):
            return "unbalanced"
        return None

    def _is_too_long(self, example: Example) -> bool:
        return self._export.max_tokens is not None and example.tokens > self._export.max_tokens

    @staticmethod
    def _is_seen(seen: DuplicateFinder | None, question: Folded) -> bool:
        return seen is not None and seen.is_repeated(question)


def find_doubt(export: Export, answer: Answer, exchanges: Exchanges) -> Reason | None:
    """Return why an answer is not one that `export` lets a student learn; None if it is."""
    if answer.answer is None:
        return "tie" if answer.distribution else cast("Reason", answer.outcome)
    if export.keep in ("correct", "correct_and_agreed") and answer.outcome != "correct":
        return "unjudged" if answer.outcome == "unjudged" else "wrong"
    if export.keep in ("agreed", "correct_and_agreed"):
        votes = count_votes(exchanges)
        if votes.total() == 1:
            return "read_once"
        if set(votes) != {answer.answer}:  # pride may answer what no reading means
            return "disagreed"
    if export.min_confidence is not None and (answer.confidence or 0) < export.min_confidence:
        return "low_confidence"
    return None


def select_split(files: Files, selection: Selection, name: str) -> Iterator[Selected]:
    """Yield what becomes of each question of a split; raise InputError where its files disagree.

    `name` is what a progress bar calls it.
    """
    total = count_lines(files.answers)
    questions = read_judged_questions(files.requests, files.responses, files.answers)
    for answer, exchanges in show_progress(questions, f"{name} {files.split}", total, "question"):
        yield selection.select(answer, exchanges)


def index_splits(export: Export, raw: Path) -> LeakFinder | None:
    """Return what knows the questions of validation and test, asked about or not; None if leakage is not looked for."""
    if export.leakage_threshold is None:
        return None
    splits: tuple[Split, ...] = ("validation", "test")
    held_out = ((split, question) for split in splits for question in read_rows(raw / f"{split}.jsonl", Question))
    return LeakFinder(export.leakage_threshold, held_out)


def draw_balanced(params: Params, files: Files, leaks: LeakFinder | None) -> LastRanks:
    """Return, of the rows of train with so many choices, the rank up to which those of each letter are taken.

    Taken are as many of each letter as the rarest has: none, and a rank below all, where a letter is never taught.
    """
    ranks: defaultdict[tuple[int, str], array[int]] = defaultdict(lambda: array("Q"))
    for selected in select_split(files, Selection(params, files.split, leaks, None), "Balancing"):
        for example in selected.examples:
            ranks[len(example.choices), example.letter].append(rank("balance", params.export.seed, example.id))
    last_ranks: dict[tuple[int, str], int] = {}
    for size in {size for size, _ in ranks}:
        letters = LETTERS[:size]
        fewest = min(len(ranks[size, letter]) for letter in letters)
        last_ranks |= {(size, letter): sorted(ranks[size, letter])[fewest - 1] if fewest else -1 for letter in letters}
    return last_ranks


def is_drawn(example: Example, seed: int, last_ranks: LastRanks) -> bool:
    """Return whether balance takes an example."""
    return rank("balance", seed, example.id) <= last_ranks[len(example.choices), example.letter]
