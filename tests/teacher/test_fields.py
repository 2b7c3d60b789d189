"""Runs of infer against a teacher with OpenAI's rules: both kinds of model, both libraries, plain params.yaml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML

from potstill.core.catalogues import Teacher
from potstill.core.errors import RefusedFieldError
from potstill.core.records import Usage, write_rows
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.store.journal import Journal
from tests.servers.strict_openai import StrictOpenAI
from tests.servers.teacher import Answer
from tests.teacher.light_project import LightProject, numbered, request

TOO_LONG = {
    "message": "This model's maximum context length is 8192 tokens. However, you requested 8256 tokens.",
    "type": "invalid_request_error",
    "param": "messages",
    "code": "context_length_exceeded",
}
UNFINISHED = {
    "message": "Could not finish the message because max_tokens or model output limit was reached.",
    "type": "invalid_request_error",
    "param": None,
    "code": None,
}


@pytest.fixture
def teacher() -> Iterator[StrictOpenAI]:
    """Serve a teacher with OpenAI's rules on loopback."""
    with StrictOpenAI() as server:
        yield server


@pytest.fixture(params=["azure", "openai"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def choose(light: LightProject, prompt: dict[str, Any] | None = None, concurrency: int = 4, **entry: Any) -> None:
    """Give the teacher these fields alone, and the prompt these as well."""
    yaml, path = YAML(), light.folder / "params.yaml"
    params = yaml.load(path)
    params["teachers"]["stand-in"] = entry
    params["prompts"][params["prompt"]].update(prompt or {})
    params["runtime"].update(concurrency=concurrency, max_failed_fraction=1)
    yaml.dump(params, path)


def sent(light: LightProject, *names: str) -> set[tuple[object, ...]]:
    """Return what the calls said in these fields, all of them together."""
    return {tuple(call.body.get(name, "left out") for name in names) for call in light.teacher.calls}


@pytest.mark.parametrize(
    ("entry", "limits"),
    [
        pytest.param({"model": "gpt-4o", "max_tokens": 16}, {(16, "left out")}, id="no reasoning"),
        pytest.param(
            {"model": "o4-mini", "temperature": None, "reasoning_effort": "low"}, {("left out", 4000)}, id="reasoning"
        ),
        pytest.param({"model": "gpt-5-mini", "temperature": 1.0}, {("left out", 4000)}, id="its own temperature"),
    ],
)
def test_both_kinds_of_model_are_asked_once_for_each_row(
    light: LightProject, provider: str, entry: dict[str, Any], limits: set[tuple[object, ...]]
) -> None:
    choose(light, provider=provider, **entry)

    light.succeed()

    assert [row.content for row in light.responses()] == ["A"] * 6
    assert len(light.teacher.calls) == 6
    assert sent(light, "max_tokens", "max_completion_tokens") == limits


def test_what_was_thought_is_counted_in_rows_journal_and_ledger(light: LightProject, tmp_path: Path) -> None:
    choose(light, provider="openai", model="o4-mini", temperature=None)

    light.succeed()

    assert {row.usage for row in light.responses()} == {Usage(11, 67, reasoning_tokens=64)}
    with Journal(tmp_path / "journal.sqlite") as journal:
        assert list(journal.read("SELECT DISTINCT completion_tokens, reasoning_tokens FROM answers")) == [(67, 64)]


def test_a_deployment_of_any_name_is_asked_with_the_limit_that_it_wants(light: LightProject, provider: str) -> None:
    choose(light, provider=provider, model="our-deployment", temperature=None, concurrency=1)

    light.succeed()

    assert [call.body.get("max_tokens") for call in light.teacher.calls] == [4000] + [None] * 6
    assert (light.log()["retries"], light.log()["asked"]) == (0, 6)


def test_calls_in_flight_that_are_refused_by_the_older_limit_are_asked_with_the_newer(light: LightProject) -> None:
    light.write_requests("train", numbered(40))
    choose(light, provider="openai", model="our-deployment", temperature=None, concurrency=16)

    light.succeed()

    assert [row.status for row in light.responses()] == ["answered"] * 40
    assert 41 <= len(light.teacher.calls) <= 40 + 16


@pytest.mark.parametrize(
    ("entry", "prompt", "place", "quote", "remedy"),
    [
        pytest.param(
            {"model": "o4-mini"},
            {},
            "teachers.stand-in.temperature",
            "'temperature' does not support 0 with this model. Only the default (1) value is supported.",
            "set it to null",
            id="a temperature for a reasoning model",
        ),
        pytest.param(
            {"model": "o4-mini", "temperature": None, "top_p": 0.5},
            {},
            "teachers.stand-in.top_p",
            "Unsupported parameter: 'top_p' is not supported with this model.",
            "set it to null",
            id="top_p for a reasoning model",
        ),
        pytest.param(
            {"model": "gpt-4o", "reasoning_effort": "low"},
            {},
            "teachers.stand-in.reasoning_effort",
            "Unrecognized request argument supplied: reasoning_effort",
            "set it to null",
            id="reasoning for a model without",
        ),
        pytest.param(
            {"model": "gpt-4o", "max_tokens": 200_000},
            {},
            "teachers.stand-in.max_tokens",
            "max_tokens is too large: 200000.",
            "set another one",
            id="too large a limit",
        ),
        pytest.param(
            {"model": "gpt-4o", "extras": {"min_p": 0.1}},
            {},
            "teachers.stand-in.extras.min_p",
            "Unrecognized request argument supplied: min_p",
            "remove it",
            id="an unknown extra",
        ),
        pytest.param(
            {"model": "o4-mini", "temperature": None, "extras": {"max_tokens": 16}},
            {},
            "teachers.stand-in.extras.max_tokens",
            "Unsupported parameter: 'max_tokens'",
            "remove it",
            id="the older limit among the extras",
        ),
        pytest.param(
            {"model": "gpt-4"},
            {"structured": True, "answer_format": "json"},
            "prompts.letter.structured",
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
            "set it to false",
            id="a schema for a model without",
        ),
    ],
)
def test_a_field_that_the_model_does_not_take_is_told_on_the_first_call(
    light: LightProject,
    provider: str,
    entry: dict[str, Any],
    prompt: dict[str, Any],
    place: str,
    quote: str,
    remedy: str,
) -> None:
    rows = [msgspec.structs.replace(request("train-0:0:0", "Why?"), structured=bool(prompt))]
    write_rows(light.folder / "data/requests/train.jsonl", rows)
    choose(light, prompt, concurrency=1, provider=provider, **entry)

    error = light.refuse()

    assert error.startswith(f"Error: {place}: this model does not take it (status 400: ")
    assert quote in error
    assert error.endswith(f"); {remedy}")
    assert len(light.teacher.calls) == 1


@pytest.mark.parametrize("entry", [{"model": "gpt-4o"}, {"model": "o4-mini", "temperature": None}], ids=["gpt", "o"])
def test_a_structured_answer_is_an_object_of_a_letter_shown(
    light: LightProject, provider: str, entry: dict[str, Any]
) -> None:
    rows = [msgspec.structs.replace(request(f"train-{one}:0:0", one), structured=True) for one in "ab"]
    write_rows(light.folder / "data/requests/train.jsonl", rows)
    choose(light, {"structured": True, "answer_format": "json"}, provider=provider, **entry)

    light.succeed()

    assert [row.content for row in light.responses()] == ['{"answer": "A"}'] * 2


def test_a_prompt_that_is_too_long_is_a_failed_row_and_a_thought_that_is_too_long_a_cut_off_one(
    light: LightProject,
) -> None:
    choose(light, provider="openai", model="o4-mini", temperature=None)
    light.teacher.script_for("question 2?", Answer({"error": TOO_LONG}, status=400))
    light.teacher.script_for("question 3?", Answer({"error": UNFINISHED}, status=400))

    light.succeed()

    statuses = [row.status for row in light.responses()]
    assert statuses == ["answered", "answered", "failed", "truncated", "answered", "answered"]


@pytest.mark.parametrize(
    "text",
    ["max_tokens of 100000 is not supported (at most 8192)", "`max_tokens` or `max_completion_tokens` is too large"],
)
def test_a_limit_that_is_refused_for_its_value_keeps_its_name(text: str) -> None:
    options = RequestOptions(Teacher(provider="openai", model="m"))

    assert not options.learn(RefusedFieldError("max_tokens", text))
    assert '"max_tokens"' in options.encoded
