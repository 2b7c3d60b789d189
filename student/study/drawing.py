"""A teacher's answers to train questions, drawn from the noise model. Pure; a seed decides them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from potstill.core.records import Question
from student.study.noise import LETTERS, NO_LETTER, Noise, Numbers, read_naively

ERROR = "Error: 429"  # what a notebook saves as the answer where a call failed


@dataclass(frozen=True)
class Asking:
    """One asking, drawn: the option that the naive reader takes it for (None: none), and whether a letter was read.

    Options are numbered in the original order. Where a letter was read, the naive reader takes the same one.
    """

    option: int | None
    outcome: Literal["read", "unread", "failed"]


def draw_askings(
    question: Question, noise: Noise, rotations: int, failed_share: float, draws: np.random.Generator
) -> list[Asking]:
    """Return a question's askings, its choices moved up by 0, 1, ... places.

    What the teacher believes of the options is drawn once (Gumbel noise, so that each asking alone has the chances of
    the noise model), and is the same under each rotation: rotations take out its favourite letters, and no belief.
    """
    belief = draws.gumbel(size=len(LETTERS))
    gold = LETTERS.index(question.answer or "")
    return [draw_asking(gold, belief, rotation, noise, failed_share, draws) for rotation in range(rotations)]


def draw_asking(
    gold: int, belief: Numbers, rotation: int, noise: Noise, failed_share: float, draws: np.random.Generator
) -> Asking:
    """Return one asking under a rotation."""
    size = len(LETTERS)
    shown_gold = (gold - rotation) % size
    fails, hides = draws.random(2)
    taken = draws.choice(list(noise.naive), p=np.array(list(noise.naive.values())) / sum(noise.naive.values()))
    if fails < failed_share:
        return Asking(find_option(read_naively(ERROR), rotation), "failed")
    if hides < noise.unread[shown_gold]:
        return Asking(find_option(str(taken), rotation), "unread")
    scores = np.array([noise.favour[shown] + belief[(shown + rotation) % size] for shown in range(size)])
    scores[shown_gold] += noise.knowledge[shown_gold]
    return Asking((int(scores.argmax()) + rotation) % size, "read")


def find_option(letter: str, rotation: int) -> int | None:
    """Return the option that a letter means under a rotation, or None for no letter."""
    return None if letter == NO_LETTER else (LETTERS.index(letter) + rotation) % len(LETTERS)
