import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill.core.catalogues import Teacher
from potstill.core.records import Chat, Message
from potstill.teacher.api.options import build_response_format
from potstill.teacher.store.keys import Keys

TEACHER = Teacher(provider="azure", model="gpt-4o", temperature=0.7, top_p=0.9, seed=1)
BUNDLED_KEY = "d2d1bee50feccfa8105d61f908942c1f4aa13d080bd78e43e817981fa84cdd2f"  # of the model m
MESSAGES = [Message(role="system", content="Reply with one letter."), Message(role="user", content="Why?")]


def changed(**values: object) -> Teacher:
    return Teacher.model_validate(TEACHER.model_dump() | values)


@pytest.mark.parametrize(
    ("teacher", "messages", "replicate"),
    [
        pytest.param(changed(model="gpt-4o-mini"), MESSAGES, 0, id="model"),
        pytest.param(changed(provider="local"), MESSAGES, 0, id="provider"),
        pytest.param(changed(temperature=0.8), MESSAGES, 0, id="temperature"),
        pytest.param(changed(temperature=None), MESSAGES, 0, id="no temperature"),
        pytest.param(changed(top_p=None), MESSAGES, 0, id="top_p"),
        pytest.param(changed(seed=2), MESSAGES, 0, id="seed"),
        pytest.param(changed(extras={"logprobs": True}), MESSAGES, 0, id="extras"),
        pytest.param(TEACHER, MESSAGES, 1, id="replicate"),
        pytest.param(TEACHER, MESSAGES[1:], 0, id="fewer messages"),
        pytest.param(TEACHER, MESSAGES[::-1], 0, id="order of messages"),
        pytest.param(TEACHER, [MESSAGES[0], Message(role="user", content="Why? ")], 0, id="a space"),
        pytest.param(TEACHER, [MESSAGES[0], Message(role="assistant", content="Why?")], 0, id="role"),
    ],
)
def test_the_key_differs_with_all_that_decides_an_answer(
    teacher: Teacher, messages: list[Message], replicate: int
) -> None:
    assert Keys(teacher).key(Chat(messages), replicate) != Keys(TEACHER).key(Chat(MESSAGES), 0)


@pytest.mark.parametrize(
    "teacher",
    [
        pytest.param(changed(max_tokens=17), id="max_tokens"),
        pytest.param(changed(credentials="GPT4O"), id="credentials"),
    ],
)
def test_the_key_does_not_differ_with_what_decides_no_answer(teacher: Teacher) -> None:
    assert Keys(teacher).key(Chat(MESSAGES), 0) == Keys(TEACHER).key(Chat(MESSAGES), 0)


def test_temperature_0_has_one_key_however_it_is_written_and_none_another() -> None:
    keys = {
        written: Keys(Teacher(provider="azure", model="m", **options)).key(Chat(MESSAGES), 0)
        for written, options in {"left out": {}, "0": {"temperature": 0}, "0.0": {"temperature": 0.0}}.items()
    }

    assert len(set(keys.values())) == 1
    assert Keys(Teacher(provider="azure", model="m", temperature=None)).key(Chat(MESSAGES), 0) not in keys.values()


@given(
    texts=st.lists(st.text(st.characters(exclude_categories=[])), max_size=3),
    extras=st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(), max_size=3),
    replicate=st.integers(0, 9),
)
def test_the_key_is_the_hash_of_sorted_json_whatever_the_texts(
    texts: list[str], extras: dict[str, Any], replicate: int
) -> None:
    decisive = {"provider": "azure", "model": "gpt-4o", "temperature": 0.7, "top_p": 0.9, "seed": 1}
    decisive |= {"messages": [["user", text] for text in texts], "replicate": replicate}
    decisive |= {"extras": extras} if extras else {}
    messages = [Message(role="user", content=text) for text in texts]
    key = Keys(TEACHER.model_copy(update={"extras": extras})).key(Chat(messages), replicate)
    assert key == hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def test_a_structured_answer_has_a_key_of_its_own_for_each_set_of_letters() -> None:
    keys = [Keys(TEACHER).key(Chat(MESSAGES, letters), 0) for letters in (None, "AB", "ABC")]
    decisive = {"provider": "azure", "model": "gpt-4o", "temperature": 0.7, "top_p": 0.9, "seed": 1, "replicate": 0}
    decisive |= {"messages": [[message.role, message.content] for message in MESSAGES]}
    decisive |= {"response_format": build_response_format("AB")}

    assert len(set(keys)) == len(keys)
    assert keys[1] == hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def test_a_reasoning_effort_has_the_key_that_it_had_among_the_extras() -> None:
    before, after = changed(extras={"reasoning_effort": "low"}), changed(reasoning_effort="low")

    assert Keys(after).key(Chat(MESSAGES), 0) == Keys(before).key(Chat(MESSAGES), 0)
    assert Keys(after).key(Chat(MESSAGES), 0) != Keys(TEACHER).key(Chat(MESSAGES), 0)


def test_two_weights_of_one_name_have_keys_of_their_own_and_the_bundled_ones_keep_theirs() -> None:
    bundled = Teacher(provider="local", model="m")
    weights = [Teacher(provider="local", model="m", weights="w.gguf", sha256=digit * 64) for digit in "ab"]
    moved = weights[0].model_copy(update={"weights": "elsewhere.gguf"})
    first, second, elsewhere = (Keys(teacher).key(Chat(MESSAGES), 0) for teacher in (*weights, moved))

    assert Keys(bundled).key(Chat(MESSAGES), 0) == BUNDLED_KEY
    assert len({BUNDLED_KEY, first, second}) == 3
    assert elsewhere == first


def test_the_key_stays_the_same_between_versions() -> None:
    """Another key for the same question would buy every answer of every user once more."""
    key = "24f383d3f29224b492e9a61978b206d82fd58bf947d6d2194c93199211e05d5d"

    assert Keys(TEACHER).key(Chat(MESSAGES), 0) == key
