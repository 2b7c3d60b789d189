"""What the console and the report page say of an export, and what they warn of."""

from typing import Any

import pytest

from potstill.training_set.console import describe_export
from potstill.training_set.page_section import render_section
from potstill.training_set.phrases import (
    AUGMENTED,
    BALANCED,
    KEPT,
    SYSTEM,
    TARGETS,
    describe_checks,
    describe_choices,
    describe_selection,
)
from potstill.training_set.warnings import find_warnings
from tests.training_set.manifests import EXPORT, make_manifest, make_split

NO_GOLD = {
    "outcomes": {"unjudged": 60},
    "agreement_with_gold": None,
    "left_out": {},
    "letters": {"before": {}, "kept": {}, "after": {"A": 6, "B": 48, "C": 6}},
    "shift": {"tv_distance": None, "selection_tv_distance": None, "selection_p": None, "selection_method": None},
}
RIGHT = {
    "outcomes": {"correct": 60},
    "shift": make_split()["shift"] | {"tv_distance": 0.0115},
    "letters": make_split()["letters"] | {"after": make_split()["letters"]["kept"]},
}
WRONG = "of the answers, 48 of 60 in train disagree with gold; export.keep: correct leaves them out"
BIASED = (
    "80\xa0% of the rows of train teach B, where gold is B in 33\xa0%, so a student may learn to favour B; "
    "export.balance evens letters out"
)


def letters(before: str, after: str, tv_distance: float) -> dict[str, Any]:
    """Fields of a split without wrong answers, with these letters, each so often as it stands there."""
    counts = {
        name: {letter: text.count(letter) for letter in "ABCD"} for name, text in (("before", before), ("after", after))
    }
    return {**RIGHT, "letters": counts, "shift": {"tv_distance": tv_distance}}


def test_the_console_has_two_lines_for_each_split_and_one_for_each_warning() -> None:
    splits = {"train": make_split(), "test": make_split(**NO_GOLD)}
    assert describe_export(make_manifest(splits, warnings=["one", "20\xa0% of it"])) == [
        "train: 60 of 64 questions exported as 60 rows (7 as preference) (left out: 3 leaked, 1 unparsed); "
        "20 % agree with gold (95 % interval 12-32 %)",
        "train: letters taught A 10 %, B 80 %, C 10 %; gold A 34 %, B 33 %, C 33 %; total variation 0.47; "
        "5,812 tokens, the longest row 120",
        "test: 60 of 64 questions exported as 60 rows (7 as preference); no gold to check them by",
        "test: letters taught A 10 %, B 80 %, C 10 %; 5,812 tokens, the longest row 120",
        "warning: one",
        "warning: 20 % of it",
    ]


@pytest.mark.parametrize(
    ("train", "export", "failed", "expected"),
    [
        pytest.param(RIGHT, {}, [], [], id="nothing"),
        pytest.param(
            RIGHT,
            {},
            ["min_accuracy in train (got 0.15)", "max_recall_std in test (got 0.4)"],
            ["gates not passed: min_accuracy in train (got 0.15), max_recall_std in test (got 0.4)"],
            id="gates failed",
        ),
        pytest.param({}, {}, [], [WRONG, BIASED], id="wrong answers, most of one letter"),
        pytest.param(
            {},
            {"keep": "agreed"},
            [],
            [WRONG.replace("correct", "correct_and_agreed"), BIASED],
            id="wrong answers on which all askings agree",
        ),
        pytest.param(
            NO_GOLD,
            {},
            [],
            ["of the answers, 60 of 60 in train could not be checked, since their questions have no gold"],
            id="no gold",
        ),
        pytest.param(
            RIGHT,
            {"leakage_threshold": None},
            [],
            [
                "nobody looked for questions of train that are in validation as well, since export.leakage_threshold "
                "is null"
            ],
            id="leaks not looked for",
        ),
        pytest.param(letters("AAAAAAAB" * 9, "AAAAAAAB" * 9, 0), {}, [], [], id="gold is one letter itself"),
        pytest.param(letters("AAAAAABC" * 9, "ABC" * 24, 0.4), {}, [], [], id="a skew of gold evened out"),
        pytest.param(letters("AABBCC", "AABBBC", 0.17), {}, [], [], id="what chance does to few rows"),
        pytest.param(letters("ABCD" * 9, "B" * 36, 0.75), {}, [], 1, id="one letter alone"),
    ],
)
def test_what_would_mislead_a_student_is_warned_of(
    train: dict[str, Any], export: dict[str, Any], failed: list[str], expected: list[str] | int
) -> None:
    splits = {"train": make_split(**train), "validation": make_split(**RIGHT)}
    found = find_warnings(splits, EXPORT | export, failed)
    assert len(found) == expected if isinstance(expected, int) else found == expected


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param(
            {},
            "Leaving questions out did not change the balance of gold letters by more than chance "
            "(total variation 0.01, p = 0.410).",
            id="by chance",
        ),
        pytest.param(
            {"shift": {"selection_tv_distance": 0.3, "selection_p": 0.0001}},
            "Leaving questions out changed the balance of gold letters by more than chance "
            "(total variation 0.30, p < 0.001).",
            id="by more than chance",
        ),
        pytest.param(NO_GOLD, "No question was left out.", id="nothing left out"),
        pytest.param(
            {**NO_GOLD, "left_out": {"unparsed": {"none": 1}}},
            "Whether leaving questions out changed the balance of gold letters cannot be tested.",
            id="no gold",
        ),
    ],
)
def test_a_sentence_says_whether_leaving_questions_out_changed_the_letters(
    fields: dict[str, Any], sentence: str
) -> None:
    assert describe_selection(make_split(**fields)) == sentence


DUPLICATES, LEAKS = "No question of train repeats another.", "No question of train equals or nearly equals one of"


@pytest.mark.parametrize(
    ("splits", "export", "sentences"),
    [
        (["train", "validation", "test"], {}, f"{DUPLICATES} {LEAKS} validation and test."),
        (["train"], {}, DUPLICATES),
        (["train", "test"], {"deduplicate": False}, f"{LEAKS} test."),
        (["train", "test"], {"leakage_threshold": None}, DUPLICATES),
        (["test"], {}, ""),
    ],
)
def test_what_was_looked_for_and_not_found_is_said(splits: list[str], export: dict[str, Any], sentences: str) -> None:
    none = {name: make_split(left_out={}) for name in splits}
    assert describe_checks(make_manifest(none, export=EXPORT | export)) == sentences
    found = {"train": make_split(left_out={"leaked": {"A": 1}, "duplicate": {"B": 1}}), "test": make_split()}
    assert describe_checks(make_manifest(found)) == ""


def test_every_choice_of_the_params_has_words() -> None:
    for name, words in (("target", TARGETS), ("keep", KEPT), ("augment", AUGMENTED), ("balance", BALANCED)):
        for value, phrase in words.items():
            assert phrase in describe_choices(EXPORT | {name: value}, None)
    assert "whose confidence is at least 0.6." in describe_choices(EXPORT | {"min_confidence": 0.6}, None)
    for value, sentence in SYSTEM.items():
        assert describe_choices(EXPORT | {"include_system": value}, "Be brief.").endswith(sentence)
        assert sentence not in describe_choices(EXPORT | {"include_system": value}, None)


def test_the_page_shows_a_dash_where_there_is_no_gold_and_no_table_of_what_was_not_left_out() -> None:
    section = render_section(make_manifest({"test": make_split(**NO_GOLD)}))
    assert section.count(">\N{EM DASH}<") == 3 + 2 * 3  # agreement, interval and distance; two shares of each letter
    assert "Reason" not in section
    assert "nan" not in section.lower()
