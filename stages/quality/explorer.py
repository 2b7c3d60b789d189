"""The rows that the report page lets people look through: a sample that fits a page, and how they are written in it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import Any

from markupsafe import Markup

from stages.extraction import find_passage
from stages.judging import Judged
from stages.quality.frames import printable
from stages.quality.slices import length_band, question_type
from stages.records import Reading, Request, Response

MOST_CHARACTERS = 30_000_000  # what a browser opens without a pause on a small machine; of all texts of a page
LONGEST_TEXT = 100_000

Row = tuple[str, Request, Response, Reading]


@dataclass
class Sample:
    """The rows that a page holds: all of them, or a random `size` of more, the same in every run."""

    size: int
    seen: int = 0
    _kept: list[tuple[int, int, Row]] = field(default_factory=list)

    def add(self, split: str, judged: Judged) -> None:
        """Consider a question's rows; those whose ids have the least hashes stay."""
        for request, response, reading in judged.rows:
            self.seen += 1
            digest = hashlib.sha256(f"{split} {request.id}".encode()).digest()
            entry = (-int.from_bytes(digest[:8]), -self.seen, (split, request, response, reading))
            if len(self._kept) < self.size:
                heappush(self._kept, entry)
            elif self._kept and entry > self._kept[0]:
                heappushpop(self._kept, entry)

    def rows(self) -> list[Row]:
        """Return the rows kept in their order, as many as MOST_CHARACTERS hold."""
        total, chosen = 0, list[tuple[int, int, Row]]()
        for entry in sorted(self._kept, reverse=True):
            _, request, response, _ = entry[2]
            total += sum(len(message.content) for message in request.messages[1:]) + len(response.content or "")
            if total > MOST_CHARACTERS and chosen:
                break
            chosen.append(entry)
        return [row for _, _, row in sorted(chosen, key=lambda entry: -entry[1])]


def describe_rows(sampled: Sequence[Row]) -> dict[str, Any]:
    """Return {texts, rows}, as the page's script reads them; a message that many rows share is there once."""
    texts: dict[str, int] = {}
    rows = [_describe(row, texts) for row in sampled]
    return {"texts": list(texts), "rows": rows}


def embed(value: object) -> Markup:
    """Write JSON that may stand in a script element: nothing in it can end the element, or begin another."""
    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))  # noqa: S704


def _describe(row: Row, texts: dict[str, int]) -> dict[str, Any]:
    """Return what the page shows of a row; messages are places in the list of texts."""
    split, request, response, reading = row
    content = response.content or ""
    start, end = (find_passage(content, request.choices) if reading.answer else None) or (len(content), len(content))
    return {
        "split": split,
        "id": printable(request.id),
        "question": printable(request.question[:LONGEST_TEXT]),
        "type": question_type(request.question),
        "length": length_band(request.question),
        "gold": request.answer or "",
        "answer": reading.answer or "",
        "outcome": reading.outcome,
        "messages": [
            [message.role, texts.setdefault(printable(_cut(message.content)), len(texts))]
            for message in request.messages
        ],
        "said": [printable(_cut(part)) for part in (content[:start], content[start:end], content[end:])],
        **({"reasoning": printable(_cut(response.reasoning))} if response.reasoning else {}),
        **({"error": printable(response.error)} if response.error else {}),
    }


def _cut(text: str) -> str:
    """Cut off what is too long to be looked at, and say so."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}\n[cut: {len(text):,} characters in all]"
