from math import log
from typing import Any

import pytest

from potstill.reading.letter_probabilities import LEAST, read_probabilities


def token(text: str, probability: float = 0.5, **others: float) -> dict[str, Any]:
    """A token with those that might have stood in its place; their keys are texts, "_" for a blank."""
    top = [{"token": name.replace("_", " "), "logprob": log(one)} for name, one in others.items()]
    return {"token": text, "logprob": log(probability), "top_logprobs": top}


def read(content: str, letter: str, *tokens: dict[str, Any], at: str | None = None) -> dict[str, float] | None:
    start = content.rindex(at or letter)
    found = read_probabilities(tokens, content, (start, start + len(at or letter)), letter, "ABC")
    return found and {name: round(one, 6) for name, one in found.letters.items()}


HALF = {"A": 0.2, "B": 0.5, "C": 0.3}
B = token("B", 0.5, B=0.5, A=0.2, C=0.3)


@pytest.mark.parametrize(
    ("content", "tokens", "at"),
    [
        pytest.param("B", [B], None, id="the letter alone"),
        pytest.param("B. plum", [token(" B.", 0.5, A=0.1, _A=0.1, C=0.3), token(" plum")], "B. plum", id="spellings"),
        pytest.param("A pear? No: B", [token("A", 0.9, B=0.1), token(" pear? No: "), B], None, id="after an article"),
        pytest.param("B", [token("<think>A or B?</think>\n"), B, token("<|END|>")], None, id="after thoughts"),
        pytest.param(
            "pêar: (B)", [token("pêar:"), token(" (B", 0.5, A=0.2, C=0.3), token(")")], None, id="letters of two bytes"
        ),
        pytest.param(
            "☂ B",
            [
                {"token": "\ufffd", "bytes": [0xE2, 0x98], "logprob": 0},
                {"token": "\ufffd", "bytes": [0x82, 0x20], "logprob": 0},
                {**B, "bytes": [66]},
            ],
            None,
            id="a character in two tokens",
        ),
    ],
)
def test_probabilities_are_those_of_the_token_in_which_the_letter_was_read(
    content: str, tokens: list[dict[str, Any]], at: str | None
) -> None:
    assert read(content, "B", *tokens, at=at) == HALF


@pytest.mark.parametrize(
    ("content", "tokens", "at"),
    [
        pytest.param("plum", [token("pl", 0.9, B=0.1), token("um")], "plum", id="an option's text"),
        pytest.param("Bob said B", [token("B", 0.9, A=0.1), token("ob said "), token("By")], None, id="another token"),
        pytest.param("B", [token("C", 0.9, B=0.1)], None, id="tokens of another text"),
        pytest.param("B", [{"token": "B"}], None, id="no logprob"),
        pytest.param("B", [{"token": None, "bytes": "B", "logprob": 0}], None, id="no tokens"),
    ],
)
def test_there_are_none_where_the_letter_has_no_token(
    content: str, tokens: list[dict[str, Any]], at: str | None
) -> None:
    assert read(content, "B", *tokens, at=at) is None


def test_a_letter_that_is_not_listed_is_bounded_by_the_least_listed_and_by_what_is_left() -> None:
    # 0.3 is left for A and C, but no more than 0.1 for each
    assert read("B", "B", token("B", 0.6, The=0.1)) == {"A": 0.125, "B": 0.75, "C": 0.125}
    # 0.1 is left for both
    assert read("B", "B", token("B", 0.9)) == {"A": 0.05, "B": 0.9, "C": 0.05}
    # nothing is left, and OpenAI lists what is very unlikely with -9999
    unlikely = {**token("B", 1), "top_logprobs": [{"token": "A", "logprob": -9999.0}]}
    found = read_probabilities([unlikely], "B", (0, 1), "B", "ABC")
    assert found
    assert found.letters == {"A": pytest.approx(LEAST), "B": pytest.approx(1), "C": pytest.approx(LEAST)}


def test_the_mass_outside_the_letters_shown_is_kept() -> None:
    found = read_probabilities([token("B", 0.5, A=0.2, C=0.1, D=0.1, b=0.1)], "B", (0, 1), "B", "ABC")
    assert found
    assert found.outside == pytest.approx(0.2)
