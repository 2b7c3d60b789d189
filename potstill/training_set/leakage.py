"""Questions that are there more than once: within train, and in train though a student is tested on them."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from math import ceil, log
from typing import NamedTuple

from datasketch import MinHash, MinHashLSH
from datasketch.hashfunc import sha1_hash32

from potstill.core.records import Choice, Question
from potstill.core.similarity import Words, find_words, fold_text, measure_similarity

ROWS = 4  # of a band: hash values that must all agree
FEWEST_BANDS = 2
MISSED = 0.0025  # share of the pairs right at the threshold that the index is let miss; of more similar ones, fewer
DECIMALS = 6


class Like(NamedTuple):
    """A question of another split, and how like it is: the Jaccard index of the words of the two."""

    split: str
    question_id: str
    similarity: float


class Known(NamedTuple):
    """A question to be recognised; words are found anew when they are needed, since they take ten times the space."""

    split: str
    question_id: str
    text: str
    options: frozenset[str]


class LeakFinder:
    """Knows the questions of validation and test, and finds the one that a train question repeats.

    It does so where their texts are the same, or where their words are as alike as the threshold says and they share an
    option. Of the 72 pairs of CommonsenseQA's train and validation questions with a Jaccard index of 0.75 or more only
    14 share one; the others are frames, such as "Where would you get a ball if you do not have one?" and "... a dog
    ...". MinHash LSH (Broder 1997; Indyk and Motwani 1998) proposes candidates, and each is compared exactly.
    """

    def __init__(self, threshold: float) -> None:
        """Start with none."""
        differs = 1 - threshold**ROWS  # the chance that a band of a pair right at the threshold differs
        bands = max(FEWEST_BANDS, ceil(log(MISSED) / log(differs))) if differs else FEWEST_BANDS
        self._threshold = threshold
        self._known: list[Known] = []
        self._by_text: dict[str, int] = {}
        self._hashed = MinHash(
            num_perm=ROWS * bands, hashfunc=_hash_word
        )  # of one text after another: making one is slow
        self._index = MinHashLSH(num_perm=ROWS * bands, params=(bands, ROWS))

    def add(self, split: str, question: Question) -> None:
        """Take a question to recognise."""
        place, text = len(self._known), fold_text(question.question)
        self._known.append(Known(split, question.id, text, fold_options(question.choices)))
        self._by_text.setdefault(text, place)
        self._index.insert(place, self._hash(find_words(text)), check_duplication=False)

    def find(self, question: str, choices: Sequence[Choice]) -> Like | None:
        """Return the question that this one repeats, the most similar and of those the first; None if there is none."""
        text = fold_text(question)
        if text in self._by_text:
            return self._describe(self._by_text[text], 1.0)
        words, options = find_words(text), fold_options(choices)
        alike = [
            (similarity, -place)
            for place in self._index.query(self._hash(words))
            if options & self._known[place].options
            and (similarity := measure_similarity(words, find_words(self._known[place].text))) >= self._threshold
        ]
        return self._describe(-max(alike)[1], max(alike)[0]) if alike else None

    def _hash(self, words: Words) -> MinHash:
        self._hashed.clear()
        self._hashed.update_batch(words)
        return self._hashed

    def _describe(self, place: int, similarity: float) -> Like:
        known = self._known[place]
        return Like(known.split, known.question_id, round(similarity, DECIMALS))


class DuplicateFinder:
    """Knows the questions that have passed, of each 8 bytes of a hash of its text and its options in any order."""

    def __init__(self) -> None:
        """Start with none."""
        self._digests: set[int] = set()

    def is_repeated(self, question: str, choices: Sequence[Choice]) -> bool:
        """Return whether a question has passed before, and take it."""
        texts = "\0".join([fold_text(question), *sorted(fold_text(choice.text) for choice in choices)])
        digest = int.from_bytes(hashlib.blake2b(texts.encode(errors="replace"), digest_size=8).digest())
        is_repeated = digest in self._digests
        self._digests.add(digest)
        return is_repeated


def fold_options(choices: Sequence[Choice]) -> frozenset[str]:
    """Return the texts of choices, folded."""
    return frozenset(fold_text(choice.text) for choice in choices)


@lru_cache(maxsize=1 << 16)
def _hash_word(word: str) -> int:
    """Return 32 bits of a word's SHA-1, the same in every process; most words come again and again."""
    return int(sha1_hash32(word.encode(errors="replace")))
