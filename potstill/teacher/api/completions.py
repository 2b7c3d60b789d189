"""From the body of a chat completion to a Reply. No I/O.

What was bought is kept wherever the answer itself can be read; a side field of another shape than agreed is dropped.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress

import msgspec

from potstill.core.errors import RejectedError, TransientError
from potstill.core.records import Tokens, Usage
from potstill.teacher.api.replies import Reply, ReplyStatus

STATUSES: dict[str | None, ReplyStatus] = {
    **dict.fromkeys((None, "stop", "eos", "eos_token", "end_turn", "stop_sequence"), "answered"),
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_length"), "truncated"),
    "content_filter": "filtered",
}
BROKEN_OFF = ("abort", "aborted", "cancelled", "error", "insufficient_system_resource")
REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
THINKING = re.compile(r"\s*<think>(.*?)(?:</think>\s*|\Z)", re.DOTALL)
THINKING_END = re.compile(r"</think>\s*")
SURROGATE = re.compile("[\ud800-\udfff]")
STRICT_JSON = json.JSONDecoder(parse_constant=lambda _: None)
NO_COMPLETION = "the server's answer is no chat completion"


def read_completion(body: object) -> Reply:
    """Return the first choice as a Reply.

    A body of another shape, or an answer that the server broke off, is a TransientError; one that ended for a reason
    that says nothing of its being whole is a RejectedError, since asking again would be paid again.
    """
    if not isinstance(body, Mapping):
        raise TransientError(NO_COMPLETION)
    choices = body.get("choices")
    if not choices:
        raise TransientError("the server's answer holds no choices")
    choice = choices[0] if isinstance(choices, list) else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        raise TransientError(NO_COMPLETION)
    finish_reason = _read_string(choice.get("finish_reason"))
    content, thoughts = _read_content(message.get("content"))
    return Reply(
        status=_read_status(finish_reason),
        content=content or _read_string(message.get("refusal")) or "",
        reasoning=_read_reasoning(message) or thoughts,
        finish_reason=finish_reason,
        model=_read_string(body.get("model")),
        usage=_read_usage(body.get("usage")),
        logprobs=_read_logprobs(choice.get("logprobs")),
    )


def parse_body(raw: bytes) -> object:
    """Parse a body's JSON, or raise a ValueError; NaN and the like, which no JSON file may hold, become None."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # fast, but for good UTF-8 alone
        return msgspec.json.decode(raw)
    try:
        return STRICT_JSON.decode(raw.decode(json.detect_encoding(raw), "surrogatepass"))
    except RecursionError:
        raise ValueError("too many brackets") from None


def clean(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 file can hold."""
    return SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _read_status(finish_reason: str | None) -> ReplyStatus:
    """Return whether an answer is whole, cut off or held back; raise an error for any other reason to end."""
    if status := STATUSES.get(finish_reason):
        return status
    message = f"the server's answer ended with the finish_reason {finish_reason!r}"
    if finish_reason in BROKEN_OFF:
        raise TransientError(message)
    raise RejectedError(f"{message}, of which nobody knows whether it is whole")


def _read_reasoning(message: Mapping[str, object]) -> str | None:
    """Return the thoughts that stand beside the answer, by whatever name: the first of REASONING with a text in it.

    A list of details, as OpenRouter has it, may hold texts, summaries, and what is encrypted, which is left out.
    """
    for name in REASONING:
        thoughts = message.get(name)
        if isinstance(thoughts, list):
            parts = [part for part in thoughts if isinstance(part, Mapping)]
            thoughts = "".join([_read_string(part.get("text") or part.get("summary")) or "" for part in parts])
        if isinstance(thoughts, str) and thoughts.strip():
            return clean(thoughts)
    return None


def _read_content(content: object) -> tuple[str, str | None]:
    """Return the answer's text and the thoughts in it; a list is read part by part."""
    if content is None:
        return "", None
    if isinstance(content, str):
        return _split_thinking(clean(content))
    if not isinstance(content, list) or not all(isinstance(part, Mapping) for part in content):
        raise TransientError(NO_COMPLETION)
    texts, thoughts = (
        "".join(_text_of(part) for part in content if part.get("type") == kind) for kind in ("text", "thinking")
    )
    return texts, thoughts.strip() or None


def _text_of(part: Mapping[str, object]) -> str:
    """Return the text of a part of a content list, whose thoughts are a list of parts themselves."""
    inner = part.get(str(part.get("type")))
    if isinstance(inner, list):
        return "".join(_text_of(each) for each in inner if isinstance(each, Mapping))
    return clean(inner) if isinstance(inner, str) else ""


def _split_thinking(text: str) -> tuple[str, str | None]:
    """Return the answer and a reasoning model's thoughts, which may be cut off or lack their opening tag."""
    if thinking := THINKING.match(text):
        return text[thinking.end() :], thinking[1].strip()
    end = THINKING_END.search(text)
    if end is None or "<think>" in text[: end.start()]:
        return text, None
    return text[end.end() :], text[: end.start()].strip()


def _read_string(value: object) -> str | None:
    """Return a text, and None for what is no text."""
    return clean(value) if isinstance(value, str) else None


def _read_usage(counted: object) -> Usage | None:
    """Return how many tokens were counted; None where that is not said in full.

    xAI counts reasoning beside the completion, and not in it as others do: there all three make the total.
    """
    if not isinstance(counted, Mapping):
        return None
    details = counted.get("completion_tokens_details")
    reasoning = _read_count(details.get("reasoning_tokens")) if isinstance(details, Mapping) else None
    prompt, completion, total = (
        _read_count(counted.get(f"{name}_tokens")) for name in ("prompt", "completion", "total")
    )
    if prompt is None or completion is None:
        return None
    if reasoning and total == prompt + completion + reasoning:
        completion += reasoning
    return Usage(prompt_tokens=prompt, completion_tokens=completion, reasoning_tokens=reasoning or None)


def _read_count(value: object) -> int | None:
    """Return a number of tokens, in whatever form it comes; None for anything else."""
    try:
        return msgspec.convert(value, Tokens, strict=False)
    except msgspec.ValidationError:
        return None


def _read_logprobs(logprobs: object) -> list[dict[str, object]] | None:
    """Return the list of tokens with their log probabilities."""
    tokens = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not isinstance(tokens, list) or not all(isinstance(token, Mapping) for token in tokens):
        return None
    cleaned: list[dict[str, object]] = json.loads(clean(json.dumps(tokens, ensure_ascii=False)))
    return cleaned
