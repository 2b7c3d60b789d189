"""One small call to a teacher, to see whether it answers."""

import asyncio
import json
import socket
import time

from pydantic import JsonValue

from potstill.core.catalogues import Teacher
from potstill.core.errors import InputError, TransientError
from potstill.core.records import Chat, Message
from potstill.teacher.api.client import connect
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.network import address_of, classify_connection_error, connect_timeout_s, proxy_for
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.api.replies import Reply

QUESTION = Message(role="user", content="Reply with the letter A.")
LETTERS = "AB"
MOST_TOKENS = 16


def check_reachable(credentials: Credentials, timeout_s: float) -> str:
    """Connect to the endpoint's host, or to the proxy before it, send nothing, and return what was reached.

    Raise an InputError if there is no connection.
    """
    proxy = proxy_for(credentials.endpoint)
    host, port = address_of(proxy or credentials.endpoint)
    try:
        socket.create_connection((host, port), connect_timeout_s(timeout_s)).close()
    except OSError as error:
        failure = classify_connection_error(error, (OSError,), credentials, timeout_s)
        raise InputError(f"{failure}; check {credentials.prefix}_ENDPOINT and the network") from None
    return f"{host}:{port}{', the proxy,' if proxy else ''}"


def ask_probe(
    teacher: Teacher, extras: dict[str, JsonValue], credentials: Credentials, timeout_s: float, *, structured: bool
) -> tuple[Reply, float]:
    """Ask once, with few tokens allowed, and return the reply and the seconds it took; raise what a client raises."""
    chat = Chat([QUESTION], LETTERS if structured else None)
    return asyncio.run(_ask_once(_shrink(teacher, extras), chat, credentials, timeout_s))


def is_held(reply: Reply) -> bool:
    """Return whether the reply to a structured probe is an object with one of LETTERS as its answer."""
    try:
        answer = json.loads(reply.content or "")
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("answer") in [*LETTERS]


def check_batches(teacher: Teacher, credentials: Credentials, timeout_s: float) -> None:
    """List the batches of an endpoint, which buys nothing; raise what a client raises."""
    from potstill.teacher.api.batch_service import BatchService  # noqa: PLC0415 (openai takes a second to import)

    async def list_once() -> None:
        service = BatchService(credentials, timeout_s, RequestOptions(teacher), teacher.scope)
        try:
            await service.check()
        finally:
            await service.close()

    asyncio.run(list_once())


def _shrink(teacher: Teacher, extras: dict[str, JsonValue]) -> Teacher:
    """Return the teacher with a small token limit, whichever field sets it, and with more extras."""
    limits: dict[str, JsonValue] = {
        name: min(limit, MOST_TOKENS)
        for name in ("max_tokens", "max_completion_tokens")
        if isinstance(limit := teacher.extras.get(name), int)
    }
    merged = {**teacher.extras, **extras, **limits}
    return teacher.model_copy(update={"max_tokens": min(teacher.max_tokens, MOST_TOKENS), "extras": merged})


async def _ask_once(teacher: Teacher, chat: Chat, credentials: Credentials, timeout_s: float) -> tuple[Reply, float]:
    """Make one attempt, bounded as infer bounds it."""
    client = connect(teacher, credentials, timeout_s)
    started = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            reply = await client.complete(chat)
        return reply, time.monotonic() - started
    except TimeoutError:
        raise TransientError(f"no answer within {timeout_s:g} s") from None
    finally:
        await client.close()
