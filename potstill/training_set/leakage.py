"""Questions that are there more than once: within train, and in train though a student is tested on them."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from typing import NamedTuple

from potstill.core.records import Choice, Question
from potstill.core.seen import Seen
from potstill.core.similarity import Words, find_words, fold_text

ROUNDING = 1e-9
DECIMALS = 6


class Like(NamedTuple):
    """A question of another split, and how like it is: the Jaccard index of the words of the two."""

    split: str
    question_id: str
    similarity: float


class Folded(NamedTuple):
    """A question's text and its options, so that case, spaces and the order of options make no difference."""

    text: str
    options: list[str]


class LeakFinder:
    """Knows the questions of validation and test, and finds the one that a train question repeats.

    It does so where their texts are the same, or where their words are as alike as the threshold says and they share an
    option. Of the 72 pairs of CommonsenseQA's train and validation questions with a Jaccard index of 0.75 or more only
    14 share one; the others are frames, such as "Where would you get a ball if you do not have one?" and "... a dog
    ...". Candidates are those that have two of the rarest words of each in common (Chaudhuri, Ganti and Kaushik 2006;
    Bayardo, Ma and Srikant 2007), as sets of words that are alike must, so that none is missed. Where a question has no
    words, its text alone counts.
    """

    def __init__(self, threshold: float, held_out: Iterable[tuple[str, Question]]) -> None:
        """Take the questions to recognise, each with its split."""
        self._threshold = threshold
        self._names: list[tuple[str, str]] = []
        self._options: list[frozenset[str]] = []
        self._words: list[list[str]] = []
        self._by_text: dict[str, int] = {}
        for split, question in held_out:
            text, options = fold_question(question.question, question.choices)
            self._by_text.setdefault(text, len(self._names))
            self._names.append((split, question.id))
            self._options.append(frozenset(options))
            self._words.append([sys.intern(word) for word in find_words(text)])
        counts = Counter(word for words in self._words for word in words)
        self._ranks = {word: rank for rank, word in enumerate(sorted(counts, key=lambda word: (counts[word], word)))}
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        for place, words in enumerate(self._words):
            for word in sorted(words, key=self._ranks.__getitem__)[: self._count_rare(len(words))]:
                self._by_word[word].append(place)

    def find(self, question: Folded) -> Like | None:
        """Return the question that this one repeats, the most similar and of those the first; None if there is none."""
        if question.text in self._by_text:
            return self._describe(self._by_text[question.text], 1.0)
        words = find_words(question.text)
        alike = [
            (similarity, -place)
            for place in self._find_candidates(words)
            if not self._options[place].isdisjoint(question.options)
            and (similarity := _measure(words, self._words[place])) >= self._threshold
        ]
        return self._describe(-max(alike)[1], max(alike)[0]) if alike else None

    def _find_candidates(self, words: Words) -> set[int]:
        """Return the places of the questions that have two of their rare words in common with these words' rare ones.

        Where a single common word is enough to be alike, it is those with one.
        """
        known = [word for word in words if word in self._ranks]
        rare = self._count_rare(len(words)) - (len(words) - len(known))  # words that nobody has are the rarest
        needed = min(2, self._count_common(len(words)))
        once, twice = set[int](), set[int]()
        if rare < needed:
            return once
        known.sort(key=self._ranks.__getitem__)
        for word in known[:rare]:
            if places := self._by_word.get(word):
                twice.update(once.intersection(places))
                once.update(places)
        return twice if needed > 1 else once

    def _count_common(self, words: int) -> int:
        """Return how many of so many words any set of words has that is like them, at least."""
        return ceil(self._threshold * words - ROUNDING)

    def _count_rare(self, words: int) -> int:
        """Return among how many of so many words, the rarest, the two rarest are that any set like them has, too."""
        return words - self._count_common(words) + 2

    def _describe(self, place: int, similarity: float) -> Like:
        return Like(*self._names[place], round(similarity, DECIMALS))


class DuplicateFinder:
    """Knows the questions that have passed, by their texts and their options in any order."""

    def __init__(self) -> None:
        """Start with none."""
        self._seen = Seen()

    def is_repeated(self, question: Folded) -> bool:
        """Return whether a question has passed before, and take it."""
        return not self._seen.add("\0".join([question.text, *question.options]))


def fold_question(question: str, choices: Sequence[Choice]) -> Folded:
    """Return a question, folded."""
    return Folded(fold_text(question), sorted(fold_text(choice.text) for choice in choices))


def _measure(one: Words, other: Sequence[str]) -> float:
    """Return the Jaccard index of words with those of another question, each of which is there once."""
    common = len(one.intersection(other))
    return common / (len(one) + len(other) - common)
