import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill.core.letters import LETTERS, letter_choices, original_letter, rotate_choices, shown_letter
from potstill.core.records import Choice
from potstill.prompting.rendering import render_choices, render_labels

numbers = st.integers(min_value=2, max_value=26)
rotations = st.integers(min_value=0, max_value=60)
CHOICES = letter_choices(["bank", "shop", "park"])


def name_texts(count: int) -> list[str]:
    return [f"text {number}" for number in range(count)]


def test_choices_get_letters_in_order() -> None:
    assert letter_choices(["bank", "shop"]) == [Choice(label="A", text="bank"), Choice(label="B", text="shop")]


def test_twenty_six_choices_use_every_letter() -> None:
    assert [choice.label for choice in letter_choices(name_texts(26))] == list(string.ascii_uppercase)


@pytest.mark.parametrize("count", [0, 1, 27])
def test_too_few_or_too_many_choices_are_refused_with_their_number(count: int) -> None:
    with pytest.raises(ValueError, match=f"expected 2 to 26 choices, got {count}"):
        letter_choices(name_texts(count))


def test_a_rotation_moves_texts_up_and_leaves_letters() -> None:
    rotated = rotate_choices(CHOICES, 1)
    assert [choice.text for choice in rotated] == ["shop", "park", "bank"]
    assert [choice.label for choice in rotated] == ["A", "B", "C"]


@given(count=numbers, rotation=rotations)
def test_as_many_more_places_as_are_left_undo_a_rotation(count: int, rotation: int) -> None:
    choices = letter_choices(name_texts(count))
    assert rotate_choices(rotate_choices(choices, rotation), count - rotation % count) == choices


@given(count=numbers, rotation=rotations, data=st.data())
def test_the_original_letter_of_a_shown_letter_is_where_it_was(count: int, rotation: int, data: st.DataObject) -> None:
    original = data.draw(st.sampled_from(LETTERS[:count]))
    assert original_letter(shown_letter(original, rotation, count), rotation, count) == original


@given(count=numbers, rotation=rotations, data=st.data())
def test_a_shown_letter_stands_before_the_text_that_the_original_letter_had(
    count: int, rotation: int, data: st.DataObject
) -> None:
    choices = letter_choices(name_texts(count))
    original = data.draw(st.sampled_from(LETTERS[:count]))
    shown = {choice.label: choice.text for choice in rotate_choices(choices, rotation)}
    assert shown[shown_letter(original, rotation, count)] == choices[LETTERS.index(original)].text


@given(count=numbers)
def test_over_all_rotations_every_text_stands_once_behind_every_letter(count: int) -> None:
    choices = letter_choices(name_texts(count))
    seen = {(choice.label, choice.text) for rotation in range(count) for choice in rotate_choices(choices, rotation)}
    assert len(seen) == count * count


def test_choices_are_rendered_one_a_line() -> None:
    assert render_choices(CHOICES) == "A. bank\nB. shop\nC. park"


@pytest.mark.parametrize(
    ("count", "expected"), [(2, "A or B"), (3, "A, B or C"), (5, "A, B, C, D or E")], ids=["two", "three", "five"]
)
def test_labels_are_listed_as_a_person_would(count: int, expected: str) -> None:
    assert render_labels(letter_choices(name_texts(count))) == expected


def test_a_text_of_several_lines_is_rendered_on_one() -> None:
    assert render_choices(letter_choices(["yes\nB. no", "maybe"])) == "A. yes B. no\nB. maybe"
