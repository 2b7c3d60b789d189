import asyncio
import json
import logging
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

from potstill.core.errors import FatalError, RejectedError, TransientError, UnreachableError
from potstill.core.params import Teacher
from potstill.core.records import Message
from potstill.teacher.api.client import Client, connect
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.replies import Limits, Reply
from tests.servers.teacher import Answer, TeacherServer, changed, changed_choice, completion, refusal

KEY = "not-a-real-key-8f3a"
PROVIDERS = ("azure", "openai")
MESSAGES = [Message(role="system", content="Reply with one letter."), Message(role="user", content="Why?")]
LOGPROBS = [{"token": "A", "logprob": -0.25, "bytes": [65], "top_logprobs": [{"token": "A", "logprob": -0.25}]}]
LATER = {"Date": "Fri, 31 Dec 2027 23:59:00 GMT", "Retry-After": "Sat, 01 Jan 2028 00:00:30 GMT"}
PASSED = {"Date": "Sat, 01 Jan 2028 00:00:30 GMT", "Retry-After": "Fri, 31 Dec 2027 23:59:00 GMT"}


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


def make_teacher(provider: str, **options: object) -> Teacher:
    return Teacher.model_validate({"provider": provider, "model": "gpt-4o", "max_tokens": 16} | options)


def client_of(endpoint: str, teacher: Teacher, timeout_s: float = 5, prefix: str = "TEACHER_MODEL") -> Client:
    return connect(teacher, Credentials(endpoint, KEY, prefix), timeout_s)


async def complete_and_close(client: Client, messages: Sequence[Message] = MESSAGES, times: int = 1) -> Reply:
    try:
        for _ in range(times):
            reply = await client.complete(messages)
    finally:
        await client.close()
    return reply


def ask(
    endpoint: str, teacher: Teacher, prefix: str = "TEACHER_MODEL", messages: Sequence[Message] = MESSAGES
) -> Reply:
    async def ask_once() -> Reply:
        return await complete_and_close(client_of(endpoint, teacher, prefix=prefix), messages)

    return asyncio.run(ask_once())


def ask_for_error(server: TeacherServer, answer: Answer, provider: str, timeout_s: float = 5) -> Exception:
    """Let the server answer so once, and return the error that the client makes of it."""

    async def ask_once() -> None:
        await complete_and_close(client_of(server.endpoint, make_teacher(provider), timeout_s))

    server.script(answer)
    with pytest.raises((FatalError, RejectedError, TransientError)) as raised:
        asyncio.run(ask_once())
    return raised.value


def outcome_of(server: TeacherServer, answer: Answer, provider: str) -> object:
    """Return all that the rest of the project can see of how one call ended."""
    server.script(answer)
    try:
        return ask(server.endpoint, make_teacher(provider))
    except (FatalError, RejectedError) as error:
        return type(error), str(error)
    except TransientError as error:
        return type(error), str(error), error.retry_after_s, error.throttled


def set_proxy(monkeypatch: pytest.MonkeyPatch, url: str, no_proxy: str | None = None) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", url)
    if no_proxy:
        monkeypatch.setenv("no_proxy", no_proxy)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_the_body_holds_what_params_say_and_no_more(teacher: TeacherServer, provider: str) -> None:
    ask(teacher.endpoint, make_teacher(provider))

    assert teacher.calls[0].body == {
        "messages": [{"role": "system", "content": "Reply with one letter."}, {"role": "user", "content": "Why?"}],
        "model": "gpt-4o",
        "temperature": 0,
        "max_tokens": 16,
    }


def test_each_message_keeps_its_role(teacher: TeacherServer, provider: str) -> None:
    example = [Message(role="user", content="1 + 1?"), Message(role="assistant", content="2")]

    ask(teacher.endpoint, make_teacher(provider), messages=[*MESSAGES[:1], *example, *MESSAGES[1:]])

    assert [message["role"] for message in teacher.calls[0].body["messages"]] == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize(
    "content", ['\N{GRINNING FACE} \N{CYRILLIC SMALL LETTER YA} \0 "\\', "\ud83d"], ids=["signs", "half a character"]
)
def test_any_text_can_be_asked(teacher: TeacherServer, provider: str, content: str) -> None:
    ask(teacher.endpoint, make_teacher(provider), messages=[Message.model_construct(role="user", content=content)])

    assert teacher.questions() == [content]


def test_sampling_options_are_sent_where_they_are_set(teacher: TeacherServer, provider: str) -> None:
    options = {"temperature": 0.7, "top_p": 0.9, "seed": 5, "max_tokens": 4000}

    ask(teacher.endpoint, make_teacher(provider, **options))

    assert {name: teacher.calls[0].body[name] for name in options} == options


def test_extras_stand_in_the_body_as_they_are(teacher: TeacherServer, provider: str) -> None:
    extras = {"logprobs": True, "top_logprobs": 5, "seed": 7, "reasoning_effort": "low", "stop": None}

    ask(teacher.endpoint, make_teacher(provider, seed=1, extras=extras))

    sent = teacher.calls[0].body
    assert {name: sent[name] for name in extras} == extras
    assert sent["max_tokens"] == 16


def test_the_newer_token_limit_takes_the_place_of_the_older(teacher: TeacherServer, provider: str) -> None:
    ask(teacher.endpoint, make_teacher(provider, extras={"max_completion_tokens": 64}))

    sent = teacher.calls[0].body
    assert ("max_tokens" in sent, sent["max_completion_tokens"]) == (False, 64)


@pytest.mark.parametrize(
    ("provider", "extras", "header"),
    [
        pytest.param("azure", {"logprobs": True}, "pass-through", id="azure with extras"),
        pytest.param("azure", {}, None, id="azure without"),
        pytest.param("openai", {"logprobs": True}, None, id="openai with extras"),
    ],
)
def test_azure_is_told_to_pass_extras_on(
    teacher: TeacherServer, provider: str, extras: dict[str, object], header: str | None
) -> None:
    ask(teacher.endpoint, make_teacher(provider, extras=extras))

    assert teacher.calls[0].header("extra-parameters") == header


@pytest.mark.parametrize(("provider", "api_key"), [("azure", KEY), ("openai", None)])
def test_the_key_is_sent_in_the_headers_that_services_read(
    teacher: TeacherServer, provider: str, api_key: str | None
) -> None:
    ask(teacher.endpoint, make_teacher(provider))

    call = teacher.calls[0]
    assert (call.header("authorization"), call.header("api-key")) == (f"Bearer {KEY}", api_key)
    assert call.header("content-type") == "application/json"


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        ("azure", "/models/chat/completions?api-version=2024-05-01-preview"),
        ("local", "/models/chat/completions?api-version=2024-05-01-preview"),
        ("openai", "/models/chat/completions"),
    ],
)
def test_the_route_is_put_after_the_endpoint(teacher: TeacherServer, provider: str, path: str) -> None:
    ask(teacher.endpoint, make_teacher(provider))

    assert teacher.calls[0].path == path


def test_variables_for_other_uses_of_the_library_go_nowhere(
    teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "another-key")
    monkeypatch.setenv("OPENAI_ORG_ID", "another-organization")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "another-project")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer another-token")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/another-server")

    ask(teacher.endpoint, make_teacher(provider))

    assert "another" not in str(teacher.calls[0].headers)
    assert teacher.calls[0].header("authorization") == f"Bearer {KEY}"


def test_no_cookie_comes_back(teacher: TeacherServer, provider: str) -> None:
    teacher.default = Answer(completion(), headers={"Set-Cookie": "session=1; Path=/"})

    async def ask_twice() -> None:
        by_name = teacher.endpoint.replace("127.0.0.1", "localhost")
        await complete_and_close(client_of(by_name, make_teacher(provider)), times=2)

    asyncio.run(ask_twice())

    assert [call.header("cookie") for call in teacher.calls] == [None, None]


def test_a_connection_is_used_again(teacher: TeacherServer, provider: str) -> None:
    async def ask_often() -> None:
        await complete_and_close(client_of(teacher.endpoint, make_teacher(provider)), times=5)

    asyncio.run(ask_often())

    assert len({call.peer for call in teacher.calls}) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(completion("The answer is (C).")), id="answer"),
        pytest.param(Answer(completion("<think>Cats purr.</think>B")), id="think"),
        pytest.param(Answer(completion("B", reasoning_content="Cats purr.")), id="reasoning_content"),
        pytest.param(Answer(completion("A\ud83dB\udc00")), id="half a character"),
        pytest.param(Answer(completion("0123456789abcdef" * 12_800)), id="200 kB"),
        pytest.param(Answer(completion(None, refusal="I cannot.")), id="refusal"),
        pytest.param(Answer(completion("The", "length")), id="truncated"),
        pytest.param(Answer(completion(None, "content_filter")), id="filtered answer"),
        pytest.param(refusal(400, "content_filter", "filtered"), id="filtered prompt"),
        pytest.param(Answer(completion([{"type": "text", "text": "B"}])), id="content in parts"),
        pytest.param(Answer(changed_choice(logprobs={"content": LOGPROBS})), id="logprobs"),
        pytest.param(Answer(changed(usage=None)), id="no usage"),
        pytest.param(Answer(changed(model={"a": 1}, usage=[1])), id="side fields of another shape"),
        pytest.param(Answer(completion("A", "tool_calls")), id="unknown finish_reason"),
        pytest.param(Answer(completion("A", "error")), id="broken off"),
        pytest.param(Answer(changed(choices=[])), id="no choices"),
        pytest.param(Answer({"object": "chat.completion"}), id="choices missing"),
        pytest.param(Answer({"error": {"code": 500, "message": "x"}}), id="error with status 200"),
        pytest.param(Answer(b""), id="empty"),
        pytest.param(Answer(b"", status=204), id="no content"),
        pytest.param(Answer(b"<html>Welcome</html>", headers={"Content-Type": "text/html"}), id="HTML"),
        pytest.param(Answer(json.dumps(completion()).encode()[:-20]), id="JSON cut short"),
        pytest.param(Answer(json.dumps(completion()).encode("utf-16")), id="UTF-16"),
        pytest.param(Answer(completion(), headers={"Content-Encoding": "gzip"}), id="no gzip, though it says so"),
        pytest.param(Answer(completion("A" * 1000), fault="cut"), id="cut"),
        pytest.param(Answer(fault="reset"), id="reset"),
        pytest.param(Answer(fault="nonsense"), id="no HTTP"),
        pytest.param(refusal(429, headers={"retry-after-ms": "250"}), id="429"),
        pytest.param(refusal(503, headers=LATER), id="503"),
        pytest.param(Answer(b"<html>Bad gateway</html>", status=502), id="502 with HTML"),
        pytest.param(Answer(b"\xff\xfe", status=500), id="500 with bytes"),
        pytest.param(Answer({"detail": "Not found"}, status=404), id="404 of another form"),
        pytest.param(Answer({"error": "no such thing"}, status=400), id="400 of another form"),
        pytest.param(Answer([1], status=400), id="400 with a list"),
        pytest.param(Answer(None, status=400), id="400 with null"),
        pytest.param(Answer({"error": {"code": None, "message": None}}, status=400), id="400 that says nothing"),
        pytest.param(refusal(400, "unknown_model", "Unknown model: gpt-4o"), id="unknown model"),
        pytest.param(refusal(401), id="401"),
        pytest.param(Answer(b"", status=307, headers={"Location": "/elsewhere"}), id="redirect"),
    ],
)
def test_both_clients_make_the_same_of_an_answer(teacher: TeacherServer, answer: Answer) -> None:
    azure, openai = (outcome_of(teacher, answer, provider) for provider in PROVIDERS)

    assert azure == openai
    assert len(teacher.calls) == 2


def test_an_answer_of_200_kb_arrives_whole(teacher: TeacherServer, provider: str) -> None:
    long = "0123456789abcdef" * 12_800
    teacher.script(Answer(completion(long)))

    assert ask(teacher.endpoint, make_teacher(provider)).content == long


def test_a_filtered_prompt_is_an_outcome_and_no_error(teacher: TeacherServer, provider: str) -> None:
    teacher.script(refusal(400, "content_filter", "The prompt was filtered."))

    reply = ask(teacher.endpoint, make_teacher(provider))

    assert reply == Reply("filtered", None, None, "content_filter", None, None, None)


def test_a_filter_that_is_out_of_order_is_no_filtered_prompt(teacher: TeacherServer, provider: str) -> None:
    error = ask_for_error(teacher, refusal(503, "content_filter", "The filter is down."), provider)

    assert type(error) is TransientError


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(b""), id="empty"),
        pytest.param(Answer(b"<html>Welcome</html>", headers={"Content-Type": "text/html"}), id="HTML"),
        pytest.param(Answer(json.dumps(completion()).encode()[:-20]), id="cut short"),
        pytest.param(Answer(b"[" * 100_000), id="brackets without end"),
    ],
)
def test_a_body_that_is_no_json_is_a_failed_attempt(teacher: TeacherServer, provider: str, answer: Answer) -> None:
    error = ask_for_error(teacher, answer, provider)

    assert (type(error), str(error)) == (TransientError, "the server's answer is no JSON")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
@pytest.mark.parametrize(
    "body", [pytest.param({"error": {"code": "x", "message": "later"}}, id="json"), pytest.param(b"later", id="text")]
)
def test_a_status_that_may_pass_is_a_failed_attempt(
    teacher: TeacherServer, provider: str, status: int, body: object
) -> None:
    error = ask_for_error(teacher, Answer(body, status=status), provider)

    assert type(error) is TransientError
    assert str(error).startswith(f"status {status}: ")
    assert str(error).endswith("later")
    assert error.throttled == (status == 429)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "7"}, 7.0, id="Retry-After"),
        pytest.param({"Retry-After": "0"}, 0.0, id="at once"),
        pytest.param({"retry-after-ms": "250"}, 0.25, id="retry-after-ms"),
        pytest.param({"retry-after-ms": "250", "Retry-After": "1"}, 0.25, id="the finer of both"),
        pytest.param({"retry-after-ms": "soon", "Retry-After": "1"}, 1.0, id="the one that is a number"),
        pytest.param(LATER, 90.0, id="a date by the server's clock"),
        pytest.param(PASSED, 0.0, id="a date that has passed"),
        pytest.param({"Retry-After": "Fri, 32 Dec 2027 23:59:00 GMT"}, None, id="no date"),
        pytest.param({"Retry-After": "soon"}, None, id="no number"),
        pytest.param({"Retry-After": "nan"}, None, id="nan"),
        pytest.param({"Retry-After": "inf"}, None, id="for ever"),
        pytest.param({"Retry-After": "-1"}, None, id="negative"),
        pytest.param({}, None, id="none"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_time_that_the_server_asks_to_wait_is_read(
    teacher: TeacherServer, provider: str, status: int, headers: dict[str, str], seconds: float | None
) -> None:
    error = ask_for_error(teacher, refusal(status, headers=headers), provider)

    assert isinstance(error, TransientError)
    assert error.retry_after_s == seconds


def test_a_refused_connection_is_an_unreachable_server(provider: str) -> None:
    port = closed_port()

    with pytest.raises(UnreachableError) as raised:
        ask(f"http://127.0.0.1:{port}/models", make_teacher(provider))

    assert str(raised.value) == f"127.0.0.1:{port}: connection refused"


def test_a_host_that_nobody_knows_is_an_unreachable_server(monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    monkeypatch.setenv("no_proxy", "*")

    with pytest.raises(UnreachableError) as raised:
        ask("https://teacher.invalid/models", make_teacher(provider))

    assert str(raised.value) == "teacher.invalid:443: its name is not known"


def test_a_certificate_that_nobody_vouches_for_is_fatal_and_said(provider: str) -> None:
    with TeacherServer(tls=True) as server:
        error = ask_for_error(server, Answer(completion()), provider)

        assert server.calls == []
    assert isinstance(error, FatalError)
    assert str(error).startswith("127.0.0.1's certificate cannot be verified (self-signed certificate); check ")


def test_a_server_without_tls_is_an_unreachable_server(teacher: TeacherServer, provider: str) -> None:
    with pytest.raises(UnreachableError):
        ask(teacher.endpoint.replace("http:", "https:"), make_teacher(provider))


@pytest.mark.parametrize("fault", ["cut", "reset"])
def test_a_connection_that_breaks_is_a_failed_attempt_at_a_reachable_server(
    teacher: TeacherServer, provider: str, fault: str
) -> None:
    answer = Answer(completion("A" * 1000), fault=fault)  # type: ignore[arg-type]

    error = ask_for_error(teacher, answer, provider)

    assert (type(error), str(error)) == (TransientError, "the connection broke before the answer was whole")


def test_a_server_that_says_nothing_is_given_up_after_the_time_limit(teacher: TeacherServer, provider: str) -> None:
    started = time.monotonic()

    error = ask_for_error(teacher, Answer(fault="hang"), provider, timeout_s=0.3)

    assert (type(error), str(error)) == (TransientError, "no answer within 0.3 s")
    assert time.monotonic() - started < 3


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
    teacher: TeacherServer, provider: str, answer: Answer, advice: str
) -> None:
    error = ask_for_error(teacher, answer, provider)

    assert isinstance(error, FatalError)
    assert str(error).startswith(f"127.0.0.1 answered status {answer.status}")
    assert advice in str(error).partition("; check ")[2]


def test_a_fatal_error_names_the_variables_of_its_own_teacher(teacher: TeacherServer, provider: str) -> None:
    teacher.script(refusal(401))

    with pytest.raises(FatalError, match="check GPT4O_KEY"):
        ask(teacher.endpoint, make_teacher(provider), prefix="GPT4O")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_since_the_key_would_go_with_it(
    teacher: TeacherServer, provider: str, status: int
) -> None:
    with TeacherServer() as elsewhere:
        headers = {"Location": elsewhere.endpoint.replace("127.0.0.1", "localhost") + "/chat/completions"}
        error = ask_for_error(teacher, Answer(b"", status=status, headers=headers), provider)

        assert elsewhere.calls == []
    assert isinstance(error, FatalError)
    assert "check TEACHER_MODEL_ENDPOINT: a redirect is not followed" in str(error)


@pytest.mark.parametrize("status", [400, 402, 413, 422])
def test_what_only_this_request_is_refused_for_is_its_own_failure(
    teacher: TeacherServer, provider: str, status: int
) -> None:
    error = ask_for_error(teacher, refusal(status, "context_length_exceeded", "at most 4096 tokens"), provider)

    assert isinstance(error, RejectedError)
    assert str(error) == f"status {status}: context_length_exceeded: at most 4096 tokens"


def test_half_a_character_in_an_error_is_replaced(teacher: TeacherServer, provider: str) -> None:
    error = ask_for_error(teacher, refusal(400, message="cannot take \ud83d"), provider)

    assert "cannot take \ufffd" in str(error)


@pytest.mark.parametrize("status", [200, 307, 400, 401, 404, 429, 500])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"error": {"code": KEY, "message": f"wrong key {KEY}"}}, id="in code and message"),
        pytest.param({"error": {"code": "x", "message": "y", "innererror": {"key": KEY}}}, id="in innererror"),
        *(
            pytest.param({"error": {"code": "x", "message": "." * dots + KEY}}, id=f"after {dots} characters")
            for dots in (270, 280, 285, 9_990)
        ),
        pytest.param({"error": {"message": f"wrong key {KEY[:9]} \n{KEY[9:]}"}}, id="over two lines"),
        pytest.param({"error": {"message": f"wrong key {KEY[:12]}..."}}, id="cut short by the server"),
        pytest.param({"error": {KEY: KEY}}, id="in an error of another form"),
        pytest.param(f"wrong key {KEY}".encode(), id="in a body that is no JSON"),
        pytest.param(completion("A", KEY), id="as finish_reason"),
        pytest.param(completion("A", "." * 290 + KEY), id="late in the finish_reason"),
    ],
)
def test_the_key_stands_in_no_error(
    teacher: TeacherServer, provider: str, status: int, body: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    error = ask_for_error(teacher, Answer(body, status=status), provider)

    said = f"{error} {error!r} {''.join(traceback.format_exception(error))}"
    assert KEY[:6] not in said
    assert KEY[9:15] not in said
    assert KEY[:6] not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(429, headers={"Retry-After": "0"}), id="429"),
        pytest.param(refusal(429, headers={"retry-after-ms": "1"}), id="429 in ms"),
        pytest.param(refusal(429, headers={"x-should-retry": "true"}), id="429 that says to ask again"),
        pytest.param(refusal(500), id="500"),
        pytest.param(refusal(503, headers={"Retry-After": "0"}), id="503"),
        pytest.param(refusal(408), id="408"),
        pytest.param(Answer(fault="reset"), id="reset"),
        pytest.param(Answer(completion(), fault="cut"), id="cut"),
        pytest.param(Answer(b"<html>"), id="HTML"),
    ],
)
def test_one_attempt_is_one_call(teacher: TeacherServer, provider: str, answer: Answer) -> None:
    ask_for_error(teacher, answer, provider)

    assert len(teacher.calls) == 1


@pytest.mark.parametrize(
    ("answers", "limits"),
    [
        pytest.param([("60", "9000")], Limits(60, 9000), id="both"),
        pytest.param([(None, "9000")], Limits(None, 9000), id="one"),
        pytest.param([("60", "9000"), (None, None)], Limits(60, 9000), id="what is left out stays"),
        pytest.param([("60", "9000"), ("30", "0")], Limits(30, 9000), id="the newest counts, and 0 is none"),
        pytest.param([("-1", "nan")], Limits(), id="negative and nan"),
        pytest.param([("inf", "many")], Limits(), id="infinite and no number"),
    ],
)
@pytest.mark.parametrize("status", [200, 429])
def test_the_limits_are_read_from_any_answer(
    teacher: TeacherServer,
    provider: str,
    status: int,
    answers: list[tuple[str | None, str | None]],
    limits: Limits,
) -> None:
    for requests, tokens in answers:
        headers = {"x-ratelimit-limit-requests": requests, "X-RateLimit-Limit-Tokens": tokens}
        said = {name: value for name, value in headers.items() if value is not None}
        teacher.script(Answer(completion(), status=status, headers=said))
    client = client_of(teacher.endpoint, make_teacher(provider))
    assert client.limits == Limits()

    async def ask_each() -> None:
        for _ in answers:
            if status == 200:
                await client.complete(MESSAGES)
            else:
                with pytest.raises(TransientError):
                    await client.complete(MESSAGES)
        await client.close()

    asyncio.run(ask_each())

    assert client.limits == limits


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_teacher_on_this_machine_is_not_asked_through_a_proxy(
    teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch, provider: str, host: str
) -> None:
    set_proxy(monkeypatch, f"http://127.0.0.1:{closed_port()}")

    assert ask(teacher.endpoint.replace("127.0.0.1", host), make_teacher(provider)).content == "A"


def test_a_teacher_elsewhere_is_asked_through_the_proxy_of_the_environment(
    teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    address = teacher.endpoint.removeprefix("http://").removesuffix("/models")
    set_proxy(monkeypatch, f"http://user:password@{address}", no_proxy="elsewhere.invalid")

    assert ask("http://teacher.invalid/models", make_teacher(provider)).content == "A"
    assert teacher.calls[0].header("host") == "teacher.invalid"
    assert teacher.calls[0].header("proxy-authorization") == "Basic dXNlcjpwYXNzd29yZA=="


@pytest.mark.parametrize("no_proxy", ["teacher.invalid", ".invalid", "teacher.invalid:80", "*"])
def test_a_teacher_that_no_proxy_names_is_asked_directly(
    teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch, provider: str, no_proxy: str
) -> None:
    set_proxy(monkeypatch, teacher.endpoint.removesuffix("/models"), no_proxy)

    with pytest.raises(UnreachableError, match="its name is not known"):
        ask("http://teacher.invalid:80/models", make_teacher(provider))
    assert teacher.calls == []


def test_a_proxy_that_is_not_there_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    port = closed_port()
    set_proxy(monkeypatch, f"http://user:password@127.0.0.1:{port}")

    with pytest.raises(UnreachableError) as raised:
        ask("http://teacher.invalid/models", make_teacher(provider))

    assert str(raised.value) == f"teacher.invalid:80 through the proxy 127.0.0.1:{port}: connection refused"


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://user:password@127.0.0.1:9",
        "http://user:password@:x",
        "http://",
        "http://proxy..corp:3128",
        "http://user:12/password@127.0.0.1:9",
    ],
)
def test_a_proxy_that_is_no_url_is_one_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, provider: str, proxy: str
) -> None:
    set_proxy(monkeypatch, proxy)

    with pytest.raises(FatalError, match=r"proxy: expected a URL such as http://proxy.example:3128") as raised:
        ask("http://teacher.invalid/models", make_teacher(provider))

    assert "password" not in str(raised.value)


def test_a_proxy_named_without_its_scheme_is_an_http_proxy(
    teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    set_proxy(monkeypatch, teacher.endpoint.removeprefix("http://").removesuffix("/models"))

    assert ask("http://teacher.invalid/models", make_teacher(provider)).content == "A"


def test_an_account_without_credit_is_not_waited_for(teacher: TeacherServer, provider: str) -> None:
    error = ask_for_error(teacher, refusal(429, "insufficient_quota", "You exceeded your current quota."), provider)

    assert type(error) is FatalError
    assert "this account has no credit left" in str(error)


def test_more_than_a_hundred_calls_are_in_flight_at_once(teacher: TeacherServer, provider: str) -> None:
    teacher.default = Answer(completion(), delay_s=1)

    async def ask_many() -> None:
        client = client_of(teacher.endpoint, make_teacher(provider), timeout_s=20)
        await asyncio.gather(*(client.complete(MESSAGES) for _ in range(150)))
        await client.close()

    asyncio.run(ask_many())

    assert teacher.most_in_flight > 100


@pytest.mark.parametrize(
    ("provider", "loaded", "left"),
    [
        pytest.param(None, (), ("openai", "azure", "aiohttp", "httpx2"), id="none"),
        pytest.param("azure", ("azure.ai.inference",), ("openai", "azure.identity"), id="azure"),
        pytest.param("local", ("azure.ai.inference",), ("openai", "azure.identity"), id="local"),
        pytest.param("openai", ("openai",), ("azure",), id="openai"),
    ],
)
def test_only_the_library_of_the_chosen_provider_is_imported(
    provider: str | None, loaded: tuple[str, ...], left: tuple[str, ...]
) -> None:
    script = f"""
import sys
from potstill.core.params import Teacher
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials
if {provider!r}:
    connect(Teacher(provider={provider!r}, model="m"), Credentials("http://127.0.0.1", "key", "P"), 5)
print([name in sys.modules for name in {(*loaded, *left)!r}])
"""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == str([True] * len(loaded) + [False] * len(left))
