from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from potstill.core.errors import InputError
from potstill.core.intervals import wilson_interval
from potstill.core.letters import letter_choices
from potstill.core.records import DebiasMethod, Request, Response, write_rows
from potstill.reading.debiasing import Debiasing, Prior, PriorEstimator, answer_by_methods
from potstill.reading.exchanges import Exchange, JudgedExchange
from potstill.reading.judging import JudgedQuestion, judge_exchange, judge_question
from potstill.reading.planning import plan_debiasing
from tests.judged import judge, make_request, make_response
from tests.preferring import OUTSIDE, PreferringTeacher, ask

PRIOR = [0.12, 0.18, 0.35, 0.2, 0.15]
QUESTIONS, SIZE = 400, len(PRIOR)
TEACHER = PreferringTeacher(2, PRIOR)
ALL: tuple[DebiasMethod, ...] = ("none", "vote", "average", "pride")


def exchanges_of(requests: Sequence[Request]) -> list[Exchange]:
    return [Exchange(request, TEACHER.respond(request)) for request in requests]


def estimate(questions: Sequence[Sequence[JudgedExchange]]) -> Mapping[int, Prior]:
    estimator = PriorEstimator()
    for exchanges in questions:
        estimator.add(exchanges)
    return estimator.build()


@pytest.fixture(scope="module")
def asked() -> list[list[JudgedExchange]]:
    """Every question under all its rotations, asked of a teacher that is not quite the same in each."""
    noisy = PreferringTeacher(TEACHER.skill, PRIOR, noise=0.3)
    requests = [ask(number, SIZE, SIZE) for number in range(QUESTIONS)]
    return [[judge_exchange(Exchange(one, noisy.respond(one))) for one in rotated] for rotated in requests]


@pytest.mark.parametrize("share", [1, 0.1], ids=["all rotations of all", "all rotations of a tenth"])
def test_methods_recover_what_a_teacher_knows_behind_its_preference(
    asked: list[list[JudgedExchange]], share: float
) -> None:
    questions = [one if number < share * QUESTIONS else one[:1] for number, one in enumerate(asked)]
    priors = estimate(questions)
    answers = [answer_by_methods(one, Debiasing("pride", ALL, priors)) for one in questions]
    right = {method: sum(one[method].outcome == "correct" for one in answers) for method in ALL}

    golds = [one[0].request.answer or "" for one in asked]
    known = sum(TEACHER.knows(f"q{number}", gold) for number, gold in enumerate(golds))
    low, high = wilson_interval(known, QUESTIONS)
    assert low is not None
    assert high is not None
    unbiased = {method for method in ALL if low <= right[method] / QUESTIONS <= high}
    assert unbiased == ({"vote", "average", "pride"} if share == 1 else {"pride"})
    assert max(abs(priors[SIZE][letter] - prior) for letter, prior in TEACHER.prior.items()) < 0.02
    assert asked[0][0].mass_outside == pytest.approx(OUTSIDE)


def pride(requests: list[Request], prior: dict[str, float]) -> JudgedQuestion:
    return judge_question(None, exchanges_of(requests), None, Debiasing("pride", ALL, {SIZE: prior}))


def test_pride_takes_the_mean_where_all_rotations_were_asked_and_divides_the_prior_out_elsewhere() -> None:
    full, once = ask(7, SIZE, SIZE), ask(7, SIZE, 1)
    likelihoods = TEACHER.likelihoods("q7", once[0].answer or "")
    expected = {letter: one / sum(likelihoods.values()) for letter, one in likelihoods.items()}
    assert pride(once, TEACHER.prior).answer.distribution == pytest.approx(expected, abs=1e-6)
    rotated = pride(full, {})  # no prior is needed
    assert rotated.answer.distribution == rotated.methods["average"].distribution
    shown = [(TEACHER.probabilities(one), one.rotation) for one in full]
    means = [sum(each["ABCDE"[(place - turn) % SIZE]] for each, turn in shown) / SIZE for place in range(SIZE)]
    assert list(rotated.answer.distribution.values()) == pytest.approx(means, abs=1e-6)
    answer = rotated.answer
    assert (answer.confidence, answer.confidence_low) == (max(answer.distribution.values()), None)


def test_a_response_without_a_letter_counts_for_nothing() -> None:
    requests = ask(7, SIZE, 2)
    first, second = exchanges_of(requests)
    cut = msgspec.structs.replace(second.response, status="truncated")
    refused = msgspec.structs.replace(second.response, content="I'm sorry, I cannot answer that.")
    only = judge_question(None, [first], None, Debiasing("average", ALL[:3])).answer.distribution
    for response in (cut, refused):
        exchanges = [first, Exchange(requests[1], response)]
        assert judge_question(None, exchanges, None, Debiasing("average", ALL[:3])).answer.distribution == only
    alone = judge_question(None, [Exchange(requests[1], refused)], None, Debiasing("average", ALL[:3])).answer
    assert (alone.answer, alone.outcome, alone.distribution) == (None, "refused", {})


def test_an_answer_without_probabilities_is_by_vote_and_a_tie_of_probabilities_is_ambiguous() -> None:
    request = ask(7, SIZE, 1)[0]
    exchanges = [Exchange(request, make_response(request, "B"))]
    answer = judge_question(None, exchanges, None, Debiasing("average", ALL[:3])).answer
    assert (answer.answer, answer.confidence, answer.distribution) == ("B", 1, {"B": 1})
    assert (answer.confidence_low, answer.confidence_high) == (0.206549, 1)

    tied = [{"token": "A", "logprob": -1.0, "top_logprobs": [{"token": "B", "logprob": -1.0}]}]
    exchanges = [Exchange(request, make_response(request, "A", logprobs=tied))]
    answer = judge_question(None, exchanges, None, Debiasing("average", ALL[:3])).answer
    assert (answer.answer, answer.outcome, answer.confidence) == (None, "ambiguous", None)


def test_none_takes_the_first_reading_alone() -> None:
    question = judge(0, ["B", "D", "A"], "A")
    assert question.methods["none"].letter == "B"
    assert question.methods["vote"].outcome == "ambiguous"
    unread = judge(0, [None, "D", "C"], "A", text="I'm sorry, I cannot answer that.")
    assert (unread.methods["none"].outcome, unread.methods["vote"].outcome) == ("refused", "correct")


@pytest.mark.parametrize(
    ("letters", "agreement", "flip_rate"),
    [
        pytest.param(["A", "D", "C", "B"], 1, 0, id="one option"),
        pytest.param(["A", "A", "A", "A"], 0.25, 1, id="one letter"),
        pytest.param(["A", "D", "A", None], 0.666667, 0.666667, id="two of three"),
        pytest.param(["A", None, None], None, None, id="one letter read"),
    ],
)
def test_agreement_and_flip_rate(letters: list[str | None], agreement: float | None, flip_rate: float | None) -> None:
    answer = judge(0, letters).answer
    assert (answer.agreement, answer.flip_rate) == (agreement, flip_rate)


def test_replicates_under_one_rotation_are_no_flips() -> None:
    rows = [(make_request(rotation=rotation, replicate=replicate), text) for rotation, replicate, text in REPLICATED]
    answer = judge_question(None, [Exchange(row, make_response(row, text)) for row, text in rows]).answer
    assert (answer.agreement, answer.flip_rate) == (0.75, 0.5)  # A, B under one rotation; A, A under another


REPLICATED = [(0, 0, "A"), (0, 1, "B"), (1, 0, "D"), (1, 1, "D")]


def plan(folder: Path, method: DebiasMethod, rows: list[tuple[Request, Response]], *, asks: bool = True) -> Debiasing:
    requests, responses = folder / "requests.jsonl", folder / "responses.jsonl"
    write_rows(requests, [request for request, _ in rows])
    write_rows(responses, [response for _, response in rows])
    return plan_debiasing(method, [(requests, responses)], None, asks_logprobs=asks)


def test_a_plan_has_the_methods_that_the_responses_allow(tmp_path: Path) -> None:
    once, full = exchanges_of(ask(1, SIZE, 1)), exchanges_of(ask(2, SIZE, SIZE))
    plain = [Exchange(request, make_response(request, "A")) for request in ask(3, SIZE, 2)]
    assert plan(tmp_path, "vote", [*plain]).methods == ALL[:2]
    assert plan(tmp_path, "vote", [*once, *plain]).methods == ALL[:3]
    planned = plan(tmp_path, "pride", [*once, *plain, *full])
    assert planned.methods == ALL
    assert planned.priors[SIZE] == pytest.approx(TEACHER.prior)
    unread = make_request(4)  # of four choices, which need no prior
    assert plan(tmp_path, "pride", [*full, Exchange(unread, make_response(unread, "Hm."))]).methods == ALL


@pytest.mark.parametrize(
    ("method", "rows", "message"),
    [
        pytest.param(
            "average",
            [(request, make_response(request, "A")) for request in ask(1, SIZE, 2)],
            "average expected responses with the logprobs .* extras: {logprobs: true, top_logprobs: 20}, or .* vote",
            id="no logprobs",
        ),
        pytest.param(
            "pride",
            exchanges_of(ask(1, SIZE, SIZE - 1)),
            "pride expected questions of 5 choices .* set prepare.rotations to all, with a prepare.pride_share above 0",
            id="a rotation is missing",
        ),
    ],
)
def test_what_a_method_lacks_is_named(
    tmp_path: Path, method: DebiasMethod, rows: list[tuple[Request, Response]], message: str
) -> None:
    with pytest.raises(InputError, match=f"params.yaml: analyze.debias: {message}"):
        plan(tmp_path, method, rows)


def test_responses_are_not_read_twice_for_a_teacher_that_was_asked_no_logprobs(tmp_path: Path) -> None:
    assert plan(tmp_path, "vote", exchanges_of(ask(2, SIZE, SIZE)), asks=False).methods == ALL[:2]


def test_a_prior_is_estimated_for_each_number_of_choices() -> None:
    small = PreferringTeacher(1, [0.7, 0.3])
    choices = letter_choices(["yes", "no"])
    requests = [msgspec.structs.replace(request, choices=choices) for request in ask(1, 2, 2)]
    exchanges = [exchanges_of(ask(2, SIZE, SIZE)), [Exchange(one, small.respond(one)) for one in requests]]
    priors = estimate([[judge_exchange(one) for one in group] for group in exchanges])
    assert priors == {2: pytest.approx(small.prior), SIZE: pytest.approx(TEACHER.prior)}
