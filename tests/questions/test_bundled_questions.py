import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from potstill.core.records import SPLITS
from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES, length_band, question_type
from potstill.questions.files import load_files
from potstill.questions.licenses import read_license

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


def find_content_words(row: dict[str, Any]) -> set[str]:
    return set(re.findall(r"[a-z]+", row["question"].lower())) - set(FUNCTION_WORDS.split())


def test_there_is_nothing_but_the_three_splits_and_their_card() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {"README.md"} | {f"{split}.jsonl" for split in SPLITS}


def test_the_card_states_the_licence_and_the_counts_and_leaves_the_splits_to_be_loaded() -> None:
    assert read_license(FOLDER) == "apache-2.0"
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"| {split} | {count} |" in card for split, count in COUNTS.items())
    assert {split: rows.num_rows for split, rows in load_files(FOLDER).items()} == COUNTS


@each_split
def test_rows_are_those_of_commonsense_qa_numbered_in_order(split: str) -> None:
    rows = QUESTIONS[split]
    assert [row["id"] for row in rows] == [f"bundled-{split}-{number:03d}" for number in range(1, COUNTS[split] + 1)]
    assert {tuple(row) for row in rows} == {tuple(KEYS)}
    assert all(row["choices"]["label"] == LETTERS for row in rows)
    assert [row["id"] for row in rows if len({text.casefold() for text in row["choices"]["text"]}) != 5] == []
    texts = [text for row in rows for text in (row["question"], row["question_concept"], *row["choices"]["text"])]
    assert [text for text in texts if not text or text != " ".join(text.split())] == []
    assert [row["id"] for row in rows if not row["question"].endswith("?")] == []


@each_split
def test_gold_letters_question_forms_and_lengths_are_spread(split: str) -> None:
    rows = QUESTIONS[split]
    golds = Counter(row["answerKey"] for row in rows)
    assert sorted(golds) == LETTERS
    assert max(golds.values()) - min(golds.values()) <= 1
    forms = Counter(question_type(row["question"]) for row in rows)
    assert [form for form in QUESTION_TYPES[:-1] if not 0.10 <= forms[form] / COUNTS[split] <= 0.40] == []
    lengths = Counter(length_band(row["question"]) for row in rows)
    assert [band for band in LENGTH_BANDS if lengths[band] / COUNTS[split] < 0.15] == []


def test_no_question_stands_there_twice_and_none_is_nearly_one_of_another_split() -> None:
    words = {row["id"]: find_content_words(row) for row in EVERY}
    assert len({" ".join(re.findall(r"[a-z]+", row["question"].lower())) for row in EVERY}) == len(EVERY)
    near = [
        (left["id"], right["id"])
        for one, other in combinations(SPLITS, 2)
        for left in QUESTIONS[one]
        for right in QUESTIONS[other]
        if len(words[left["id"]] & words[right["id"]]) >= 0.5 * len(words[left["id"]] | words[right["id"]])
    ]
    assert near == []


def test_concepts_of_validation_and_test_are_not_in_train() -> None:
    train = {row["question_concept"].casefold() for row in QUESTIONS["train"]}
    assert train & {row["question_concept"].casefold() for split in SPLITS[1:] for row in QUESTIONS[split]} == set()
