import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from potstill.core.records import SPLITS
from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES, length_band, question_type

FOLDER = Path(__file__).parents[2] / "data" / "source" / "bundled"
COUNTS = {"train": 160, "validation": 48, "test": 32}
KEYS = ["id", "question", "question_concept", "choices", "answerKey"]
LETTERS = list("ABCDE")
FUNCTION_WORDS = """
a about after all an and any are as at be been before but by can could did do does for from get had has have he her him
his how if in into is it its just may might more most must not of off on one or other out over people person she should
so some than that the their them then there they this to up was what when where which while who whom whose why will with
without would you your
"""


def read_split(split: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]


QUESTIONS = {split: read_split(split) for split in SPLITS}
EVERY = [question for split in SPLITS for question in QUESTIONS[split]]

each_split = pytest.mark.parametrize("split", SPLITS)


def find_content_words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower())) - set(FUNCTION_WORDS.split())


def measure_overlap(one: set[str], other: set[str]) -> float:
    """Jaccard's index: the share of the words of either that both have."""
    return len(one & other) / len(one | other)


@each_split
def test_a_split_has_its_number_of_questions(split: str) -> None:
    assert len(QUESTIONS[split]) == COUNTS[split]


def test_there_is_nothing_but_the_three_splits() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{split}.jsonl" for split in SPLITS}


@each_split
def test_rows_have_the_keys_of_commonsense_qa_in_order(split: str) -> None:
    assert {tuple(row) for row in QUESTIONS[split]} == {tuple(KEYS)}
    assert {tuple(row["choices"]) for row in QUESTIONS[split]} == {("label", "text")}


@each_split
def test_every_value_is_a_text_without_blanks_around_it(split: str) -> None:
    texts = [
        text
        for row in QUESTIONS[split]
        for text in (row["id"], row["question"], row["question_concept"], *row["choices"]["text"], row["answerKey"])
    ]
    assert [text for text in texts if not isinstance(text, str) or not text or text != " ".join(text.split())] == []


@each_split
def test_ids_are_unique_and_in_order(split: str) -> None:
    expected = [f"bundled-{split}-{number:03d}" for number in range(1, COUNTS[split] + 1)]
    assert [row["id"] for row in QUESTIONS[split]] == expected


@each_split
def test_every_question_has_five_different_choices_labelled_a_to_e(split: str) -> None:
    assert all(row["choices"]["label"] == LETTERS for row in QUESTIONS[split])
    odd = [row["id"] for row in QUESTIONS[split] if len({text.casefold() for text in row["choices"]["text"]}) != 5]
    assert odd == []


@each_split
def test_gold_letters_are_balanced(split: str) -> None:
    counts = Counter(row["answerKey"] for row in QUESTIONS[split])
    assert sorted(counts) == LETTERS
    assert max(counts.values()) - min(counts.values()) <= 1


@each_split
def test_question_forms_are_spread(split: str) -> None:
    counts = Counter(question_type(row["question"]) for row in QUESTIONS[split])
    shares = {form: counts[form] / COUNTS[split] for form in QUESTION_TYPES}
    assert {form: share for form, share in shares.items() if not 0.10 <= share <= 0.30} == {}


@each_split
def test_question_lengths_are_spread(split: str) -> None:
    counts = Counter(length_band(row["question"]) for row in QUESTIONS[split])
    shares = {band: counts[band] / COUNTS[split] for band in LENGTH_BANDS}
    assert {band: share for band, share in shares.items() if share < 0.15} == {}


def test_every_question_ends_with_a_question_mark() -> None:
    assert [row["id"] for row in EVERY if not row["question"].endswith("?")] == []


def test_no_question_stands_there_twice() -> None:
    counts = Counter(" ".join(re.findall(r"[a-z]+", row["question"].lower())) for row in EVERY)
    assert [text for text, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(
    ("one", "other"), list(combinations(SPLITS, 2)), ids=map(" and ".join, combinations(SPLITS, 2))
)
def test_no_question_of_a_split_is_nearly_one_of_another(one: str, other: str) -> None:
    words = {row["id"]: find_content_words(row["question"]) for row in EVERY}
    near = [
        (left["id"], right["id"])
        for left in QUESTIONS[one]
        for right in QUESTIONS[other]
        if measure_overlap(words[left["id"]], words[right["id"]]) >= 0.5
    ]
    assert near == []


def test_concepts_of_validation_and_test_are_not_in_train() -> None:
    train = {row["question_concept"].casefold() for row in QUESTIONS["train"]}
    held_out = {row["question_concept"].casefold() for split in SPLITS[1:] for row in QUESTIONS[split]}
    assert train & held_out == set()
