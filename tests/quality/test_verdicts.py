import pytest

from potstill.quality.frames import Frames
from potstill.quality.significance import list_tests
from potstill.quality.statistics import split_metrics
from potstill.quality.verdicts import describe_verdict
from potstill.reading.debiasing import Debiasing
from potstill.reading.exchanges import Exchange
from potstill.reading.judging import judge_question
from tests.judged import frames_of, judge, make_request, make_response

Rows = list[tuple[str | None, str | None]]


def verdict_on(rows: Rows) -> str:
    """The verdict on (gold, answer) rows, one question each."""
    return verdict_of(frames_of(train=[judge(number, [answer], gold) for number, (gold, answer) in enumerate(rows)]))


def verdict_of(frames: Frames) -> str:
    numbers, tests = split_metrics(*frames.of_split("train")), list_tests(frames.splits)
    verdict = describe_verdict("smollm2", "train", numbers, frames, tests)
    return verdict.replace("\xa0", " ").replace("\N{EN DASH}", "-")


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        pytest.param(
            [("A", "C")] * 6 + [("C", "C")] * 2,
            "smollm2 is no better than chance: it answers 25 % of the 8 train questions rightly (95 % interval "
            "7-59 %), and guessing would give 25 %. It answers C in 100 % of rows; gold is C in 25 %.",
            id="no better than guessing",
        ),
        pytest.param(
            [("A", "A")] * 20,
            "smollm2 is better than chance: it answers 100 % of the 20 train questions rightly (95 % interval "
            "84-100 %), and guessing would give 25 %. It answers A in 100 % of rows; gold is A in 100 %.",
            id="better",
        ),
        pytest.param(
            [("A", "B")] * 30 + [("A", None)] * 10,
            "smollm2 is worse than chance: it answers 0 % of the 40 train questions rightly (95 % interval 0-9 "
            "%), and guessing would give 25 %. It answers B in 75 % of rows (100 % of the letters read); gold "
            "is B in 0 %. In 10 of 40 rows no letter could be read.",
            id="worse, and unread rows",
        ),
        pytest.param(
            [(None, "B"), (None, "B"), (None, "A")],
            "smollm2 cannot be judged on 3 train questions without a gold answer. It answers B in 67 % of rows.",
            id="no gold",
        ),
        pytest.param(
            [("A", "A"), (None, "B"), (None, "B")],
            "smollm2 is no better than chance: it answers 100 % of the 1 train question with a gold answer "
            "rightly (95 % interval 21-100 %), and guessing would give 25 %. It answers B in 67 % of rows; gold "
            "is B in 0 %.",
            id="gold in part",
        ),
        pytest.param(
            [("A", "B"), ("B", "D"), ("D", "D"), ("A", "B")],
            "smollm2 is no better than chance: it answers 25 % of the 4 train questions rightly (95 % interval "
            "5-70 %), and guessing would give 25 %. It answers B and D in 50 % of rows each; gold is B in 25 % "
            "and D in 25 %.",
            id="two favourites",
        ),
        pytest.param(
            [(None, "C"), (None, "B"), (None, "A"), (None, None)],
            "smollm2 cannot be judged on 4 train questions without a gold answer. It answers A, B and C in 25 % of "
            "rows each (33 % of the letters read). In 1 of 4 rows no letter could be read.",
            id="three favourites and no gold",
        ),
        pytest.param(
            [("A", None)],
            "smollm2 is no better than chance: it answers 0 % of the 1 train question rightly (95 % interval 0-79"
            " %), and guessing would give 25 %. Of 1 row, none has a letter that could be read.",
            id="nothing read",
        ),
        pytest.param(
            [("A", "A")] * 500 + [("B", "B")] * 394 + [("B", "A")] * 106 + [("C", "A")] * 3,
            "smollm2 is better than chance: it answers 89.1 % of the 1,003 train questions rightly (95 % interval "
            "87.1-90.9 %), and guessing would give 25.0 %. It answers A in 60.7 % of rows; gold is A in 49.9 %. It is "
            "biased by position: it recalls gold A in 100 % and B in 79 % of rows (adjusted p < 0.001).",
            id="biased by position, and decimals",
        ),
        pytest.param([], "There are no train questions.", id="no questions"),
    ],
)
def test_verdict_in_words(rows: Rows, verdict: str) -> None:
    assert verdict_on(rows) == verdict


def test_verdict_says_how_many_votes_are_tied() -> None:
    frames = frames_of(train=[judge(0, "AA"), judge(1, "AD"), judge(2, "AD")])
    assert "In 1 of 3 questions the vote is tied." in verdict_of(frames)


def test_a_first_reading_that_is_ambiguous_is_no_tied_vote() -> None:
    requests = [make_request(0, gold, rotation) for rotation, gold in enumerate("ADC")]
    texts = zip(requests, ("A or B", "A", "A"), strict=True)
    exchanges = [Exchange(request, make_response(request, text)) for request, text in texts]
    frames = frames_of(train=[judge_question(None, exchanges, None, Debiasing("none"))])
    assert frames.questions["outcome"].tolist() == ["ambiguous"]
    assert "tied" not in verdict_of(frames)


def test_a_bias_is_told_between_two_letters() -> None:
    verdict = verdict_on([("A", "A")] * 100 + [("B", "A")] * 9)  # too few for a share, but there is no other
    assert "it recalls gold A in 100 % and B in 0 % of rows (adjusted p < 0.001)" in verdict


def test_verdict_says_how_often_a_rotation_changes_the_answer() -> None:
    frames = frames_of(train=[judge(0, "AA"), judge(1, "AD"), judge(2, "A")])
    flips = "Two rotations of a question mean different options in 50 % of pairs (flip rate)."
    assert verdict_of(frames).endswith(flips)
    assert "flip rate" not in verdict_of(frames_of(train=[judge(2, "A")]))


def test_a_guesser_asked_twice_is_distinguished_from_one_that_is_worse_than_chance() -> None:
    # two random letters of four agree on gold in one of sixteen questions; here in one of sixteen they do
    frames = frames_of(train=[judge(n, ["A", "D" if n % 16 == 0 else "A"]) for n in range(64)])
    verdict = verdict_of(frames)
    assert verdict.startswith("smollm2 is no better than chance: it answers 6 % of the 64 train questions rightly")
    assert "guessing would give 6 %, since a tied vote counts as no answer" in verdict
