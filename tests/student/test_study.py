"""The noise model, and the training sets that are made of what it draws."""

import numpy as np
import pytest

from potstill.core.letters import letter_choices
from potstill.core.records import Question, read_json
from student.study.drawing import Asking, draw_askings
from student.study.noise import LETTERS, NO_LETTER, Noise, compute_chances, fit_noise, read_naively, read_noise
from student.study.page import RESULTS, draw_students, render_study
from student.study.results import compare, describe
from student.study.run import NOISE_FILE
from student.study.sets import build_sets
from tests.project import ROOT

NOISE = Noise(
    "a biased teacher", 1, [1.5, 1.2, 1.0, 0.8, 0.5], [0.9, 0.1, 0.0, -0.4, -0.6], [0.0, 0.1, 0.0, 0.3, 0.0],
    {"C": 0.25, NO_LETTER: 0.75},
)  # fmt: skip
TOLERANCE = 0.04  # five standard errors of what is drawn


def ask(gold: str, count: int, rotations: int = 1, failed: float = 0.0) -> list[list[Asking]]:
    question = Question("q", "Where?", letter_choices(["a", "b", "c", "d", "e"]), gold, None)
    draws = np.random.default_rng(0)
    return [draw_askings(question, NOISE, rotations, failed, draws) for _ in range(count)]


@pytest.mark.parametrize("gold", LETTERS)
def test_what_is_drawn_has_the_chances_of_the_model(gold: str) -> None:
    askings = [one for (one,) in ask(gold, 4000)]
    read = [one.option for one in askings if one.outcome == "read"]
    place = LETTERS.index(gold)
    assert 1 - len(read) / len(askings) == pytest.approx(NOISE.unread[place], abs=TOLERANCE)
    shares = np.bincount([one for one in read if one is not None], minlength=5) / len(read)
    assert shares == pytest.approx(compute_chances(NOISE)[place], abs=TOLERANCE)


def test_fitting_what_was_drawn_gives_the_model_back() -> None:
    answers = [
        (gold, LETTERS[one.option] if one.outcome == "read" and one.option is not None else None,
         "Can I help you?" if one.option == 2 else "I am sorry.")
        for gold in LETTERS for (one,) in ask(gold, 4000)
    ]  # fmt: skip
    fitted = fit_noise(answers, "drawn")
    assert compute_chances(fitted) == pytest.approx(compute_chances(NOISE), abs=TOLERANCE)
    assert fitted.unread == pytest.approx(NOISE.unread, abs=TOLERANCE)
    assert fitted.naive == pytest.approx(NOISE.naive, abs=TOLERANCE)


def test_rotations_take_out_favourite_letters_and_no_belief() -> None:
    askings = ask("E", 4000, rotations=5)
    alone = np.mean([first.option == 4 for first, *_ in askings])
    options = [[one.option for one in asked if one.outcome == "read"] for asked in askings]
    voted = np.mean([max(set(one), key=one.count) == 4 for one in options])
    assert alone + 0.1 < voted < 0.6


@pytest.mark.parametrize(
    ("text", "letter"), [("Error: 429", "E"), ("Can I help you?", "C"), ("I am sorry.", NO_LETTER), ("B", "B")]
)
def test_the_naive_reader_takes_the_first_capital_letter(text: str, letter: str) -> None:
    assert read_naively(text) == letter


def test_each_set_keeps_what_its_care_lets_through() -> None:
    questions = [
        Question(str(number), "Where?", letter_choices(["a", "b", "c", "d", "e"]), "B", None) for number in range(5)
    ]
    right, wrong = Asking(1, "read"), Asking(3, "read")
    askings = [
        [right, right, right, wrong], [wrong, right, right, right], [Asking(4, "failed"), right, wrong, right],
        [Asking(2, "unread"), wrong, right, Asking(None, "unread")], [Asking(None, "unread")],
    ]  # fmt: skip
    sets = build_sets(questions, askings)
    labels = {name: [one.label for one in made.lessons] for name, made in sets.items()}
    one_hot = {place: tuple(float(place == option) for option in range(5)) for place in range(5)}
    assert labels["notebook"] == [one_hot[place] for place in (1, 3, 4, 2)]
    assert labels["read"] == [one_hot[1], one_hot[3]]
    assert labels["correct"] == [one_hot[1]]
    assert labels["soft"] == [(0, 0.75, 0, 0.25, 0), (0, 0.75, 0, 0.25, 0), (0, 2 / 3, 0, 1 / 3, 0)]
    assert [round(made.right, 2) for made in sets.values()] == [0.25, 0.5, 1, 1]


def test_results_are_paired_by_question_over_seeds() -> None:
    mine, theirs = [[1, 1, 1, 0], [1, 1, 0, 0]], [[0, 0, 1, 0], [1, 0, 0, 0]]
    assert describe(mine)["mean"] == 0.625
    assert [one["accuracy"] for one in describe(mine)["students"]] == [0.75, 0.5]
    compared = compare(mine, theirs)
    assert compared["difference"] == 0.375
    assert compared["p"] == 0.5  # differences 1, 2, 0, 0: a sum of 3 or -3 in 2 of 4 ways


def test_what_is_committed_is_complete_and_drawn() -> None:
    results = read_json(RESULTS)
    assert all(len(one["students"]) == len(results["settings"]["seeds"]) for one in results["sets"].values())
    assert len(results["sets"]) == 1 + len(results["against_notebook"]) == 4
    assert render_study().count("\n") == 2 + 4
    assert len(draw_students(results).axes) == 1
    assert read_noise(ROOT / NOISE_FILE).answers == 1197
