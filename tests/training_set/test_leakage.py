import random
from collections.abc import Sequence

import pytest

from potstill.core.letters import letter_choices
from potstill.core.records import Question
from potstill.core.similarity import measure_similarity
from potstill.training_set.leakage import DuplicateFinder, LeakFinder

OPTIONS = ("bank", "river", "shop", "garden")
FRAME = "Where would you get a {} if you do not have one?"
VOCABULARY = [f"word{number}" for number in range(2000)]


def make_question(name: str, question: str, options: Sequence[str] = OPTIONS) -> Question:
    return Question(id=name, question=question, choices=letter_choices(options), answer=None, concept=None)


def find_leak(finder: LeakFinder, question: str, options: Sequence[str] = OPTIONS) -> tuple[object, ...] | None:
    like = finder.find(question, letter_choices(options))
    return None if like is None else tuple(like)


@pytest.fixture
def finder() -> LeakFinder:
    finder = LeakFinder(0.75)
    finder.add("validation", make_question("pen", FRAME.format("pen")))
    finder.add("test", make_question("late", FRAME.format("pen"), ["x", "y"]))
    finder.add("test", make_question("cup", "Is the red cup on the old table?", ["Yes, it  is", "no"]))
    return finder


@pytest.mark.parametrize(
    ("question", "options", "like"),
    [
        pytest.param(FRAME.format("pen"), OPTIONS, ("validation", "pen", 1), id="the same: the first added"),
        pytest.param(FRAME.format("PEN ").upper(), ["u", "v"], ("validation", "pen", 1), id="the text alone"),
        pytest.param("If one do not have you would, get a pen where?", ["u", "v"], None, id="the words alone"),
        pytest.param(
            "If one do not have you would, get a pen where?", ["u", "y"], ("test", "late", 1), id="its option"
        ),
        pytest.param(FRAME.format("marker"), ["a", "river"], ("validation", "pen", 0.833333), id="an option in common"),
        pytest.param(FRAME.format("marker"), ["a", "b"], None, id="a frame about something else"),
        pytest.param(FRAME.format("marker"), ["x", "b"], ("test", "late", 0.833333), id="the one with the option"),
        pytest.param(
            "Is the red cup on an old table?", ["yes, IT is", "a"], ("test", "cup", 0.875), id="folded option"
        ),
        pytest.param("Is a cup on the table?", ["no", "a"], None, id="5 of 8 words"),
        pytest.param("?", OPTIONS, None, id="no words"),
    ],
)
def test_a_leak_has_the_same_text_or_most_words_and_an_option_in_common(
    finder: LeakFinder, question: str, options: list[str], like: tuple[object, ...] | None
) -> None:
    assert find_leak(finder, question, options) == like


def test_the_most_similar_is_found_and_of_equals_the_first() -> None:
    finder = LeakFinder(0.5)
    for name, question in {"near": "a b c d x", "nearer": "a b c d e x", "as near": "a b c d e y"}.items():
        finder.add("test", make_question(name, question))
    assert find_leak(finder, "a b c d e f") == ("test", "nearer", 0.714286)


@pytest.mark.parametrize("threshold", [0.5, 0.75, 0.9, 1.0])
def test_nearly_every_pair_at_the_threshold_is_found_and_no_other(threshold: float) -> None:
    drawn = random.Random(1)
    finder, found, alike = LeakFinder(threshold), 0, 0
    for number in range(500):
        words = drawn.sample(VOCABULARY, drawn.randint(10, 30))
        asked = words[drawn.randint(0, max(1, int(len(words) * (1.2 - threshold)))) :][::-1]
        finder.add("test", make_question(f"{number}", " ".join(words)))
        is_alike = measure_similarity(frozenset(words), frozenset(asked)) >= threshold
        is_found = find_leak(finder, " ".join(asked)) is not None
        assert is_alike or not is_found
        found, alike = found + is_found, alike + is_alike
    assert alike > 50
    assert found / alike >= 0.99


@pytest.mark.parametrize(
    ("question", "options", "is_repeated"),
    [
        pytest.param("what  is 2 + 2?", ("4", "0", "1"), True, id="case, spaces and the order of options"),
        pytest.param("What is 2 - 2?", ("0", "1", "4"), False, id="another sign"),
        pytest.param("2 + 2 is what?", ("0", "1", "4"), False, id="another order of words"),
        pytest.param("What is 2 + 2?", ("0", "1", "5"), False, id="another option"),
    ],
)
def test_a_duplicate_has_the_same_text_and_the_same_options(
    question: str, options: tuple[str, ...], is_repeated: bool
) -> None:
    finder = DuplicateFinder()
    assert not finder.is_repeated("What is 2 + 2?", letter_choices(["0", "1", "4"]))
    assert finder.is_repeated(question, letter_choices(options)) == is_repeated
    assert finder.is_repeated("What is 2 + 2?", letter_choices(["0", "1", "4"]))
