"""The noise model: how a recorded teacher's answers differ from gold, in a few numbers that are fitted to them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from potstill.core.errors import InputError

LETTERS = "ABCDE"
NO_LETTER = "none"
DECIMALS = 4

Numbers = npt.NDArray[np.float64]


class Noise(msgspec.Struct, frozen=True):
    """What a teacher answers under a gold letter g, each list in the order of LETTERS.

    A letter l is read with a chance of softmax(knowledge[g] * [l is g] + favour[l]). `unread` has the share of answers
    in which no letter can be read, by gold letter; `naive` the shares of what the naive reader makes of those.
    """

    source: str
    answers: int
    knowledge: list[float]
    favour: list[float]
    unread: list[float]
    naive: dict[str, float]


def read_naively(text: str) -> str:
    """Return the first capital letter of LETTERS that a text has, whatever it says, or NO_LETTER."""
    found = re.search(f"[{LETTERS}]", text)
    return found[0] if found else NO_LETTER


def compute_chances(noise: Noise) -> Numbers:
    """Return the chance of each letter read (columns), given the gold letter (rows)."""
    return _softmax(np.diag(noise.knowledge) + np.array(noise.favour))


def _softmax(scores: Numbers) -> Numbers:
    """Return the chances that each row of scores means."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def fit_choices(counts: Numbers) -> tuple[list[float], list[float]]:
    """Return knowledge and favour that make counts of letters (columns) by gold letter (rows) the most likely.

    The likelihood has one maximum but for a constant in favour, whose sum is 0.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 (only a fit needs it)

    size = len(counts)

    def find_loss(numbers: Numbers) -> tuple[float, Numbers]:
        chances = _softmax(np.diag(numbers[:size]) + numbers[size:])
        off = counts.sum(axis=1, keepdims=True) * chances - counts
        loss = -(counts * np.log(chances)).sum() + (numbers[size:].sum() ** 2) / 2
        return float(loss), np.concatenate([np.diag(off), off.sum(axis=0) + numbers[size:].sum()])

    found = minimize(find_loss, np.zeros(2 * size), jac=True, method="BFGS", options={"gtol": 1e-6}).x
    knowledge, favour = ([round(float(one), DECIMALS) for one in half] for half in (found[:size], found[size:]))
    return knowledge, favour


def fit_noise(answers: Sequence[tuple[str, str | None, str]], source: str) -> Noise:
    """Return the noise of answers, each with its gold letter, the letter read (or None), and its text."""
    counts, asked = np.zeros((len(LETTERS), len(LETTERS))), np.zeros(len(LETTERS))
    naive = dict.fromkeys([*LETTERS, NO_LETTER], 0)
    for gold, letter, text in answers:
        asked[LETTERS.index(gold)] += 1
        if letter:
            counts[LETTERS.index(gold), LETTERS.index(letter)] += 1
        else:
            naive[read_naively(text)] += 1
    unread = [round(float(one), DECIMALS) for one in 1 - counts.sum(axis=1) / asked]
    knowledge, favour = fit_choices(counts)
    return Noise(source, len(answers), knowledge, favour, unread, _to_shares(naive))


def _to_shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Return the shares of counts; all are NO_LETTER's where nothing was counted."""
    total = sum(counts.values())
    shares = {name: round(count / total, DECIMALS) for name, count in counts.items() if count}
    return shares or {NO_LETTER: 1.0}


def read_noise(path: Path) -> Noise:
    """Return the noise of a file; raise InputError if there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Noise)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{path}: expected the numbers of `python -m student.study.fit`, but {error}") from None
