"""Both clients, with their real libraries, against a server on loopback."""

import asyncio
import json
import logging
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pytest
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import JsonSchemaFormat
from azure.core.credentials import AzureKeyCredential

from potstill.core.catalogues import Teacher
from potstill.core.errors import CallError, FatalError, RejectedError, TransientError, UnreachableError
from potstill.core.records import Chat, Message
from potstill.teacher.api.client import Client, build_body, connect
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.api.replies import Limits, Reply
from tests.servers.teacher import Answer, TeacherServer, completion, refusal

KEY = "not-a-real-key-8f3a"
BROKEN = "the connection broke before the answer was whole"
AZURE_PATH = "/models/chat/completions?api-version=2024-05-01-preview"
MESSAGES = [Message(role="system", content="Reply with one letter."), Message(role="user", content="Why?")]
CHAT = Chat(MESSAGES)


def make_teacher(provider: str, **options: object) -> Teacher:
    return Teacher.model_validate({"provider": provider, "model": "gpt-4o", "max_tokens": 16} | options)


def client_of(endpoint: str, teacher: Teacher, timeout_s: float = 5) -> Client:
    return connect(teacher, Credentials(endpoint, KEY, "TEACHER_MODEL"), timeout_s)


def ask(endpoint: str, teacher: Teacher, chat: Chat = CHAT, times: int = 1, timeout_s: float = 5) -> Reply:
    """Ask so many times over one client, and return the last reply."""

    async def ask_in_turn() -> Reply:
        client = client_of(endpoint, teacher, timeout_s)
        try:
            for _ in range(times):
                reply = await client.complete(chat)
        finally:
            await client.close()
        return reply

    return asyncio.run(ask_in_turn())


def ask_for_error(server: TeacherServer, answer: Answer, provider: str, timeout_s: float = 5) -> CallError:
    """Let the server answer so once, and return the error that the client makes of it."""
    server.script(answer)
    with pytest.raises(CallError) as raised:
        ask(server.endpoint, make_teacher(provider), timeout_s=timeout_s)
    return raised.value


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


@pytest.mark.parametrize(
    ("options", "body"),
    [
        pytest.param(
            {"temperature": 0.7, "top_p": 0.9, "seed": 5}, {"temperature": 0.7, "top_p": 0.9, "seed": 5}, id="set"
        ),
        pytest.param({"temperature": None}, {"temperature": "left out"}, id="no temperature"),
        pytest.param(
            {"seed": 1, "extras": {"logprobs": True, "seed": 7, "stop": None}},
            {"logprobs": True, "seed": 7, "stop": None, "max_tokens": 16},
            id="extras as they are",
        ),
        pytest.param(
            {"extras": {"max_completion_tokens": 64}},
            {"max_completion_tokens": 64, "max_tokens": "left out"},
            id="the newer token limit in the place of the older",
        ),
        pytest.param(
            {"reasoning_effort": "low", "temperature": None},
            {"reasoning_effort": "low", "temperature": "left out"},
            id="a reasoning effort",
        ),
        *(
            pytest.param({"model": model}, {limit: 16, other: "left out"}, id=f"{limit} of {model}")
            for model, limit, other in (
                ("o1", "max_completion_tokens", "max_tokens"),
                ("o4-mini-2025-04-16", "max_completion_tokens", "max_tokens"),
                ("openai/gpt-5.1-mini", "max_completion_tokens", "max_tokens"),
                ("gpt-4o", "max_tokens", "max_completion_tokens"),
                ("o1x-of-ours", "max_tokens", "max_completion_tokens"),
                ("olmo-3", "max_tokens", "max_completion_tokens"),
            )
        ),
    ],
)
def test_options_stand_in_the_body_where_they_are_set(options: dict[str, object], body: dict[str, object]) -> None:
    built = json.loads(build_body(RequestOptions(make_teacher("openai", **options)), CHAT))

    assert {name: built.get(name, "left out") for name in body} == body


def test_a_structured_answer_is_asked_for_as_the_azure_library_would(teacher: TeacherServer, provider: str) -> None:
    wanted = JsonSchemaFormat(
        name="answer",
        strict=True,
        schema={
            "type": "object",
            "properties": {"answer": {"type": "string", "enum": ["A", "B", "C"]}},
            "required": ["answer"],
            "additionalProperties": False,
        },
    )
    ask(teacher.endpoint, make_teacher(provider), Chat(MESSAGES, "ABC"))

    library = ChatCompletionsClient(teacher.endpoint, AzureKeyCredential(KEY))
    with library:
        library.complete(messages=[{"role": "user", "content": "Why?"}], response_format=wanted)

    ours, theirs = (call.body["response_format"] for call in teacher.calls)
    assert ours == theirs


def test_each_message_keeps_its_role_and_any_text_can_be_asked(teacher: TeacherServer, provider: str) -> None:
    texts = ['\N{GRINNING FACE} \N{CYRILLIC SMALL LETTER YA} \0 "\\', "\ud83d"]
    example = [Message(role=role, content=text) for role, text in zip(("assistant", "user"), texts, strict=True)]

    ask(teacher.endpoint, make_teacher(provider), Chat([*MESSAGES, *example]))

    sent = teacher.calls[0].body["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
    assert [message["content"] for message in sent[2:]] == texts


@pytest.mark.parametrize(
    ("provider", "extras", "path", "headers"),
    [
        pytest.param("azure", {"logprobs": True}, AZURE_PATH, ("pass-through", KEY), id="azure with extras"),
        pytest.param("azure", {}, AZURE_PATH, ("pass-through", KEY), id="azure"),
        pytest.param("local", {}, AZURE_PATH, ("pass-through", KEY), id="local"),
        pytest.param("openai", {"logprobs": True}, "/models/chat/completions", (None, None), id="openai"),
    ],
)
def test_route_and_headers_are_those_of_the_service(
    teacher: TeacherServer, provider: str, extras: dict[str, object], path: str, headers: tuple[str | None, str | None]
) -> None:
    ask(teacher.endpoint, make_teacher(provider, extras=extras))

    call = teacher.calls[0]
    assert call.path == path
    assert (call.header("extra-parameters"), call.header("api-key")) == headers
    assert (call.header("authorization"), call.header("content-type")) == (f"Bearer {KEY}", "application/json")


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


def test_a_connection_is_used_again_and_no_cookie_comes_back(teacher: TeacherServer, provider: str) -> None:
    teacher.default = Answer(completion(), headers={"Set-Cookie": "session=1; Path=/"})

    ask(teacher.endpoint.replace("127.0.0.1", "localhost"), make_teacher(provider), times=5)

    assert len({call.peer for call in teacher.calls}) == 1
    assert {call.header("cookie") for call in teacher.calls} == {None}


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        pytest.param(Answer(completion("0123456789abcdef" * 12_800)), "0123456789abcdef" * 12_800, id="200 kB"),
        pytest.param(Answer(completion("A\ud83dB\udc00")), "A\ufffdB\ufffd", id="half a character"),
        pytest.param(Answer(json.dumps(completion()).encode("utf-16")), "A", id="UTF-16"),
    ],
)
def test_an_answer_arrives_whole(teacher: TeacherServer, provider: str, answer: Answer, content: str) -> None:
    teacher.script(answer)

    assert ask(teacher.endpoint, make_teacher(provider)).content == content


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        pytest.param(
            refusal(429, headers={"retry-after": "0", "x-should-retry": "true"}),
            TransientError,
            "status 429: oops: no",
            id="429",
        ),
        pytest.param(refusal(503, headers={"Retry-After": "0"}), TransientError, "status 503: oops: no", id="503"),
        pytest.param(refusal(408), TransientError, "status 408: oops: no", id="408"),
        pytest.param(
            Answer(b"<html>Bad gateway</html>", status=502),
            TransientError,
            "status 502: <html>Bad gateway</html>",
            id="502",
        ),
        pytest.param(Answer(b"", status=204), TransientError, "the server's answer is no JSON", id="no content"),
        pytest.param(Answer([1], status=400), RejectedError, "status 400: [1]", id="400"),
        pytest.param(Answer(completion("A" * 1000), fault="cut"), TransientError, BROKEN, id="cut"),
        pytest.param(Answer(fault="reset"), TransientError, BROKEN, id="reset"),
        pytest.param(Answer(fault="nonsense"), TransientError, BROKEN, id="no HTTP"),
        pytest.param(Answer(completion(), headers={"Content-Encoding": "gzip"}), TransientError, BROKEN, id="no gzip"),
        pytest.param(Answer(fault="hang"), TransientError, "no answer within 0.3 s", id="hang"),
    ],
)
def test_a_failed_attempt_is_one_call_and_one_sentence(
    teacher: TeacherServer, provider: str, answer: Answer, kind: type[CallError], message: str
) -> None:
    started = time.monotonic()

    error = ask_for_error(teacher, answer, provider, timeout_s=0.3 if answer.fault == "hang" else 5)

    assert (type(error), str(error)) == (kind, message)
    assert len(teacher.calls) == 1
    assert time.monotonic() - started < 4


def test_a_redirect_is_not_followed_since_the_key_would_go_with_it(teacher: TeacherServer, provider: str) -> None:
    with TeacherServer() as elsewhere:
        headers = {"Location": elsewhere.endpoint.replace("127.0.0.1", "localhost") + "/chat/completions"}
        error = ask_for_error(teacher, Answer(b"", status=307, headers=headers), provider)

        assert elsewhere.calls == []
    assert isinstance(error, FatalError)
    assert "check TEACHER_MODEL_ENDPOINT: a redirect is not followed" in str(error)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_the_key_stands_in_no_error_and_no_log(
    teacher: TeacherServer, provider: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    error = ask_for_error(teacher, Answer({"error": {"code": KEY, "message": f"wrong {KEY}"}}, status), provider)

    assert KEY[:6] not in f"{error} {error!r} {''.join(traceback.format_exception(error))} {caplog.text}"


@pytest.mark.parametrize("fault", ["reset", "cut"])
def test_a_broken_connection_is_shown_without_the_librarys_error(
    teacher: TeacherServer, provider: str, fault: str
) -> None:
    error = ask_for_error(teacher, Answer(completion(KEY * 99), fault=fault), provider)  # type: ignore[arg-type]

    assert (error.__cause__, error.__context__) == (None, None)


def test_the_limits_are_those_of_the_latest_response(teacher: TeacherServer, provider: str) -> None:
    first = {"x-ratelimit-limit-requests": "60", "X-RateLimit-Limit-Tokens": "9000"}
    teacher.script(Answer(completion(), headers=first), refusal(429, headers={"x-ratelimit-limit-requests": "30"}))

    async def ask_twice() -> list[Limits]:
        client = client_of(teacher.endpoint, make_teacher(provider))
        limits = [client.limits]
        await client.complete(CHAT)
        limits.append(client.limits)
        with pytest.raises(TransientError):
            await client.complete(CHAT)
        await client.close()
        return [*limits, client.limits]

    assert asyncio.run(ask_twice()) == [Limits(), Limits(60, 9000), Limits(30, 9000)]


def test_a_refused_connection_is_an_unreachable_server(provider: str) -> None:
    port = closed_port()

    with pytest.raises(UnreachableError) as raised:
        ask(f"http://127.0.0.1:{port}/models", make_teacher(provider))

    assert str(raised.value) == f"127.0.0.1:{port}: connection refused"


def test_a_certificate_that_nobody_vouches_for_is_fatal(provider: str) -> None:
    with TeacherServer(tls=True) as server:
        error = ask_for_error(server, Answer(completion()), provider)

        assert server.calls == []
    assert isinstance(error, FatalError)
    assert str(error).startswith("127.0.0.1's certificate cannot be verified (self-signed certificate); check ")


def test_https_to_a_server_without_tls_suggests_the_scheme(teacher: TeacherServer, provider: str) -> None:
    with pytest.raises(UnreachableError, match=r":\d+: it does not speak TLS; is the endpoint's scheme http\?$"):
        ask(teacher.endpoint.replace("http:", "https:"), make_teacher(provider))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_teacher_on_this_machine_is_not_asked_through_a_proxy(
    teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch, provider: str, host: str
) -> None:
    set_proxy(monkeypatch, f"http://127.0.0.1:{closed_port()}")

    assert ask(teacher.endpoint.replace("127.0.0.1", host), make_teacher(provider)).content == "A"


@pytest.mark.parametrize("scheme", [pytest.param("http://", id="a URL"), pytest.param("", id="without a scheme")])
def test_a_teacher_elsewhere_is_asked_through_the_proxy_of_the_environment(
    teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch, provider: str, scheme: str
) -> None:
    address = teacher.endpoint.removeprefix("http://").removesuffix("/models")
    set_proxy(monkeypatch, f"{scheme}user:password@{address}", no_proxy="elsewhere.invalid")

    assert ask("http://teacher.invalid/models", make_teacher(provider)).content == "A"
    assert teacher.calls[0].header("host") == "teacher.invalid"
    assert teacher.calls[0].header("proxy-authorization") == "Basic dXNlcjpwYXNzd29yZA=="


@pytest.mark.parametrize("no_proxy", ["teacher.invalid", ".invalid", "teacher.invalid:80", "*"])
def test_a_teacher_that_no_proxy_names_is_asked_directly(
    teacher: TeacherServer, monkeypatch: pytest.MonkeyPatch, provider: str, no_proxy: str
) -> None:
    set_proxy(monkeypatch, teacher.endpoint.removesuffix("/models"), no_proxy)

    with pytest.raises(UnreachableError) as raised:
        ask("http://teacher.invalid:80/models", make_teacher(provider))

    assert str(raised.value) == "teacher.invalid:80: its name is not known"
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


def test_more_than_a_hundred_calls_are_in_flight_at_once(teacher: TeacherServer, provider: str) -> None:
    teacher.default = Answer(completion(), delay_s=1)

    async def ask_many() -> None:
        client = client_of(teacher.endpoint, make_teacher(provider), timeout_s=20)
        await asyncio.gather(*(client.complete(CHAT) for _ in range(150)))
        await client.close()

    asyncio.run(ask_many())

    assert teacher.most_in_flight > 100


@pytest.mark.parametrize(
    ("provider", "loaded", "others"),
    [
        pytest.param(None, (), ("openai", "azure", "aiohttp", "httpx2"), id="none"),
        pytest.param("azure", ("azure.ai.inference",), ("openai", "azure.identity"), id="azure"),
        pytest.param("openai", ("openai",), ("azure",), id="openai"),
    ],
)
def test_only_the_library_of_the_chosen_provider_is_imported(
    provider: str | None, loaded: tuple[str, ...], others: tuple[str, ...]
) -> None:
    script = f"""
import sys
from potstill.core.catalogues import Teacher
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials
if {provider!r}:
    connect(Teacher(provider={provider!r}, model="m"), Credentials("http://127.0.0.1", "key", "P"), 5)
print([name in sys.modules for name in {(*loaded, *others)!r}])
"""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == str([True] * len(loaded) + [False] * len(others))
