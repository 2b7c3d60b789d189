"""Undressing: what is dress comes off, what is said stays."""

import pytest

from potstill.reading.undressing import bare, undress, undress_turn

UNDRESSED = [
    pytest.param("$B$", "B", id="dollars around a letter"),
    pytest.param("$(B)$ bank", "(B) bank", id="dollars around brackets"),
    pytest.param("It costs $5 or $6.", "It costs $5 or $6.", id="two prices"),
    pytest.param("$5$", "5", id="dollars around a number"),
    pytest.param(f"$B {'x' * 78}$", f"B {'x' * 78}", id="longest between dollars"),
    pytest.param(f"$B {'x' * 80}$", f"$B {'x' * 80}$", id="too long between dollars"),
    pytest.param(r"\boxed{\text{B}}", "Answer: B", id="boxed"),
    pytest.param('{"answer": "B"}', '{\nAnswer: "B"\n}', id="json"),
    pytest.param('{"finalAnswer": "B"}', '{\nAnswer: "B"\n}', id="json, camel case"),
    pytest.param('{"second_choice": "D"}', '{"second_choice": "D"}', id="json, other key"),
    pytest.param('[{"label": "A"}, {"label": "B"}]', "[]", id="json, list of options"),
    pytest.param("<answer>B</answer>", "Answer: B", id="tag"),
    pytest.param("B <second_choice>D</second_choice>", "B", id="other tag"),
    pytest.param("snake_case and __bold__", "snake_case and bold", id="underscores"),
    pytest.param("<think>A?</think>\n\nB", "B", id="thinking"),
]


@pytest.mark.parametrize(("text", "plain"), UNDRESSED)
def test_takes_off_dress_and_leaves_what_is_said(text: str, plain: str) -> None:
    assert undress(text) == plain


def test_cuts_off_the_next_turn() -> None:
    assert undress_turn("**B**\n\nQuestion: What else?\nA") == "B"


@pytest.mark.parametrize("text", ["bank", "The bank.", "a bank", "'Bank'"])
def test_bare_texts_compare_equal(text: str) -> None:
    assert bare(text) == "bank"
