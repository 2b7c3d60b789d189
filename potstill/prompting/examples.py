"""The worked examples that a prompt shows before it asks: drawn from train, and never what is asked."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from potstill.core.catalogues import Examples, Prompt
from potstill.core.errors import InputError
from potstill.core.letters import LETTERS, rotate_choices
from potstill.core.records import Message, Question, read_rows
from potstill.core.similarity import Words, find_words, measure_similarity
from potstill.prompting.drawing import rank
from potstill.prompting.rendering import render_text, render_values

# Above this share of common words a question is a near-duplicate. Of CommonsenseQA's 1,221 validation questions 18 have
# one among 9,741 in train, such as "What do you fill with ink to write?" and "... to print?" (0.78); questions
# that only share a frame, such as the capital of France and that of Spain (0.71), are none.
NEAR = 0.75
SPARES = 20  # drawn to stand in for examples that are near what is asked


class Example(NamedTuple):
    """A question with gold, its letter, and the question's words."""

    question: Question
    gold: str
    words: Words


class WorkedExamples:
    """The examples of a prompt: the same for every question but those that are near one of them."""

    def __init__(self, name: str, prompt: Prompt, settings: Examples, train: Path) -> None:
        """Draw the examples, and spares, from a file of questions; `name` is the prompt's, for errors."""
        self._name, self._prompt, self._settings = name, prompt, settings
        self._drawn = draw_examples(train, settings.seed, settings.count + SPARES)
        self._rendered: dict[tuple[int, ...], list[Message]] = {}

    def build_messages(self, asked: Question) -> list[Message]:
        """Return a user and an assistant message for each example; raise InputError if there are too few."""
        chosen = self._choose(asked)
        if chosen not in self._rendered:
            self._rendered[chosen] = list(self._render([self._drawn[place] for place in chosen]))
        return self._rendered[chosen]

    def _choose(self, asked: Question) -> tuple[int, ...]:
        """Return the places of the examples to show; a spare one takes the place of one that is near what is asked."""
        count, words = self._settings.count, find_words(asked.question)
        near = {place for place, example in enumerate(self._drawn) if is_near(example.words, words)}
        if (found := len(self._drawn) - len(near)) < count:
            path = f"prompts.{self._name}.examples.count"
            raise InputError(
                f"params.yaml: {path}: expected {count} train questions with gold that differ from one another and "
                f"from the one that is asked, found {found} for {asked.id}; raise load.train, or lower {path}"
            )
        spares = (place for place in range(count, len(self._drawn)) if place not in near)
        return tuple([next(spares) if place in near else place for place in range(count)])

    def _render(self, examples: Sequence[Example]) -> Iterator[Message]:
        """Yield the messages of examples, each rotated so that gold has the letter whose turn it is."""
        sizes = [len(example.question.choices) for example in examples]
        for example, letter in zip(examples, assign_letters(sizes, self._settings.seed), strict=True):
            choices = rotate_choices(example.question.choices, LETTERS.index(example.gold) - LETTERS.index(letter))
            shown = self._prompt.user.format(**render_values(example.question.question, choices))
            text = render_text(choices[LETTERS.index(letter)])
            yield Message(role="user", content=shown)
            yield Message(role="assistant", content=self._settings.answer.format(letter=letter, text=text))


def draw_examples(train: Path, seed: int, most: int) -> list[Example]:
    """Return the first questions with gold in a seeded order, leaving out what is near an earlier one."""
    considered = most
    while True:
        first = heapq.nsmallest(
            considered, read_examples(train), key=lambda example: rank("examples", seed, example.question.id)
        )
        drawn = drop_near(first)[:most]
        if len(drawn) == most or len(first) < considered:
            return drawn
        considered *= 4


def read_examples(train: Path) -> Iterator[Example]:
    """Yield the questions of a file that have gold."""
    for question in read_rows(train, Question):
        if question.answer:
            yield Example(question, question.answer, find_words(question.question))


def drop_near(examples: Iterable[Example]) -> list[Example]:
    """Return the examples that are not near one before them."""
    kept: list[Example] = []
    for example in examples:
        if not any(is_near(example.words, other.words) for other in kept):
            kept.append(example)
    return kept


def is_near(one: Words, other: Words) -> bool:
    """Return whether two questions have the same words, or most: their Jaccard index is above NEAR."""
    # Nearly all pairs have too few words in common for any index above NEAR, which is faster to see.
    return len(one & other) >= NEAR * len(one) and measure_similarity(one, other) > NEAR


def assign_letters(sizes: Iterable[int], seed: int) -> list[str]:
    """Return a letter for the gold of each example, by its number of choices: each time the one least used so far.

    Among those that were used as often, the first in a seeded order is taken.
    """
    order = sorted(LETTERS, key=lambda letter: rank("letters", seed, letter))
    used: Counter[str] = Counter()
    letters = []
    for size in sizes:
        letter = min((letter for letter in order if letter in LETTERS[:size]), key=lambda letter: used[letter])
        used[letter] += 1
        letters.append(letter)
    return letters
