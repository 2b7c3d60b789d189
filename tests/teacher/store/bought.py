"""Replies to keep, and answers bought and published by a project."""

from pathlib import Path

from potstill.core.records import Usage
from potstill.teacher.api.replies import Reply, ReplyStatus
from potstill.teacher.store.journal import Journal
from potstill.teacher.store.ledger import publish, record_uses

PROJECT = "this"
FULL = Reply(
    status="answered",
    content="The answer is (C) \N{GRINNING FACE}\0\r\n\t'\"\\;--\u2028\u202e\u0301",
    reasoning="First, ...",
    finish_reason="stop",
    model="gpt-4o-2024-08-06",
    usage=Usage(prompt_tokens=7, completion_tokens=5, reasoning_tokens=4),
    logprobs=[{"token": "C", "logprob": -0.1 - 0.2, "bytes": [67], "top_logprobs": [{"token": "\N{SNOWMAN}"}]}],
)
EMPTY = Reply("filtered", None, None, None, None, None, None)


def make_reply(content: str | None = "A", status: ReplyStatus = "answered", completion_tokens: int | None = 3) -> Reply:
    """Return a reply of this text; without a count of tokens it has no usage."""
    usage = None if completion_tokens is None else Usage(prompt_tokens=11, completion_tokens=completion_tokens)
    return Reply(status, content, None, "stop", "m", usage, None)


def buy(journal: Journal, *keys: str, project: str = PROJECT, reply: Reply | None = None, max_tokens: int = 16) -> None:
    for key in keys:
        journal.record(key, max_tokens, reply or make_reply(f"answer to {key}"), "models.example")
    record_uses(journal, project, [(key, max_tokens) for key in keys])


def buy_and_publish(journal: Journal, folder: Path, *keys: str) -> Path:
    """Buy and publish."""
    buy(journal, *keys)
    segment = publish(journal, PROJECT, folder)
    assert segment is not None
    return segment
