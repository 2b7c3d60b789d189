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

    def to_columns(self) -> dict[str, object]:
        """Return what COLUMNS hold of it: the reply's fields beside the others, the usage as two numbers."""
        columns = vars(self) | vars(self.reply)
        usage = columns.pop("usage")
        del columns["reply"]
        columns |= msgspec.structs.asdict(usage) if usage else dict.fromkeys(USAGE_FIELDS)
        return columns | {"logprobs": None if self.reply.logprobs is None else json.dumps(self.reply.logprobs)}

    @classmethod
    def from_columns(cls, values: Sequence[Any]) -> "BoughtAnswer":
        """Return the answer that a row of COLUMNS holds."""
        row = dict(zip(COLUMNS, values, strict=True))
        row["usage"] = None if row["prompt_tokens"] is None else Usage(**{name: row[name] for name in USAGE_FIELDS})
        row["logprobs"] = row["logprobs"] and json.loads(row["logprobs"])
        return cls(reply=Reply(*[row[name] for name in REPLY_FIELDS]), **{name: row[name] for name in ANSWER_FIELDS})

    def to_line(self) -> bytes:
        """Return its line in a segment: JSON with sorted fields, the reply's beside the others.

        In the log probabilities the teacher's order is kept, so that responses have the same bytes on every machine.
        """
        line = {name: value for name, value in (vars(self) | vars(self.reply)).items() if name in LINE_FIELDS}
        if self.reply.usage:
            line["usage"] = dict(sorted(msgspec.structs.asdict(self.reply.usage).items()))
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
        return answer


REPLY_FIELDS = tuple(field.name for field in fields(Reply))
USAGE_FIELDS = Usage.__struct_fields__
ANSWER_FIELDS = tuple(field.name for field in fields(BoughtAnswer) if field.name != "reply")
COLUMNS = (*(name for name in (*REPLY_FIELDS, *ANSWER_FIELDS) if name != "usage"), *USAGE_FIELDS)
LINE_FIELDS = {*REPLY_FIELDS, *ANSWER_FIELDS} - {"segment"}
SELECT = f"SELECT {', '.join(f'answers.{name}' for name in COLUMNS)}"
INSERT = f"INSERT OR IGNORE INTO answers ({', '.join(COLUMNS)}) VALUES (:{', :'.join(COLUMNS)})"  # noqa: S608
