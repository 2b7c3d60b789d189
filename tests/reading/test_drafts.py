"""Drafts: a traced draft reads as a plain one does, and knows where in the raw text its characters came from."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill.reading.drafts import Draft, TracedDraft
from potstill.reading.languages import put_into_english
from potstill.reading.undressing import undress_turn_of

PIECES = st.sampled_from(
    [
        *"AB \n.*_$`\"'()[]{}<>|#~\\",
        *[
            "\\boxed{B}",
            '{"answer": "B"}',
            "<think>",
            "</think>",
            "<answer>",
            "**",
            "```",
            "\u2705",
            "\u274c",
            "\uff22",
        ],
        *[
            "e\u0301",
            "\u1100\u1161",
            "\uff76\uff9e",
            "\u3131",
            "\u0915\u093c",
            "\u7b54\u6848",
            "\u3002",
            "\u200b",
            "\r\n",
        ],
        *["\nQuestion: ", "<|im_end|>", "Assistant: ", "\U0001f171", "\ud800", "\x00"],
    ]
)
ANSWERLIKE = st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join))


@given(ANSWERLIKE)
def test_a_traced_draft_is_undressed_as_a_plain_one(text: str) -> None:
    plain, traced = Draft(text), TracedDraft(text)
    undress_turn_of(plain)
    undress_turn_of(traced)
    assert traced.text == plain.text
    assert len(traced.places) == len(traced.text)


@given(ANSWERLIKE, st.sampled_from(["Chinese", "French", "Korean"]))
def test_a_traced_draft_is_put_into_english_as_a_plain_one(text: str, language: str) -> None:
    plain, traced = Draft(text), TracedDraft(text)
    put_into_english(plain, language)
    put_into_english(traced, language)
    assert traced.text == plain.text
    assert len(traced.places) == len(traced.text)


@pytest.mark.parametrize(
    ("pattern", "plain", "part"),
    [
        pytest.param(r"\[(\w)\]", r"Answer: \1", "B", id="a group keeps its place"),
        pytest.param(r"\[\w\]", "B", "[B]", id="what is new stands for what it replaces"),
        pytest.param(r"\[|\]", "", "B", id="what is dropped leaves the rest in its place"),
    ],
)
def test_replacing_keeps_places(pattern: str, plain: str, part: str) -> None:
    raw = "It is [B] here"
    draft = TracedDraft(raw)
    draft.replace(re.compile(pattern), plain)
    place = draft.text.index("B")
    assert raw[slice(*draft.raw_span(place, place + 1))] == part
