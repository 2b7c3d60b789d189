"""From an HTTP response (status, headers, body) to a Reply or to the error that it means. No I/O."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from potstill.core.errors import FatalError, RefusedFieldError, RejectedError, TransientError
from potstill.teacher.api.completions import parse_body, read_completion
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.logins import redact
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.api.refused_fields import find_refused_field
from potstill.teacher.api.replies import HttpResponse, Limits, Reply

UNKNOWN_MODEL = ("unknown_model", "model_not_found", "DeploymentNotFound")
NO_CREDIT = "insufficient_quota"
REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
TRANSIENT = {408, 409, 425, 429}
SUCCESS, REDIRECT, CLIENT_ERROR, SERVER_ERROR = 200, 300, 400, 500
LONGEST_QUOTE = 300
LIMIT_HEADERS = {
    "requests_per_minute": "x-ratelimit-limit-requests",
    "tokens_per_minute": "x-ratelimit-limit-tokens",
}
# OpenAI's, of a reasoning model that thought until the token limit: it has no code, and comes with no usage.
UNFINISHED = "Could not finish the message because max_tokens"
CUT_OFF = Reply("truncated", None, None, "length", None, None, None)
FILTERED_PROMPT = Reply("filtered", None, None, "content_filter", None, None, None)

RETIRED = (
    "Microsoft retired azure-ai-inference, which `provider: azure` asks through, on 2026-08-26: where a /models "
    "endpoint no longer answers, set `provider: openai` and an endpoint such as https://NAME.openai.azure.com/openai/v1"
)

Headers = Mapping[str, str]


def read_reply(
    response: HttpResponse, credentials: Credentials, secrets: Sequence[str], options: RequestOptions
) -> Reply:
    """Return the Reply, or raise the FatalError, RejectedError or TransientError that a response means.

    What an error quotes of the response is short and holds none of the secrets; `options` are what was sent.
    """
    successful = SUCCESS <= response.status < REDIRECT
    try:
        body = parse_body(response.content)
    except ValueError:
        if successful:
            raise TransientError("the server's answer is no JSON") from None
        body = response.content.decode(errors="replace")
    if not successful:
        return _classify_refusal(response, body, credentials, secrets, options)
    try:
        return read_completion(body)
    except (RejectedError, TransientError) as error:
        failure = type(error)(_quote(str(error), secrets))
    raise failure


def _classify_refusal(
    response: HttpResponse, body: object, credentials: Credentials, secrets: Sequence[str], options: RequestOptions
) -> Reply:
    """Return the Reply that a filtered prompt or an unfinished answer is, or raise what status and error mean."""
    status = response.status
    code, message = read_error(body)
    if code == "content_filter" and status == HTTPStatus.BAD_REQUEST:
        return FILTERED_PROMPT
    if message.startswith(UNFINISHED) and status == HTTPStatus.BAD_REQUEST:
        return CUT_OFF
    text = f"status {status}: {_quote(': '.join(part for part in (code, message) if part), secrets)}"
    if advice := _find_remedy(status, code, credentials, options):
        raise FatalError(f"{urlsplit(credentials.endpoint).hostname} answered {text}; {advice}")
    if status in REFUSED and (field := find_refused_field(body, message, options.fields)):
        raise RefusedFieldError(field, text)
    if status in TRANSIENT or status >= SERVER_ERROR:
        throttled = status == HTTPStatus.TOO_MANY_REQUESTS
        raise TransientError(text, retry_after_s=read_retry_after_s(response.headers), throttled=throttled)
    raise RejectedError(text)


def _find_remedy(status: int, code: str | None, credentials: Credentials, options: RequestOptions) -> str | None:
    """Return what a user must put right before any call can succeed, or None if this error is not of that kind."""
    endpoint, key = (f"{credentials.prefix}_{name}" for name in ("ENDPOINT", "KEY"))
    if REDIRECT <= status < CLIENT_ERROR:
        return f"check {endpoint}: a redirect is not followed, since the key would go with it"
    if code == NO_CREDIT:
        return "this account has no credit left, so look at its plan and billing"
    if status in GONE or code in UNKNOWN_MODEL:
        retired = f"; {RETIRED}" if options.provider == "azure" and code not in UNKNOWN_MODEL else ""
        return f"check {endpoint} and the teacher's model{retired}"
    if status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return None
    if credentials.key is None:
        return f"check that your login to Microsoft Entra ID may use this model, or set {key}"
    return f"check {key}" if status == HTTPStatus.UNAUTHORIZED else f"check that {key} may use this model"


def _quote(text: str, secrets: Sequence[str]) -> str:
    """Return a server's text fit for a sentence; secrets go first, before shortening may cut one in two."""
    return " ".join(redact(text, secrets).split())[:LONGEST_QUOTE]


def read_error(body: object) -> tuple[str | None, str]:
    """Return an error's code and message, from any of the forms that servers give it."""
    if isinstance(body, str):
        return None, body
    error = body.get("error", body) if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return None, str(error or body or "")
    code, message = error.get("code"), error.get("message") or error.get("detail")
    metadata = error.get("metadata")
    if isinstance(metadata, Mapping) and "raw" in metadata:  # OpenRouter's, whose own message says that there was one
        message = f"{message}: {metadata['raw']}"
    return None if code is None else str(code), str(message or ("" if code else error or ""))


def update_limits(limits: Limits, headers: Headers) -> Limits:
    """Return the limits, changed to those of the headers that are positive numbers."""
    texts = {name: text for name, header in LIMIT_HEADERS.items() if (text := headers.get(header))}
    changes = {name: number for name, text in texts.items() if (number := _read_number(text))}
    return replace(limits, **changes) if changes else limits


def read_retry_after_s(headers: Headers) -> float | None:
    """Return how many seconds the server asks to wait: retry-after-ms, else Retry-After as seconds or as a date."""
    milliseconds = _read_number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    seconds = _read_number(headers.get("retry-after"))
    return _read_seconds_until(headers) if seconds is None else seconds


def _read_seconds_until(headers: Headers) -> float | None:
    """Return the seconds until the date of Retry-After by the server's own clock, which may differ from ours."""
    until = _read_date(headers.get("retry-after"))
    if until is None:
        return None
    return max(0.0, (until - (_read_date(headers.get("date")) or datetime.now(UTC))).total_seconds())


def _read_date(text: str | None) -> datetime | None:
    """Return the moment of an HTTP-date, which is in UTC, or None for any other text."""
    try:
        date = parsedate_to_datetime(text or "")
    except (TypeError, ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _read_number(text: str | None) -> float | None:
    """Return the finite number, 0 or more, that a text is, or None for any other text."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
