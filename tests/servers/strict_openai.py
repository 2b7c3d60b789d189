"""A teacher on loopback that refuses what OpenAI's chat completions refuse, in the words that OpenAI has for it.

The error bodies are those that users of the service quote in public reports; its documentation shows none of them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.servers.teacher import Answer, Call, TeacherServer, completion

MODELS = {"o4-mini": True, "gpt-5-mini": True, "our-deployment": True, "gpt-4o": False, "gpt-4": False}  # reasons?
WITHOUT_SCHEMAS = ("gpt-4",)
EFFORTS = ("minimal", "low", "medium", "high")
UNSUPPORTED_BY_REASONING = ("top_p", "logprobs", "top_logprobs")
MOST_TOKENS = 16_384
KNOWN = {"messages", "model", "temperature", "top_p", "seed", "max_tokens", "max_completion_tokens", "response_format"}
KNOWN |= {"logprobs", "top_logprobs", "reasoning_effort"}
GUIDE = "Learn more about supported models at the Structured Outputs guide: https://platform.openai.com/docs/guides/"


class StrictOpenAI(TeacherServer):
    """Answers as OpenAI's models do: one that reasons wants other fields than one that does not."""

    def respond(self, call: Call) -> Answer:
        """Refuse a body by the first rule that it breaks, or answer with the first letter that it may."""
        body = call.body
        refused = next(find_refusals(body), None)
        if refused:
            status = 404 if refused["code"] == "model_not_found" else 400
            return Answer({"error": {"type": "invalid_request_error", **refused}}, status=status)
        answer = completion(_answer_in_form(body))
        if MODELS[body["model"]]:
            details = {"reasoning_tokens": 64}
            usage = {"prompt_tokens": 11, "completion_tokens": 67, "total_tokens": 78}
            answer["usage"] = usage | {"completion_tokens_details": details}
        return Answer(answer)


def find_refusals(body: Mapping[str, Any]) -> Iterator[dict[str, str | None]]:
    """Yield the error of each rule that a body breaks."""
    model = body["model"]
    if model not in MODELS:
        message = f"The model `{model}` does not exist or you do not have access to it."
        yield _error(message, None, "model_not_found")
        return
    for name in body.keys() - KNOWN:
        yield _error(f"Unrecognized request argument supplied: {name}")
    yield from _find_refusals_of_reasoning(body) if MODELS[model] else _find_refusals_of_others(body)
    yield from _find_refusals_of_schemas(body)


def _find_refusals_of_reasoning(body: Mapping[str, Any]) -> Iterator[dict[str, str | None]]:
    """Yield what a reasoning model refuses."""
    if "max_tokens" in body:
        advice = " Use 'max_completion_tokens' instead."
        message = f"Unsupported parameter: 'max_tokens' is not supported with this model.{advice}"
        yield _error(message, "max_tokens", "unsupported_parameter")
    if body.get("temperature") not in (None, 1):
        value = f"'temperature' does not support {body['temperature']:g} with this model"
        message = f"Unsupported value: {value}. Only the default (1) value is supported."
        yield _error(message, "temperature", "unsupported_value")
    for name in UNSUPPORTED_BY_REASONING:
        if name in body:
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            yield _error(message, name, "unsupported_parameter")
    if body.get("reasoning_effort", "low") not in EFFORTS:
        value = f"'reasoning_effort' does not support '{body['reasoning_effort']}' with this model"
        message = f"Unsupported value: {value}. Supported values are: {', '.join(map(repr, EFFORTS))}."
        yield _error(message, "reasoning_effort", "unsupported_value")


def _find_refusals_of_others(body: Mapping[str, Any]) -> Iterator[dict[str, str | None]]:
    """Yield what a model that does not reason refuses."""
    if "reasoning_effort" in body:
        yield _error("Unrecognized request argument supplied: reasoning_effort")
    if (limit := body.get("max_tokens", 0)) > MOST_TOKENS:
        most = f"This model supports at most {MOST_TOKENS} completion tokens, whereas you provided {limit}."
        yield _error(f"max_tokens is too large: {limit}. {most}", "max_tokens")


def _find_refusals_of_schemas(body: Mapping[str, Any]) -> Iterator[dict[str, str | None]]:
    """Yield what is wrong with a response_format: a schema must be strict, closed, and require all that it has."""
    form = body.get("response_format", {"type": "text"})
    if form["type"] != "json_schema":
        return
    if body["model"] in WITHOUT_SCHEMAS:
        message = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
        yield _error(f"{message} {GUIDE}structured-outputs")
    named, schema = form["json_schema"], form["json_schema"]["schema"]
    broken = f"Invalid schema for response_format '{named['name']}': In context=()"
    if named.get("strict") is not True:
        yield _error(f"{broken}, 'strict' is required to be true.", "response_format")
    if schema.get("type") != "object":
        yield _error(f"{broken}, schema must have type 'object' and not '{schema.get('type')}'.", "response_format")
    if schema.get("additionalProperties") is not False:
        message = f"{broken}, 'additionalProperties' is required to be supplied and to be false."
        yield _error(message, "response_format")
    if missing := schema.get("properties", {}).keys() - schema.get("required", []):
        needed = "'required' is required to be supplied and to be an array including every key in properties"
        yield _error(f"{broken}, {needed}. Missing '{min(missing)}'.", "response_format")


def _error(message: str, param: str | None = None, code: str | None = None) -> dict[str, str | None]:
    """Return an error as OpenAI's bodies hold it."""
    return {"message": message, "param": param, "code": code}


def _answer_in_form(body: Mapping[str, Any]) -> str:
    """Return the first letter of a schema's enum in its object, or else the letter A."""
    form = body.get("response_format", {})
    if form.get("type") != "json_schema":
        return "A"
    return json.dumps({"answer": form["json_schema"]["schema"]["properties"]["answer"]["enum"][0]})
