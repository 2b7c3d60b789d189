"""A bought answer: the one record from which the journal's columns and the ledger's lines are derived."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from potstill.core.records import Tokens, Usage
from potstill.teacher.api.replies import Reply


@dataclass(frozen=True)
class BoughtAnswer:
    """What a teacher said, the key and token limit it was asked with, where and when (seconds since 1970).

    `segment` names the file of a ledger that brought it into the journal; None where it was bought on this machine.
    """

    key: str
    max_tokens: Tokens
    reply: Reply
    endpoint_host: str
    asked_at: float
    segment: str | None = None

    @property
    def from_ledger(self) -> bool:
        """Return whether a ledger brought it."""
        return self.segment is not None

    def to_columns(self) -> tuple[object, ...]:
        """Return what COLUMNS hold of it: the reply's fields beside the others, the usage as numbers."""
        reply, usage = self.reply, self.reply.usage
        logprobs = None if reply.logprobs is None else json.dumps(reply.logprobs)
        said = (reply.status, reply.content, reply.reasoning, reply.finish_reason, reply.model, logprobs)
        tokens = [usage and getattr(usage, name) for name in TOKENS]
        return (*said, self.key, self.max_tokens, self.endpoint_host, self.asked_at, self.segment, *tokens)

    @classmethod
    def from_columns(cls, values: Sequence[Any]) -> "BoughtAnswer":
        """Return the answer that a row of COLUMNS holds."""
        status, content, reasoning, finish_reason, model, logprobs, *others = values
        key, max_tokens, endpoint_host, asked_at, segment, *tokens = others
        usage = None if tokens[0] is None else Usage(*tokens)
        reply = Reply(status, content, reasoning, finish_reason, model, usage, logprobs and json.loads(logprobs))
        return cls(key, max_tokens, reply, endpoint_host, asked_at, segment)

    def to_line(self) -> bytes:
        """Return its line in a segment: JSON with sorted fields, the reply's beside the others.

        In the log probabilities the teacher's order is kept, so that responses have the same bytes on every machine.
        """
        line = {name: value for name, value in (vars(self) | vars(self.reply)).items() if name in LINE_FIELDS}
        if self.reply.usage:
            line["usage"] = dict(sorted(msgspec.to_builtins(self.reply.usage).items()))
        return json.dumps(dict(sorted(line.items())), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes, segment: str) -> "BoughtAnswer":
        """Return the answer that a segment's line holds; raise a ValueError for a line of any other form."""
        row = json.loads(line)
        if not isinstance(row, dict) or row.keys() != LINE_FIELDS:
            raise ValueError(f"expected an object of {', '.join(sorted(LINE_FIELDS))}")
        reply = {name: row.pop(name) for name in REPLY_FIELDS}
        try:
            answer = msgspec.convert({**row, "reply": reply, "segment": segment}, cls)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None
        if not math.isfinite(answer.asked_at):
            raise ValueError(f"expected asked_at to be a moment, got {answer.asked_at}")
        answer.to_line()  # which raises a UnicodeError, a ValueError, for what no UTF-8 file can hold
        return answer


SAID = ("status", "content", "reasoning", "finish_reason", "model", "logprobs")
TOKENS = Usage.__struct_fields__
COLUMNS = (*SAID, "key", "max_tokens", "endpoint_host", "asked_at", "segment", *TOKENS)
REPLY_FIELDS = tuple(field.name for field in fields(Reply))
LINE_FIELDS = {*REPLY_FIELDS, "key", "max_tokens", "endpoint_host", "asked_at"}
SELECT = f"SELECT {', '.join(f'answers.{name}' for name in COLUMNS)}"
INSERT = f"INSERT OR IGNORE INTO answers ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
