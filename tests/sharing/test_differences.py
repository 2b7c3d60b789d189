"""Differences between params, as phrases."""

import pytest

from potstill.sharing.differences import list_differences

PROMPT = "You answer multiple-choice questions. Reply with one letter only, {labels}. Do not explain it."


@pytest.mark.parametrize(
    ("old", "new", "phrases"),
    [
        pytest.param(64, 32, ["a 64 → 32"], id="numbers"),
        pytest.param(64, 64, [], id="the same"),
        pytest.param(None, 5, ["a nothing → 5"], id="new"),
        pytest.param({"x": 1}, {"z": 1}, ["a.x 1 → nothing", "a.z nothing → 1"], id="renamed"),
        pytest.param({"x": {"y": [1]}}, {"x": {"y": [1, 2]}}, ["a.x.y [1] → [1, 2]"], id="lists"),
        pytest.param("one\nline", "one line", ["a one line → one line"], id="white space alone"),
        pytest.param(
            PROMPT,
            PROMPT.replace("letter only", "letter"),
            ["a …h one letter only, {labels}. Do not expl… → …h one letter, {labels}. Do not explain i…"],
            id="long texts, from a little before they differ",
        ),
    ],
)
def test_each_value_that_differs_gets_a_phrase(old: object, new: object, phrases: list[str]) -> None:
    assert list(list_differences("a", old, new)) == phrases
