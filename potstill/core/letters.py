"""The letters of choices, and their rotations. No I/O."""

import string
from collections.abc import Sequence

from potstill.core.records import Choice

LETTERS = string.ascii_uppercase
MIN_CHOICES = 2


def letter_choices(texts: Sequence[str]) -> list[Choice]:
    """Return 2 to 26 option texts as choices lettered A, B, C, ... in order; raise ValueError for fewer or more."""
    if not MIN_CHOICES <= len(texts) <= len(LETTERS):
        raise ValueError(f"expected {MIN_CHOICES} to {len(LETTERS)} choices, got {len(texts)}")
    return [Choice(label=letter, text=text) for letter, text in zip(LETTERS, texts, strict=False)]


def rotate_choices(choices: Sequence[Choice], rotation: int) -> list[Choice]:
    """Return the choices with every text `rotation` places up (the first ones last) and the letters where they are."""
    shift = rotation % len(choices)
    return letter_choices([choice.text for choice in (*choices[shift:], *choices[:shift])])


def shown_letter(original: str, rotation: int, n_choices: int) -> str:
    """Return the letter under which the choice that was `original` is shown after `rotation`."""
    return LETTERS[(LETTERS.index(original) - rotation) % n_choices]


def original_letter(shown: str, rotation: int, n_choices: int) -> str:
    """Return the letter that the choice shown as `shown` had before `rotation`."""
    return LETTERS[(LETTERS.index(shown) + rotation) % n_choices]
