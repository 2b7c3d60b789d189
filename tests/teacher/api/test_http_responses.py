"""Replies and errors read from HTTP responses, without a server."""

import json
import pickle
import traceback
from collections.abc import Mapping

import httpx2
import pytest

from potstill.core.catalogues import Teacher
from potstill.core.errors import CallError, FatalError, RefusedFieldError, RejectedError, TransientError
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.http_responses import read_reply, update_limits
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.api.replies import HttpResponse, Limits, Reply
from tests.servers.teacher import completion

KEY = "not-a-real-key-8f3a"
TEACHER = Teacher(provider="openai", model="gpt-4o", extras={"top_k": 5})
LATER = {"Date": "Fri, 31 Dec 2027 23:59:00 GMT", "Retry-After": "Sat, 01 Jan 2028 00:00:30 GMT"}
PASSED = {"Date": "Sat, 01 Jan 2028 00:00:30 GMT", "Retry-After": "Fri, 31 Dec 2027 23:59:00 GMT"}


def read(status: int, body: object, headers: Mapping[str, str] | None = None, prefix: str = "TEACHER_MODEL") -> Reply:
    """Read a body, given as bytes or as what its JSON says."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = HttpResponse(status, httpx2.Headers(headers), raw)
    return read_reply(response, Credentials("https://models.example/v1", KEY, prefix), [KEY], RequestOptions(TEACHER))


def read_error(
    status: int, body: object, headers: Mapping[str, str] | None = None, prefix: str = "TEACHER_MODEL"
) -> CallError:
    """Return the error that a response means."""
    with pytest.raises(CallError) as raised:
        read(status, body, headers, prefix)
    return raised.value


def error_body(code: object = "oops", message: str = "no") -> dict[str, object]:
    return {"error": {"code": code, "message": message}}


def test_a_good_response_is_a_reply() -> None:
    assert read(200, completion("The answer is (C).")).content == "The answer is (C)."


def test_a_filtered_prompt_is_an_outcome_and_no_error() -> None:
    reply = read(400, error_body("content_filter", "The prompt was filtered."))

    assert reply == Reply("filtered", None, None, "content_filter", None, None, None)


def test_a_filter_that_is_out_of_order_is_no_filtered_prompt() -> None:
    assert type(read_error(503, error_body("content_filter", "The filter is down."))) is TransientError


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>Welcome</html>", id="HTML"),
        pytest.param(json.dumps(completion()).encode()[:-20], id="cut short"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
    ],
)
def test_a_body_that_is_no_json_is_a_failed_attempt(raw: bytes) -> None:
    error = read_error(200, raw)

    assert (type(error), str(error)) == (TransientError, "the server's answer is no JSON")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503, 529])
@pytest.mark.parametrize("body", [pytest.param(error_body("x", "later"), id="json"), pytest.param(b"later", id="text")])
def test_a_status_that_may_pass_is_a_failed_attempt(status: int, body: object) -> None:
    error = read_error(status, body)

    assert type(error) is TransientError
    assert str(error) == f"status {status}: {'later' if isinstance(body, bytes) else 'x: later'}"
    assert error.throttled == (status == 429)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "7"}, 7.0, id="Retry-After"),
        pytest.param({"Retry-After": "0"}, 0.0, id="at once"),
        pytest.param({"retry-after-ms": "250", "Retry-After": "1"}, 0.25, id="the finer of both"),
        pytest.param({"retry-after-ms": "soon", "Retry-After": "1"}, 1.0, id="the one that is a number"),
        pytest.param(LATER, 90.0, id="a date by the server's clock"),
        pytest.param(PASSED, 0.0, id="a date that has passed"),
        pytest.param({"Retry-After": "Fri, 32 Dec 2027 23:59:00 GMT"}, None, id="no date"),
        pytest.param({"Retry-After": "nan"}, None, id="nan"),
        pytest.param({"Retry-After": "inf"}, None, id="for ever"),
        pytest.param({"Retry-After": "-1"}, None, id="negative"),
        pytest.param({}, None, id="none"),
    ],
)
def test_the_time_that_the_server_asks_to_wait_is_read(headers: dict[str, str], seconds: float | None) -> None:
    for status in (429, 503):
        error = read_error(status, error_body(), headers)

        assert isinstance(error, TransientError)
        assert error.retry_after_s == seconds


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        pytest.param(401, error_body(), "check GPT4O_KEY", id="401"),
        pytest.param(401, b"Unauthorized", "check GPT4O_KEY", id="401 without JSON"),
        pytest.param(403, error_body(), "check that GPT4O_KEY may use this model", id="403"),
        pytest.param(404, error_body(), "check GPT4O_ENDPOINT and the teacher's model", id="404"),
        pytest.param(404, b"", "check GPT4O_ENDPOINT and the teacher's model", id="404 without body"),
        pytest.param(410, b"", "check GPT4O_ENDPOINT and the teacher's model", id="410"),
        pytest.param(400, error_body("unknown_model"), "check GPT4O_ENDPOINT and the teacher's model", id="model"),
        pytest.param(429, error_body("insufficient_quota"), "this account has no credit left", id="no credit"),
        pytest.param(300, b"", "check GPT4O_ENDPOINT: a redirect is not followed", id="redirect"),
        pytest.param(308, b"", "check GPT4O_ENDPOINT: a redirect is not followed", id="lasting redirect"),
    ],
)
def test_what_no_call_can_mend_is_fatal_and_names_host_and_variable(status: int, body: object, advice: str) -> None:
    error = read_error(status, body, prefix="GPT4O")

    assert isinstance(error, FatalError)
    assert str(error).startswith(f"models.example answered status {status}: ")
    assert str(error).partition("; ")[2].startswith(advice)


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    ("provider", "code", "advised"),
    [
        pytest.param("azure", "oops", True, id="azure"),
        pytest.param("azure", "DeploymentNotFound", False, id="azure, which knows no such model"),
        pytest.param("openai", "oops", False, id="openai"),
    ],
)
def test_who_finds_no_endpoint_of_azure_ai_inference_is_told_what_to_choose(
    status: int, provider: str, code: str, advised: bool
) -> None:
    options = RequestOptions(Teacher.model_validate({"provider": provider, "model": "m"}))
    response = HttpResponse(status, {}, json.dumps(error_body(code)).encode())
    with pytest.raises(FatalError) as raised:
        read_reply(response, Credentials("https://models.example/models", KEY, "GPT4O"), [KEY], options)

    assert ("retired azure-ai-inference" in str(raised.value)) == advised
    assert ("set `provider: openai`" in str(raised.value)) == advised


# As servers were reported to say it, but for the names of fields.
REFUSED_FIELDS = [
    pytest.param(400, {"error": {"param": "response_format.type", "message": "Bad"}}, "response_format", id="param"),
    pytest.param(400, {"error": {"message": "Unknown parameter: 'top_k'."}}, "top_k", id="OpenAI"),
    pytest.param(
        400, {"error": {"message": "Validation error at #/top_k: Extra inputs are not permitted"}}, "top_k", id="Azure"
    ),
    pytest.param(
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "top_k"], "msg": "Extra inputs are not permitted"}]},
        "top_k",
        id="FastAPI",
    ),
    pytest.param(400, {"object": "error", "message": "top_p must be in (0, 1], got 2.0."}, "top_p", id="vLLM"),
    pytest.param(
        400,
        {"error": {"message": "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"}},
        "max_tokens",
        id="DeepSeek",
    ),
    pytest.param(400, {"error": {"code": 400, "message": "Field 'seed': type must be number"}}, "seed", id="llama.cpp"),
    pytest.param(
        400,
        {"error": {"message": "Provider returned error", "metadata": {"raw": '{"error": {"param": "temperature"}}'}}},
        "temperature",
        id="OpenRouter, of the provider behind it",
    ),
    pytest.param(400, {"error": {"message": "'temperature' needs 'seed'"}}, "temperature", id="the first of two"),
]


@pytest.mark.parametrize(("status", "body", "field"), REFUSED_FIELDS)
def test_an_error_that_names_a_field_is_told_as_the_fields(status: int, body: object, field: str) -> None:
    error = read_error(status, body)

    assert isinstance(error, RefusedFieldError)
    assert error.field == field
    assert error.text.startswith(f"status {status}: ")
    assert pickle.loads(pickle.dumps(error)).args == (field, error.text)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("'max_tokens' or 'max_completion_tokens' is too large: 64000. Its context length is 1", id="vLLM"),
        pytest.param("max_tokens must be at least 1, got -186.", id="an older vLLM"),
        pytest.param("prompt is too long: 9000 + `max_tokens` 4000 > 8192", id="a long prompt"),
        pytest.param("Invalid prompt: your prompt 'What is \"temperature\"?' was flagged", id="a flagged prompt"),
        pytest.param("your seed of doubt is no question", id="a word of a text"),
        pytest.param("Unsupported parameter: 'top_kk'", id="a longer name"),
        pytest.param("the field 'stop' was not sent", id="a field that was not sent"),
    ],
)
def test_an_error_of_one_prompt_is_that_rows_alone(message: str) -> None:
    assert type(read_error(400, {"error": {"message": message}})) is RejectedError


@pytest.mark.parametrize("status", [400, 402, 413, 422])
def test_what_only_this_request_is_refused_for_is_its_own_failure(status: int) -> None:
    error = read_error(status, error_body("context_length_exceeded", "at most 4096 tokens"))

    assert isinstance(error, RejectedError)
    assert str(error) == f"status {status}: context_length_exceeded: at most 4096 tokens"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param({"detail": "Not here"}, "Not here", id="detail"),
        pytest.param({"error": "no such thing"}, "no such thing", id="a text"),
        pytest.param([1], "[1]", id="a list"),
        pytest.param(None, "", id="null"),
        pytest.param(error_body(None, ""), "{'code': None, 'message': ''}", id="nothing said"),
        pytest.param(error_body("x", "cannot take \ud83d"), "x: cannot take \ufffd", id="half a character"),
        pytest.param(b"\xff\xfe", "\ufffd\ufffd", id="bytes"),
        pytest.param(b"one\n  two", "one two", id="lines"),
    ],
)
def test_an_error_of_any_form_is_quoted(body: object, text: str) -> None:
    assert str(read_error(400, body)) == f"status 400: {text}"


@pytest.mark.parametrize("status", [200, 307, 400, 401, 429, 500])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(error_body(KEY, f"wrong key {KEY}"), id="in code and message"),
        *(pytest.param(error_body("x", "." * dots + KEY), id=f"after {dots} characters") for dots in (270, 285, 9_990)),
        pytest.param(error_body(None, f"wrong key {KEY[:9]} \n{KEY[9:]}"), id="over two lines"),
        pytest.param(error_body(None, f"wrong key {KEY[:12]}..."), id="cut short by the server"),
        pytest.param({"error": {KEY: KEY}}, id="in an error of another form"),
        pytest.param(f"wrong key {KEY}".encode(), id="in a body that is no JSON"),
        pytest.param(completion("A", KEY), id="as finish_reason"),
        pytest.param(completion("A", "." * 290 + KEY), id="late in the finish_reason"),
    ],
)
def test_the_key_stands_in_no_error(status: int, body: object) -> None:
    error = read_error(status, body)

    shown = f"{error} {error!r} {''.join(traceback.format_exception(error))}"
    assert KEY[:6] not in shown
    assert KEY[9:15] not in shown


@pytest.mark.parametrize(
    ("responses", "limits"),
    [
        pytest.param([("60", "9000")], Limits(60, 9000), id="both"),
        pytest.param([(None, "9000")], Limits(None, 9000), id="one"),
        pytest.param([("60", "9000"), (None, None)], Limits(60, 9000), id="what is left out stays"),
        pytest.param([("60", "9000"), ("30", "0")], Limits(30, 9000), id="the newest counts, and 0 is none"),
        pytest.param([("-1", "nan")], Limits(), id="negative and nan"),
        pytest.param([("inf", "many")], Limits(), id="infinite and no number"),
    ],
)
def test_the_limits_are_read(responses: list[tuple[str | None, str | None]], limits: Limits) -> None:
    known = Limits()
    for requests, tokens in responses:
        headers = {"x-ratelimit-limit-requests": requests, "X-RateLimit-Limit-Tokens": tokens}
        known = update_limits(known, httpx2.Headers({name: text for name, text in headers.items() if text is not None}))

    assert known == limits
