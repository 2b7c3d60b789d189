"""The rows that the report page lets people look through: a sample that fits a page, and how they are written in it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from markupsafe import Markup

from potstill.core.letters import original_letter
from potstill.quality.frames import printable
from potstill.quality.slices import length_band, question_type
from potstill.reading.exchanges import JudgedExchange
from potstill.reading.judging import JudgedQuestion

MOST_CHARACTERS = 30_000_000  # what a browser opens without a pause on a small machine; of all texts of a page
LONGEST_TEXT = 100_000

PageRow = dict[str, Any]


@dataclass
class ExplorerRows:
    """The rows that a page holds: all of `total`, or a random `size` of more, the same in every run.

    Of texts it holds so many `characters`: where they do not fit, the sample is smaller, whatever their
    lengths.
    """

    size: int
    characters: int = MOST_CHARACTERS
    total: int = 0
    _kept: list[tuple[int, int, PageRow]] = field(default_factory=list)
    _characters_kept: int = 0
    _least_dropped: int = 1 << 64

    def add(self, split: str, question: JudgedQuestion) -> None:
        """Consider a question's rows; those whose ids have the least hashes stay."""
        for exchange in question.exchanges:
            self.total += 1
            digest = int.from_bytes(hashlib.sha256(f"{split} {exchange.request.id}".encode()).digest()[:8])
            if self.size and digest < self._least_dropped:
                row = _make_row(split, question, exchange)
                heappush(self._kept, (-digest, -self.total, row))
                self._characters_kept += _count_characters(row)
                self._drop_excess()

    def rows(self) -> list[PageRow]:
        """Return the rows kept, in their order."""
        return [row for _, _, row in sorted(self._kept, key=lambda entry: -entry[1])]

    def _drop_excess(self) -> None:
        """Drop the rows with the greatest hashes until the rest fits; one row stays, however long."""
        while len(self._kept) > self.size or (self._characters_kept > self.characters and len(self._kept) > 1):
            digest, _, row = heappop(self._kept)
            self._least_dropped = -digest
            self._characters_kept -= _count_characters(row)


def share_texts(rows: Sequence[PageRow]) -> dict[str, Any]:
    """Return {texts, rows}, as the page's script reads them; a message that many rows share is there once."""
    texts: dict[str, int] = {}
    shared = [
        row | {"messages": [[role, texts.setdefault(text, len(texts))] for role, text in row["messages"]]}
        for row in rows
    ]
    return {"texts": list(texts), "rows": shared}


def embed(value: object) -> Markup:
    """Return JSON that may stand in a script element: nothing in it can end the element, or begin another."""
    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))  # noqa: S704


def _make_row(split: str, question: JudgedQuestion, exchange: JudgedExchange) -> PageRow:
    """Return what the page shows of an exchange; of the response's three parts the letter was read in the second."""
    request, response, reading, span, *_ = exchange
    content = response.content or ""
    start, end = span or (len(content), len(content))
    return {
        "split": split,
        "id": _fit(request.id),
        "question": _fit(request.question),
        "type": question_type(request.question),
        "length": length_band(request.question),
        "gold": request.answer or "",
        "answer": reading.answer or "",
        "outcome": reading.outcome,
        **({"candidates": exchange.candidates} if exchange.candidates else {}),
        **(_describe_answer(question, exchange) if len(question.exchanges) > 1 else {}),
        "messages": [(message.role, _fit(message.content)) for message in request.messages],
        "response": [_fit(part) for part in (content[:start], content[start:end], content[end:])],
        **({"reasoning": _fit(response.reasoning)} if response.reasoning else {}),
        **({"error": _fit(response.error)} if response.error else {}),
    }


def _describe_answer(question: JudgedQuestion, exchange: JudgedExchange) -> PageRow:
    """Return which of a question's readings an exchange is, what its letter means, and what they come to together."""
    request, letter, answer = exchange.request, exchange.reading.answer, question.answer
    shares = answer.distribution
    tied = [] if answer.answer else [one for one, share in shares.items() if share == max(shares.values())]
    return {
        "rotation": request.rotation,
        "replicate": request.replicate,
        "original": letter and original_letter(letter, request.rotation, len(request.choices)),
        "final": answer.answer or "",
        "judged": answer.outcome,
        "tied": tied,
    }


def _count_characters(row: PageRow) -> int:
    """Return how many characters a row's texts have; a system message counts each time, though the page has it once."""
    texts = [*row["response"], *(text for _, text in row["messages"])]
    return sum(map(len, texts)) + sum(len(row.get(name, "")) for name in ("id", "question", "reasoning", "error"))


def _fit(text: str) -> str:
    """Return a text without control characters; if it is too long, it is cut and says so."""
    cut = f"{text[:LONGEST_TEXT]}\n[cut: {len(text):,} characters in all]" if len(text) > LONGEST_TEXT else text
    return printable(cut)
