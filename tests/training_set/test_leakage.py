import random
from collections.abc import Sequence

import pytest

from potstill.core.letters import letter_choices
from potstill.core.records import Question
from potstill.core.similarity import measure_similarity
from potstill.training_set.leakage import DECIMALS, DuplicateFinder, LeakFinder, fold_question

OPTIONS = ("bank", "river", "shop", "garden")
FRAME = "Where would you get a {} if you do not have one?"
VOCABULARY = [f"word{number}" for number in range(60)]


def make_question(name: str, question: str, options: Sequence[str] = OPTIONS) -> Question:
    return Question(id=name, question=question, choices=letter_choices(options), answer=None, concept=None)


def find_leak(finder: LeakFinder, question: str, options: Sequence[str] = OPTIONS) -> tuple[object, ...] | None:
    like = finder.find(fold_question(question, letter_choices(options)))
    return None if like is None else tuple(like)


@pytest.fixture
def finder() -> LeakFinder:
    held_out = [
        ("validation", make_question("pen", FRAME.format("pen"))),
        ("test", make_question("late", FRAME.format("pen"), ["x", "y"])),
        ("test", make_question("cup", "Is the red cup on the old table?", ["Yes, it  is", "no"])),
    ]
    return LeakFinder(0.75, held_out)


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
    held_out = {"near": "a b c d x", "nearer": "a b c d e x", "as near": "a b c d e y"}
    finder = LeakFinder(0.5, [("test", make_question(name, question)) for name, question in held_out.items()])
    assert find_leak(finder, "a b c d e f") == ("test", "nearer", 0.714286)


@pytest.mark.parametrize("threshold", [0.5, 0.75, 0.9, 1.0])
def test_every_pair_at_the_threshold_is_found_and_no_other(threshold: float) -> None:
    drawn = random.Random(1)
    held_out = [drawn.sample(VOCABULARY, drawn.randint(1, 30)) for _ in range(600)]
    finder = LeakFinder(threshold, [("test", make_question("", " ".join(words))) for words in held_out])
    found = 0
    for words in held_out:
        kept = words[drawn.randint(0, max(1, int(len(words) * (1.2 - threshold)))) :]
        asked = [*kept, *drawn.sample([*VOCABULARY, "new"], drawn.randint(0, 2))][::-1]
        best = max(measure_similarity(frozenset(asked), frozenset(other)) for other in held_out)
        like = finder.find(fold_question(" ".join(asked), letter_choices(OPTIONS)))
        assert (like.similarity if like else None) == (round(best, DECIMALS) if best >= threshold else None)
        found += like is not None
    assert found > 20


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
    first = fold_question("What is 2 + 2?", letter_choices(["0", "1", "4"]))
    assert not finder.is_repeated(first)
    assert finder.is_repeated(fold_question(question, letter_choices(options))) == is_repeated
    assert finder.is_repeated(first)
