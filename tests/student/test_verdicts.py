import pytest

from student.learning.measuring import Column, Difference, Learned, Measures, Seed
from student.learning.reading import Facts
from student.learning.verdicts import describe_learning, has_learned

BETTER = Difference(0.05, 0.02, 0.08, 0.0004)
CLOSE = Difference(0.01, -0.02, 0.04, 0.51)
WORSE = Difference(-0.04, -0.07, -0.01, 0.01)
LUCKY = Difference(0.03, -0.001, 0.061, 0.05)  # p must be below, not at 0.05


def make_column(accuracy: float) -> Column:
    measures = Measures(accuracy, 1.0, None, None, None, None, None, None)
    return Column(measures, accuracy - 0.02, accuracy + 0.02)


def make_learned(untrained: Difference, control: Difference, seeds: int, trained: float, teacher: float) -> Learned:
    columns = {"teacher": make_column(teacher), "trained": make_column(trained)}
    lines = [Seed(seed, columns["trained"], columns["trained"], 0.5, 0.5) for seed in range(seeds)]
    differences = {"untrained": untrained, "control": control}
    return Learned("chat", "validation", 1221, 0.2, columns, differences, lines, Facts("tiny", 1221))


CONTROL = "the control, trained on the same answers shuffled"


@pytest.mark.parametrize(
    ("untrained", "control", "seeds", "trained", "teacher", "learns", "sentence"),
    [
        pytest.param(
            BETTER, BETTER, 3, 0.45, 0.6, True,
            "The chat student learned: it answers 45.0 % of the 1,221 validation questions rightly (mean of 3 seeds), "
            "5.0 points better than before training (95 % interval 2.0 to 8.0, p < 0.001) and 5.0 points better than "
            f"{CONTROL} (95 % interval 2.0 to 8.0, p < 0.001).",
            id="learned",
        ),
        pytest.param(
            CLOSE, BETTER, 3, 0.45, 0.6, False,
            "There is no evidence that the chat student learned: it is not better than before training (1.0 points, "
            "95 % interval −2.0 to 4.0, p = 0.510). It answers 45.0 % of the 1,221 validation questions rightly (mean "
            "of 3 seeds).",
            id="not better than before",
        ),
        pytest.param(
            BETTER, WORSE, 3, 0.45, 0.6, False,
            f"learned: it is worse than {CONTROL} (−4.0 points, 95 % interval −7.0 to −1.0, p = 0.010). It",
            id="worse than the control",
        ),
        pytest.param(
            LUCKY, CLOSE, 3, 0.45, 0.6, False,
            "it is not better than before training (3.0 points, 95 % interval −0.1 to 6.1, p = 0.050) and it is not "
            f"better than {CONTROL} (",
            id="neither",
        ),
        pytest.param(
            BETTER, BETTER, 1, 0.45, 0.6, False,
            "There is no evidence that the chat student learned: it was trained with 1 seed, and it takes 3 to tell "
            "learning from luck. It answers 45.0 % of the 1,221 validation questions rightly.",
            id="one seed",
        ),
        pytest.param(
            BETTER, BETTER, 3, 0.21, 0.6, False, "learned: it is not better than guessing, which gives", id="guess"
        ),
        pytest.param(
            BETTER, BETTER, 3, 0.45, 0.22, True,
            "The teacher's own answers to them, 22.0 % right, are no better than guessing, which gives 20.0 %.",
            id="the teacher guesses",
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_a_student(
    untrained: Difference, control: Difference, seeds: int, trained: float, teacher: float, learns: bool, sentence: str
) -> None:
    learned = make_learned(untrained, control, seeds, trained, teacher)
    assert sentence in describe_learning(learned).replace("\xa0", " ")
    assert has_learned(learned) is learns


def test_nothing_is_said_of_guessing_where_all_do_more() -> None:
    assert "guessing" not in describe_learning(make_learned(BETTER, BETTER, 3, 0.45, 0.6))
