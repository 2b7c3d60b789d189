import json

import pytest

from potstill.core.errors import RejectedError, TransientError
from potstill.core.records import Response, Usage
from potstill.teacher.api.completions import parse_body, read_completion
from potstill.teacher.api.replies import Reply
from tests.servers.teacher import MODEL, changed, changed_choice, completion

LOGPROBS = [{"token": "A", "logprob": -0.25, "bytes": [65], "top_logprobs": [{"token": "A", "logprob": -0.25}]}]
DETAILS = [
    {"type": "reasoning.summary", "summary": "Cats "},
    {"type": "reasoning.encrypted", "data": "c2VjcmV0"},
    {"type": "reasoning.text", "text": "purr."},
]
SPOILT_LOGPROBS = [{"token": "\ud83d", "logprob": -1.0}]


def read(body: object) -> Reply:
    """Read a body in the form that it comes in."""
    return read_completion(parse_body(json.dumps(body).encode()))


def read_error(body: object) -> Exception:
    """Return the error that is made of a body."""
    with pytest.raises((RejectedError, TransientError)) as raised:
        read(body)
    return raised.value


def test_an_answer_is_read_whole() -> None:
    body = completion("The answer is (C).")

    assert read(body) == Reply(
        status="answered",
        content="The answer is (C).",
        reasoning=None,
        finish_reason="stop",
        model=MODEL,
        usage=Usage(prompt_tokens=11, completion_tokens=3),
        logprobs=None,
    )


@pytest.mark.parametrize(
    ("finish_reason", "status"),
    [
        ("stop", "answered"),
        ("length", "truncated"),
        ("content_filter", "filtered"),
        ("max_tokens", "truncated"),
        ("eos", "answered"),
        (None, "answered"),
    ],
)
def test_the_finish_reason_decides_the_status(finish_reason: str | None, status: str) -> None:
    reply = read(completion(None, finish_reason))

    assert (reply.status, reply.finish_reason) == (status, finish_reason)


@pytest.mark.parametrize(
    ("body", "content", "reasoning"),
    [
        pytest.param(completion("<think>Cats purr.</think>\n\nB"), "B", "Cats purr.", id="think"),
        pytest.param(completion("\n<think>\nCats\npurr.\n</think>B"), "B", "Cats\npurr.", id="think over lines"),
        pytest.param(completion("<think>Cats pu", "length"), "", "Cats pu", id="think cut off"),
        pytest.param(completion("B", reasoning_content="Cats purr."), "B", "Cats purr.", id="reasoning_content"),
        pytest.param(completion(None, "length", reasoning_content="Cats"), "", "Cats", id="reasoning_content alone"),
        pytest.param(completion("B", reasoning="Cats purr."), "B", "Cats purr.", id="reasoning"),
        pytest.param(completion("B", thinking="Cats purr."), "B", "Cats purr.", id="thinking"),
        pytest.param(completion("B", reasoning="", thinking="Cats purr."), "B", "Cats purr.", id="an empty one first"),
        pytest.param(completion("B", reasoning_details=DETAILS), "B", "Cats purr.", id="reasoning_details"),
        pytest.param(completion("Cats purr.\n</think>\n\nB"), "B", "Cats purr.", id="opening tag left out"),
        pytest.param(completion("B, not <think>A</think>"), "B, not <think>A</think>", None, id="think in the answer"),
    ],
)
def test_reasoning_stands_apart_from_the_answer(body: object, content: str, reasoning: str | None) -> None:
    reply = read(body)

    assert (reply.content, reply.reasoning) == (content, reasoning)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param({"content": LOGPROBS}, LOGPROBS, id="some"),
        pytest.param({"content": []}, [], id="empty"),
        pytest.param({"content": None}, None, id="content null"),
        pytest.param(None, None, id="null"),
    ],
)
def test_logprobs_are_kept(sent: object, kept: object) -> None:
    body = changed_choice(logprobs=sent)

    assert read(body).logprobs == kept


@pytest.mark.parametrize(
    ("body", "field", "kept"),
    [
        pytest.param(completion("A\ud83dB\udc00"), "content", "A\ufffdB\ufffd", id="content"),
        pytest.param(completion("<think>\ud83d</think>A"), "reasoning", "\ufffd", id="think"),
        pytest.param(completion("A", reasoning_content="x\udc00"), "reasoning", "x\ufffd", id="reasoning_content"),
        pytest.param(
            changed_choice(logprobs={"content": SPOILT_LOGPROBS}),
            "logprobs",
            [{"token": "\ufffd", "logprob": -1.0}],
            id="logprobs",
        ),
        pytest.param(completion("\N{GRINNING FACE}"), "content", "\N{GRINNING FACE}", id="whole emoji stays"),
        pytest.param(completion("A\0B"), "content", "A\0B", id="NUL stays"),
    ],
)
def test_half_a_character_is_replaced(body: object, field: str, kept: object) -> None:
    assert getattr(read(body), field) == kept


def test_half_a_character_in_raw_bytes_is_replaced_and_not_asked_again() -> None:
    raw = json.dumps(completion("A\ud83d"), ensure_ascii=False).encode(errors="surrogatepass")

    assert read_completion(parse_body(raw)).content == "A\ufffd"


@pytest.mark.parametrize("counts", [(11.0, 3.0), ("11", "3")], ids=["floats", "texts"])
def test_tokens_are_counted_in_whatever_form_they_come(counts: tuple[object, object]) -> None:
    usage = dict(zip(("prompt_tokens", "completion_tokens"), counts, strict=True))

    assert read(changed(usage=usage)).usage == Usage(prompt_tokens=11, completion_tokens=3)


@pytest.mark.parametrize(
    ("completion_tokens", "details", "total", "usage"),
    [
        pytest.param(9, {"reasoning_tokens": 8}, 20, Usage(11, 9, 8), id="in the completion"),
        pytest.param(1, {"reasoning_tokens": 8}, 20, Usage(11, 9, 8), id="beside it, as xAI counts"),
        pytest.param(9, {"reasoning_tokens": 0}, 20, Usage(11, 9), id="none"),
        pytest.param(9, {"reasoning_tokens": "many"}, 20, Usage(11, 9), id="no number"),
        pytest.param(9, None, 28, Usage(11, 9), id="a total that nothing explains"),
    ],
)
def test_tokens_of_reasoning_are_counted_among_those_of_the_answer(
    completion_tokens: int, details: object, total: int, usage: Usage
) -> None:
    counted = {"prompt_tokens": 11, "completion_tokens": completion_tokens, "total_tokens": total}

    assert read(changed(usage=counted | {"completion_tokens_details": details})).usage == usage


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(None, id="null"),
        pytest.param({"prompt_tokens": 7}, id="half"),
        pytest.param({"prompt_tokens": None, "completion_tokens": None}, id="tokens null"),
    ],
)
def test_an_answer_that_counts_no_tokens_is_still_an_answer(usage: object) -> None:
    body = changed(usage=usage)

    reply = read(body)

    assert (reply.content, reply.usage) == ("A", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(changed_choice(logprobs=["A"]), "logprobs", id="logprobs a list"),
        pytest.param(changed_choice(logprobs={"content": ["A"]}), "logprobs", id="logprobs of no objects"),
        pytest.param(changed_choice(logprobs={"content": "A"}), "logprobs", id="logprobs a text"),
        pytest.param(changed(model={"a": 1}), "model", id="model an object"),
        pytest.param(changed(usage=[1]), "usage", id="usage a list"),
        pytest.param(changed(usage={"prompt_tokens": 10**30, "completion_tokens": 1}), "usage", id="usage too large"),
        pytest.param(completion("A", reasoning_content=["x"]), "reasoning", id="reasoning a list"),
    ],
)
def test_a_side_field_of_another_shape_costs_no_answer(body: object, field: str) -> None:
    reply = read(body)

    assert (reply.content, getattr(reply, field)) == ("A", None)
    Response(id="r", key="k", **vars(reply))


def test_an_answer_in_parts_is_put_together() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Cats purr. "}]}
    parts = [thinking, {"type": "text", "text": "The answer "}, {"type": "text", "text": "is B."}, {"type": "image"}]
    body = completion(parts)

    reply = read(body)

    assert (reply.content, reply.reasoning) == ("The answer is B.", "Cats purr.")


def test_a_refusal_without_content_is_the_answer() -> None:
    body = completion(None, refusal="I cannot answer that.")

    assert read(body).content == "I cannot answer that."


@pytest.mark.parametrize(
    ("finish_reason", "kind"),
    [
        pytest.param("insufficient_system_resource", TransientError, id="broken off: asked again"),
        pytest.param("tool_calls", RejectedError, id="unknown: not bought again and again"),
    ],
)
def test_an_answer_that_may_not_be_whole_is_an_error(finish_reason: str, kind: type[Exception]) -> None:
    error = read_error(completion("The answer is", finish_reason))

    assert type(error) is kind
    assert finish_reason in str(error)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="list"),
        pytest.param(changed(choices={"0": "A"}), id="choices no list"),
        pytest.param(changed(choices=[None]), id="choice null"),
        pytest.param(changed(choices=[{}]), id="message missing"),
        pytest.param(changed_choice(message=None), id="message null"),
        pytest.param(changed_choice(message={"content": 5}), id="content a number"),
        pytest.param(changed_choice(message={"content": ["A"]}), id="content a list of no parts"),
    ],
)
def test_a_body_that_is_no_completion_is_a_failed_attempt(body: object) -> None:
    error = read_error(body)

    assert type(error) is TransientError
    assert str(error).startswith("the server's answer ")


@pytest.mark.parametrize("choices", [[], None], ids=["empty", "null"])
def test_a_body_without_choices_is_a_failed_attempt(choices: object) -> None:
    error = read_error(changed(choices=choices))

    assert (type(error), str(error)) == (TransientError, "the server's answer holds no choices")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"choices": "\xff"}', id="no UTF-8"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
        pytest.param(b"1" * 10_000, id="a number without end"),
    ],
)
def test_what_is_no_json_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_body(raw)


def test_numbers_that_no_json_file_may_hold_are_left_out() -> None:
    reply = read(changed_choice(logprobs={"content": [{"token": "A", "logprob": float("-inf")}]}))

    assert reply.logprobs == [{"token": "A", "logprob": None}]
