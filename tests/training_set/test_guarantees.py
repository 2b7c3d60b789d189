"""What is never exported, however it came about."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from potstill.core.letters import letter_choices
from potstill.core.params import Export, Target
from potstill.core.records import Message
from potstill.training_set.building import Example, ExampleBuilder
from potstill.training_set.guarantees import check_example
from stages.export import main
from tests.training_set.splits import OPTIONS, PROMPT, Reply, ask, make_question, write_inputs

if TYPE_CHECKING:
    from tests.conftest import Workspace

KEY = "not-a-secret-but-long"
MESSAGES = [Message(role="system", content="One letter."), Message(role="user", content="Where?")]
EXAMPLE = Example(
    id="q0",
    messages=MESSAGES,
    choices=letter_choices(OPTIONS),
    target="B",
    letter="B",
    gold="A",
    outcome="wrong",
    confidence=1.0,
    distribution=[0.0, 1.0, 0.0],
    tokens=9,
)
USER, ASSISTANT, SYSTEM = (Message(role=role, content="Hello.") for role in ("user", "assistant", "system"))
MUTATIONS: dict[str, tuple[dict[str, Any], Target, str]] = {
    "unread": ({"outcome": "refused"}, "letter", "expected an answer that was read, got outcome refused"),
    "letter": ({"letter": "D", "target": "D"}, "letter", "expected the letter of one of its choices, got 'D'"),
    "another letter": ({"target": "C"}, "letter", "expected a text that names B, got 'C'"),
    "option": ({"target": "A. bank"}, "letter_and_text", "expected a text that names B, got 'A. bank'"),
    "reasoned": ({"target": "So.\nAnswer: A"}, "reasoning_and_letter", "expected a text that names B, got"),
    "empty": ({"target": " \n"}, "verbatim", "expected text to learn, got none"),
    "error": ({"target": "Error: 429"}, "verbatim", "expected an answer, got the text of an error, 'Error: 429'"),
    "exception": ({"target": "TimeoutError: no B"}, "verbatim", "expected an answer, got the text of an error,"),
    "think": ({"target": "<think>B?</think>B"}, "verbatim", "expected an answer without marks of reasoning"),
    "our key": ({"target": f"B {KEY}"}, "verbatim", "expected no credential, got a text with one (not shown"),
    "a key": ({"target": "B sk-" + "x" * 30}, "verbatim", "expected no credential, got a text with one (not"),
    "surrogate": ({"target": "B \ud83d"}, "verbatim", "expected valid Unicode, got '\\ud83d'"),
    "end": ({"messages": [USER, ASSISTANT]}, "letter", "in turn, after a system's if any, got user, assistant"),
    "two users": ({"messages": [USER, USER]}, "letter", "in turn, after a system's if any, got user, user"),
    "late": ({"messages": [USER, SYSTEM, USER]}, "letter", "in turn, after a system's if any, got user, system"),
    "no message": ({"messages": []}, "letter", "expected a user's and an assistant's messages in turn"),
    "blank": ({"messages": [Message(role="user", content="")]}, "letter", "expected messages with text, got an"),
    "long": ({"tokens": 101}, "letter", "expected 100 tokens at most (export.max_tokens), got 101"),
    "same pair": ({"rejected": "B"}, "letter", "expected a rejected text that differs from the chosen one"),
    "bad pair": ({"rejected": "Error: A"}, "letter", "expected an answer, got the text of an error"),
}


@pytest.mark.parametrize(("mutation", "target", "message"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_row_that_must_not_be_exported_is_refused(mutation: dict[str, Any], target: Target, message: str) -> None:
    check_example(EXAMPLE, "letter", 100, [KEY])
    with pytest.raises(ValueError, match=r"^expected ") as caught:
        check_example(replace(EXAMPLE, **mutation), target, 100, [KEY])
    assert message in str(caught.value)
    assert KEY not in str(caught.value)


def test_the_run_stops_at_such_a_row_names_it_and_does_not_show_the_key(
    workspace: "Workspace", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEACHER_MODEL_KEY", "")  # so that what .env sets during the test goes away after it
    monkeypatch.delenv("TEACHER_MODEL_KEY")
    workspace.write(".env", f"TEACHER_MODEL_KEY={KEY}\n")
    write_inputs(workspace, train=[ask(make_question(0), [f"The answer is B. {KEY}"])])
    refused = workspace.refuse(main)
    assert refused.startswith(
        "data/responses/train.jsonl: question 'q0': expected no credential, got a text with one (not shown here); "
        "nothing was exported: take the question out of the source"
    )
    assert not list((workspace.folder / "data").glob("export*"))
    write_inputs(workspace, train=[ask(make_question(number), ["B"]) for number in (0, 1, 0)])
    workspace.edit(export={"deduplicate": False})
    assert "question 'q0': expected each id once, got it twice" in workspace.refuse(main)


TEXTS: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(["A", "B.", "The answer is C.", "C. park", "Error: 429", "<think>A</think> B", "", "A or B", "{}"]),
    st.text(max_size=30),
)
REPLIES: st.SearchStrategy[Reply] = st.one_of(
    TEXTS,
    st.fixed_dictionaries({"content": TEXTS, "reasoning": TEXTS}),
    st.fixed_dictionaries({"status": st.sampled_from(["truncated", "filtered", "failed"]), "content": st.none()}),
)
PLACES = st.tuples(st.integers(0, 2), st.integers(0, 1))


@given(
    replies=st.dictionaries(PLACES, REPLIES, max_size=5),
    first=REPLIES,
    gold=st.sampled_from(["A", "B", "C", None]),
    target=st.sampled_from(["letter", "letter_and_text", "reasoning_and_letter", "verbatim"]),
    augment=st.sampled_from(["canonical", "all_rotations"]),
    include_system=st.booleans(),
)
def test_whatever_was_answered_each_example_means_the_answer_or_is_refused(
    replies: dict[tuple[int, int], Reply],
    first: Reply,
    gold: str | None,
    target: Target,
    augment: Any,
    include_system: bool,
) -> None:
    export = Export(formats=["messages"], keep="read", target=target, augment=augment, include_system=include_system)
    judged = ask(make_question(0, gold), dict(sorted({**replies, (0, 0): first}.items())))
    builder = ExampleBuilder(export, PROMPT, target, "train")
    option = dict(zip("ABC", OPTIONS, strict=True))
    for make, means in ((builder.build, judged.answer.answer), (builder.build_pairs, gold)):
        for example in make(judged.answer, judged.exchanges):
            shown = {choice.label: choice.text for choice in example.choices}
            assert shown[example.letter] == option[means or ""]
            assert example.gold is None or shown[example.gold] == option[gold or ""]
            assert f"{example.letter}. {shown[example.letter]}" in example.messages[-1].content.splitlines()
            assert find_fault(lambda one=example: check_example(one, target, None, [])) in {None, "text"}


def find_fault(check: Callable[[], None]) -> str | None:
    """Return None if a check passes, "text" if it refuses words that a teacher can have said, else its message."""
    try:
        check()
    except ValueError as error:
        message = str(error)
        return "text" if "text of an error" in message or "marks of reasoning" in message else message
    return None
