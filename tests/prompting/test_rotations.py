from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potstill.core.catalogues import Prompt
from potstill.core.letters import LETTERS, letter_choices, original_letter
from potstill.core.params import Prepare
from potstill.core.records import Question, Request
from potstill.prompting.requests import build_requests
from potstill.prompting.rotations import RotationCounts

PROMPT = Prompt(system="{labels}", user="{question}\n{answer_choices}")


def make_questions(number: int, count: int = 5, answer: str = "A") -> list[Question]:
    choices = letter_choices([f"text {place}" for place in range(count)])
    return [
        Question(id=f"{count}-{each}", question="?", choices=choices, answer=answer, concept=None)
        for each in range(number)
    ]


def make_requests(questions: list[Question], **prepare: object) -> list[Request]:
    section = Prepare.model_validate({"rotations": "all", "replicates": 1, "splits": ["train"]} | prepare)
    return list(build_requests(questions, PROMPT, None, RotationCounts(section, questions), 1))


def list_rotated(questions: list[Question], **prepare: object) -> list[str]:
    return [request.question_id for request in make_requests(questions, **prepare) if request.rotation == 1]


@settings(max_examples=50)
@given(count=st.integers(min_value=2, max_value=26), data=st.data())
def test_under_every_rotation_gold_and_each_letter_lead_back_to_their_texts(count: int, data: st.DataObject) -> None:
    gold = data.draw(st.sampled_from(LETTERS[:count]))
    (question,) = make_questions(1, count, gold)
    original = {choice.text: choice.label for choice in question.choices}
    requests = make_requests([question])
    assert [request.rotation for request in requests] == list(range(count))
    for request in requests:
        back = {choice.label: original_letter(choice.label, request.rotation, count) for choice in request.choices}
        assert back == {choice.label: original[choice.text] for choice in request.choices}
        assert back[request.answer or ""] == gold
    assert {request.answer for request in requests} == set(LETTERS[:count])


def test_a_share_of_the_questions_is_rotated_and_the_others_are_asked_once_as_they_are() -> None:
    questions = make_questions(1000)
    requests = make_requests(questions, pride_share=0.1)
    assert len(requests) == 1400  # 1.4 calls a question
    askings = Counter(request.question_id for request in requests)
    assert Counter(askings.values()) == {5: 100, 1: 900}
    assert list(askings) == [question.id for question in questions]
    assert all(request.rotation == 0 for request in requests if askings[request.question_id] == 1)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0, {}, id="none"),
        pytest.param(0.0001, {2: 1, 4: 1, 5: 1}, id="at least one of each"),
        pytest.param(0.07, {2: 1, 4: 1, 5: 7}, id="rounded up, but not for want of precision"),
        pytest.param(0.5, {2: 1, 4: 4, 5: 50}, id="half"),
        pytest.param(1, {2: 1, 4: 7, 5: 100}, id="all"),
    ],
)
def test_the_share_is_drawn_of_the_questions_with_as_many_choices(share: float, expected: dict[int, int]) -> None:
    questions = [*make_questions(1, 2), *make_questions(7, 4), *make_questions(100, 5)]
    rotated = list_rotated(questions, pride_share=share)
    assert Counter(int(name.partition("-")[0]) for name in rotated) == expected


def test_what_is_drawn_depends_on_the_seed_and_not_on_the_order_and_more_keeps_what_less_drew() -> None:
    questions = make_questions(100)
    drawn = set(list_rotated(questions, pride_share=0.2))
    assert set(list_rotated(questions[::-1], pride_share=0.2)) == drawn
    assert set(list_rotated(questions, pride_share=0.2, rotations=2)) == drawn
    assert set(list_rotated(questions, pride_share=0.2, seed=1)) != drawn
    assert set(list_rotated(questions, pride_share=0.3)) > drawn
