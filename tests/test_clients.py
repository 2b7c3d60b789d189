import asyncio
import json
import socket
from collections.abc import Sequence

import pytest

from stages.params import Teacher
from stages.records import Message, Response, Usage
from stages.teacher.clients import AzureClient
from stages.teacher.credentials import Credentials
from stages.teacher.replies import FatalError, RejectedError, Reply, TransientError, UnreachableError
from tests.servers.teacher import MODEL, Answer, TeacherServer, completion, refusal

KEY = "not-a-real-key-8f3a"
TEACHER = Teacher(provider="azure", model="gpt-4o", max_tokens=16)
MESSAGES = [Message(role="system", content="Reply with one letter."), Message(role="user", content="Why?")]
LOGPROBS = [{"token": "A", "logprob": -0.25, "bytes": [65], "top_logprobs": [{"token": "A", "logprob": -0.25}]}]
SPOILT_LOGPROBS = [{"token": "\ud83d", "logprob": -1.0}]


def ask(
    endpoint: str,
    teacher: Teacher = TEACHER,
    prefix: str = "TEACHER_MODEL",
    messages: Sequence[Message] = MESSAGES,
) -> Reply:
    async def ask_once() -> Reply:
        client = AzureClient(Credentials(endpoint, KEY, prefix), teacher, timeout_s=5)
        try:
            return await client.complete(messages)
        finally:
            await client.close()

    return asyncio.run(ask_once())


def ask_for_error(teacher: TeacherServer, answer: Answer) -> Exception:
    """Let the server answer so once, and return the error that the client makes of it."""
    teacher.script(answer)
    with pytest.raises((FatalError, RejectedError, TransientError)) as raised:
        ask(teacher.endpoint)
    return raised.value


def changed(**parts: object) -> dict[str, object]:
    """Return a good answer's body with other parts at its top."""
    return completion() | parts


def changed_choice(**parts: object) -> dict[str, object]:
    """Return a good answer's body with other parts in its choice."""
    body = completion()
    body["choices"][0].update(parts)
    return body


def test_the_body_holds_what_params_say_and_no_more(teacher: TeacherServer) -> None:
    ask(teacher.endpoint)

    assert teacher.calls[0].body == {
        "messages": [{"role": "system", "content": "Reply with one letter."}, {"role": "user", "content": "Why?"}],
        "model": "gpt-4o",
        "temperature": 0,
        "max_tokens": 16,
    }


def test_each_message_keeps_its_role(teacher: TeacherServer) -> None:
    example = [Message(role="user", content="1 + 1?"), Message(role="assistant", content="2")]

    ask(teacher.endpoint, messages=[*MESSAGES[:1], *example, *MESSAGES[1:]])

    assert [message["role"] for message in teacher.calls[0].body["messages"]] == ["system", "user", "assistant", "user"]


def test_sampling_options_are_sent_where_they_are_set(teacher: TeacherServer) -> None:
    ask(teacher.endpoint, Teacher(provider="azure", model="m", temperature=0.7, top_p=0.9, seed=5))

    sent = teacher.calls[0].body
    assert {name: sent[name] for name in ("temperature", "top_p", "seed", "max_tokens")} == {
        "temperature": 0.7,
        "top_p": 0.9,
        "seed": 5,
        "max_tokens": 4000,
    }


def test_the_key_is_sent_in_both_headers_that_services_read(teacher: TeacherServer) -> None:
    ask(teacher.endpoint)

    headers = {name.lower(): value for name, value in teacher.calls[0].headers.items()}
    assert (headers["authorization"], headers["api-key"]) == (f"Bearer {KEY}", KEY)


def test_the_route_is_put_after_the_endpoint(teacher: TeacherServer) -> None:
    ask(teacher.endpoint)

    assert teacher.calls[0].path.partition("?")[0] == "/models/chat/completions"


def test_an_answer_is_read_whole(teacher: TeacherServer) -> None:
    teacher.script(Answer(completion("The answer is (C).")))

    assert ask(teacher.endpoint) == Reply(
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
def test_the_finish_reason_decides_the_status(teacher: TeacherServer, finish_reason: str | None, status: str) -> None:
    teacher.script(Answer(completion(finish_reason=finish_reason)))

    reply = ask(teacher.endpoint)

    assert (reply.status, reply.finish_reason) == (status, finish_reason)


def test_a_filtered_answer_without_text_is_filtered(teacher: TeacherServer) -> None:
    teacher.script(Answer(completion(None, "content_filter")))

    reply = ask(teacher.endpoint)

    assert (reply.status, reply.content or None) == ("filtered", None)


def test_a_filtered_prompt_is_an_outcome_and_no_error(teacher: TeacherServer) -> None:
    teacher.script(refusal(400, "content_filter", "The prompt was filtered."))

    assert ask(teacher.endpoint) == Reply("filtered", None, None, "content_filter", None, None, None)


@pytest.mark.parametrize(
    ("body", "content", "reasoning"),
    [
        pytest.param(completion("<think>Cats purr.</think>\n\nB"), "B", "Cats purr.", id="think"),
        pytest.param(completion("\n<think>\nCats\npurr.\n</think>B"), "B", "Cats\npurr.", id="think over lines"),
        pytest.param(completion("<think>Cats pu", "length"), "", "Cats pu", id="think cut off"),
        pytest.param(completion("B", reasoning_content="Cats purr."), "B", "Cats purr.", id="reasoning_content"),
        pytest.param(completion("B", reasoning_content=None), "B", None, id="reasoning_content null"),
        pytest.param(completion(None, "length", reasoning_content="Cats"), "", "Cats", id="reasoning_content alone"),
        pytest.param(completion("Cats purr.\n</think>\n\nB"), "B", "Cats purr.", id="opening tag left out"),
        pytest.param(completion("B, not <think>A</think>"), "B, not <think>A</think>", None, id="think in the answer"),
        pytest.param(completion("B"), "B", None, id="none"),
    ],
)
def test_reasoning_stands_apart_from_the_answer(
    teacher: TeacherServer, body: object, content: str, reasoning: str | None
) -> None:
    teacher.script(Answer(body))

    reply = ask(teacher.endpoint)

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
def test_logprobs_are_kept(teacher: TeacherServer, sent: object, kept: object) -> None:
    teacher.script(Answer(changed_choice(logprobs=sent)))

    assert ask(teacher.endpoint).logprobs == kept


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
def test_half_a_character_is_replaced(teacher: TeacherServer, body: object, field: str, kept: object) -> None:
    teacher.script(Answer(body))

    assert getattr(ask(teacher.endpoint), field) == kept


def test_half_a_character_in_an_error_is_replaced(teacher: TeacherServer) -> None:
    error = ask_for_error(teacher, refusal(400, message="cannot take \ud83d"))

    assert "cannot take \ufffd" in str(error)


def test_an_answer_of_200_kb_arrives_whole(teacher: TeacherServer) -> None:
    long = "0123456789abcdef" * 12_800
    teacher.script(Answer(completion(long)))

    assert ask(teacher.endpoint).content == long


@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(None, id="null"),
        pytest.param({"prompt_tokens": 7}, id="half"),
        pytest.param({"prompt_tokens": None, "completion_tokens": None}, id="tokens null"),
        pytest.param({}, id="empty"),
    ],
)
def test_an_answer_that_counts_no_tokens_is_still_an_answer(teacher: TeacherServer, usage: object) -> None:
    teacher.script(Answer(changed(usage=usage)))

    reply = ask(teacher.endpoint)

    assert (reply.content, reply.usage) == ("A", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(changed_choice(logprobs=["A"]), "logprobs", id="logprobs a list"),
        pytest.param(changed_choice(logprobs={"content": ["A"]}), "logprobs", id="logprobs of no objects"),
        pytest.param(changed_choice(logprobs={"content": "A"}), "logprobs", id="logprobs a text"),
        pytest.param(changed(model={"a": 1}), "model", id="model an object"),
        pytest.param(changed(model=5), "model", id="model a number"),
        pytest.param(changed(usage=[1]), "usage", id="usage a list"),
        pytest.param(changed(usage={"prompt_tokens": 10**30, "completion_tokens": 1}), "usage", id="usage too large"),
        pytest.param(completion("A", reasoning_content=["x"]), "reasoning", id="reasoning a list"),
    ],
)
def test_a_side_field_of_another_shape_costs_no_answer(teacher: TeacherServer, body: object, field: str) -> None:
    teacher.script(Answer(body))

    reply = ask(teacher.endpoint)

    assert (reply.content, getattr(reply, field)) == ("A", None)
    Response(id="r", key="k", **vars(reply))


def test_an_answer_in_parts_is_put_together(teacher: TeacherServer) -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Cats purr. "}]}
    parts = [thinking, {"type": "text", "text": "The answer "}, {"type": "text", "text": "is B."}, {"type": "image"}]
    teacher.script(Answer(completion(parts)))

    reply = ask(teacher.endpoint)

    assert (reply.content, reply.reasoning) == ("The answer is B.", "Cats purr.")


def test_a_refusal_without_content_is_the_answer(teacher: TeacherServer) -> None:
    teacher.script(Answer(completion(None, refusal="I cannot answer that.")))

    assert ask(teacher.endpoint).content == "I cannot answer that."


def test_an_answer_that_the_server_broke_off_is_a_failed_attempt(teacher: TeacherServer) -> None:
    error = ask_for_error(teacher, Answer(completion("The answer is", "insufficient_system_resource")))

    assert type(error) is TransientError
    assert "insufficient_system_resource" in str(error)


def test_an_answer_that_ended_for_an_unknown_reason_is_not_bought_again_and_again(teacher: TeacherServer) -> None:
    error = ask_for_error(teacher, Answer(completion("The answer is", "tool_calls")))

    assert type(error) is RejectedError
    assert "tool_calls" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty body"),
        pytest.param(b"<html><body>Bad gateway</body></html>", id="HTML body"),
        pytest.param(json.dumps(completion()).encode()[:-20], id="JSON cut short"),
        pytest.param(None, id="null"),
        pytest.param([], id="list"),
        pytest.param("A", id="string"),
        pytest.param(changed(choices={"0": "A"}), id="choices no list"),
        pytest.param(changed(choices=[None]), id="choice null"),
        pytest.param(changed(choices=[{}]), id="message missing"),
        pytest.param(changed_choice(message=None), id="message null"),
        pytest.param(changed_choice(message={"content": 5}), id="content a number"),
        pytest.param(changed_choice(message={"content": ["A"]}), id="content a list of no parts"),
    ],
)
def test_a_body_that_is_no_completion_is_a_failed_attempt(teacher: TeacherServer, body: object) -> None:
    error = ask_for_error(teacher, Answer(body))

    assert type(error) is TransientError
    assert str(error).startswith("the server's answer ")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"object": "chat.completion"}, id="missing"),
        pytest.param(changed(choices=[]), id="empty"),
        pytest.param(changed(choices=None), id="null"),
    ],
)
def test_a_body_without_choices_is_a_failed_attempt_and_said(teacher: TeacherServer, body: object) -> None:
    error = ask_for_error(teacher, Answer(body))

    assert type(error) is TransientError
    assert str(error) == "the server's answer holds no choices"


def test_an_html_page_with_status_200_is_a_failed_attempt(teacher: TeacherServer) -> None:
    error = ask_for_error(teacher, Answer(b"<html>Welcome</html>", headers={"Content-Type": "text/html"}))

    assert type(error) is TransientError


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
@pytest.mark.parametrize(
    "body", [pytest.param({"error": {"code": "x", "message": "later"}}, id="json"), pytest.param(b"later", id="text")]
)
def test_a_status_that_may_pass_is_a_failed_attempt(teacher: TeacherServer, status: int, body: object) -> None:
    error = ask_for_error(teacher, Answer(body, status=status))

    assert isinstance(error, TransientError)
    assert f"status {status}" in str(error)
    assert error.throttled == (status == 429)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "7"}, 7.0, id="Retry-After"),
        pytest.param({"Retry-After": "0"}, 0.0, id="at once"),
        pytest.param({"retry-after-ms": "250"}, 0.25, id="retry-after-ms"),
        pytest.param({"retry-after-ms": "250", "Retry-After": "1"}, 0.25, id="the finer of both"),
        pytest.param({"retry-after-ms": "soon", "Retry-After": "1"}, 1.0, id="the one that is a number"),
        pytest.param({"Retry-After": "soon"}, None, id="no number"),
        pytest.param({"Retry-After": "nan"}, None, id="nan"),
        pytest.param({"Retry-After": "inf"}, None, id="for ever"),
        pytest.param({"Retry-After": "-1"}, None, id="negative"),
        pytest.param({}, None, id="none"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_time_that_the_server_asks_to_wait_is_read(
    teacher: TeacherServer, status: int, headers: dict[str, str], seconds: float | None
) -> None:
    error = ask_for_error(teacher, refusal(status, headers=headers))

    assert isinstance(error, TransientError)
    assert error.retry_after_s == seconds


def test_a_refused_connection_is_an_unreachable_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(UnreachableError, match=f"127.0.0.1:{port}"):
        ask(f"http://127.0.0.1:{port}/models")


@pytest.mark.parametrize("fault", ["cut", "reset"])
def test_a_connection_that_breaks_is_a_failed_attempt_at_a_reachable_server(teacher: TeacherServer, fault: str) -> None:
    error = ask_for_error(teacher, Answer(completion("A" * 1000), fault=fault))  # type: ignore[arg-type]

    assert type(error) is TransientError


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        pytest.param(refusal(401), "TEACHER_MODEL_KEY", id="401"),
        pytest.param(Answer(b"Unauthorized", status=401), "TEACHER_MODEL_KEY", id="401 without JSON"),
        pytest.param(refusal(403), "TEACHER_MODEL_KEY", id="403"),
        pytest.param(refusal(404), "TEACHER_MODEL_ENDPOINT", id="404"),
        pytest.param(Answer(b"", status=404), "TEACHER_MODEL_ENDPOINT", id="404 without body"),
        pytest.param(refusal(400, "unknown_model", "Unknown model: gpt-4o"), "model", id="unknown model"),
    ],
)
def test_what_no_call_can_mend_is_fatal_and_names_host_and_variable(
    teacher: TeacherServer, answer: Answer, advice: str
) -> None:
    error = ask_for_error(teacher, answer)

    assert isinstance(error, FatalError)
    assert str(error).startswith(f"127.0.0.1 answered status {answer.status}")
    assert advice in str(error).partition("; check ")[2]


def test_a_fatal_error_names_the_variables_of_its_own_teacher(teacher: TeacherServer) -> None:
    teacher.script(refusal(401))

    with pytest.raises(FatalError, match="check GPT4O_KEY"):
        ask(teacher.endpoint, prefix="GPT4O")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_since_the_key_would_go_with_it(teacher: TeacherServer, status: int) -> None:
    with TeacherServer() as elsewhere:
        headers = {"Location": elsewhere.endpoint.replace("127.0.0.1", "localhost") + "/chat/completions"}
        error = ask_for_error(teacher, Answer(b"", status=status, headers=headers))

        assert elsewhere.calls == []
    assert isinstance(error, FatalError)
    assert "check TEACHER_MODEL_ENDPOINT: a redirect is not followed" in str(error)


@pytest.mark.parametrize("status", [400, 402, 413, 422])
def test_what_only_this_request_is_refused_for_is_its_own_failure(teacher: TeacherServer, status: int) -> None:
    error = ask_for_error(teacher, refusal(status, "context_length_exceeded", "at most 4096 tokens"))

    assert isinstance(error, RejectedError)
    assert f"status {status}" in str(error)
    assert "at most 4096 tokens" in str(error)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"error": {"code": KEY, "message": f"wrong key {KEY}"}}, id="in code and message"),
        pytest.param({"error": {"code": "x", "message": "y", "innererror": {"key": KEY}}}, id="in innererror"),
        *(
            pytest.param({"error": {"code": "x", "message": "." * dots + KEY}}, id=f"after {dots} characters")
            for dots in (270, 280, 285)
        ),
        pytest.param(f"wrong key {KEY}".encode(), id="in a body that is no JSON"),
    ],
)
def test_the_key_stands_in_no_error(teacher: TeacherServer, status: int, body: object) -> None:
    error = ask_for_error(teacher, Answer(body, status=status))

    assert KEY[:6] not in f"{error} {error!r}"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(429, headers={"Retry-After": "0"}), id="429"),
        pytest.param(refusal(429, headers={"retry-after-ms": "1"}), id="429 in ms"),
        pytest.param(refusal(500), id="500"),
        pytest.param(refusal(503, headers={"Retry-After": "0"}), id="503"),
        pytest.param(refusal(408), id="408"),
        pytest.param(Answer(fault="reset"), id="reset"),
        pytest.param(Answer(completion(), fault="cut"), id="cut"),
        pytest.param(Answer(b"<html>"), id="HTML"),
    ],
)
def test_one_attempt_is_one_call(teacher: TeacherServer, answer: Answer) -> None:
    ask_for_error(teacher, answer)

    assert len(teacher.calls) == 1


def test_a_teacher_on_this_machine_is_not_asked_through_a_proxy(
    teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there

    assert ask(teacher.endpoint).content == "A"


def test_a_teacher_elsewhere_is_asked_through_the_proxy_of_the_environment(
    teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = teacher.endpoint.removesuffix("/models")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy)

    assert ask("http://teacher.invalid/models").content == "A"


def test_more_than_a_hundred_calls_are_in_flight_at_once(teacher: TeacherServer) -> None:
    teacher.default = Answer(completion(), delay_s=1)

    async def ask_many() -> None:
        client = AzureClient(Credentials(teacher.endpoint, KEY, "TEACHER_MODEL"), TEACHER, timeout_s=20)
        await asyncio.gather(*(client.complete(MESSAGES) for _ in range(150)))
        await client.close()

    asyncio.run(ask_many())

    assert teacher.most_in_flight > 100
