"""A text that is rewritten step by step, and where each of its characters came from. No I/O.

A `Draft` only rewrites, and is fast. A `TracedDraft` does the same and keeps for every character its place in the raw
text, so that a place found at the end can be shown where the text's author wrote it.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

Replacement = str | Callable[[re.Match[str]], str]

# Where a text may be cut so that composing the pieces composes the whole: not before marks and vowels that join.
_JOINING = re.compile("[\u1160-\u11ff\u3131-\u318e\uff9e-\uffdc]")


class Draft:
    """A text under revision."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def replace(self, pattern: re.Pattern[str], plain: Replacement) -> None:
        """Replace what the pattern finds, by a template that may hold one group or by what a function returns."""
        self.text = pattern.sub(plain, self.text)

    def map_characters(self, table: Mapping[int, str]) -> None:
        """Compose the text's characters, and replace each by what the table has for it."""
        if not self.text.isascii():
            self.text = unicodedata.normalize("NFC", self.text)
        self.text = self.text.translate(table)

    def keep(self, start: int, end: int) -> None:
        """Keep what stands between two places, and drop the rest."""
        self.text = self.text[start:end]

    def cut(self, start: int, end: int) -> None:
        """Put a line's end in the place of what stands between two places."""
        self.text = f"{self.text[:start]}\n{self.text[end:]}"

    def strip(self) -> None:
        """Drop the blanks around the text."""
        self.text = self.text.strip()


class TracedDraft(Draft):
    """A text under revision that knows which part of the raw text each of its characters stands for."""

    __slots__ = ("places",)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.places = [(place, place + 1) for place in range(len(text))]

    def replace(self, pattern: re.Pattern[str], plain: Replacement) -> None:
        """Replace as a draft does; what a group keeps keeps its places, the rest stands for all that it replaces."""
        pieces, places, done = [], [], 0
        for match in pattern.finditer(self.text):
            new = match.expand(plain) if isinstance(plain, str) else plain(match)
            pieces += [self.text[done : match.start()], new]
            places += self.places[done : match.start()]
            places += self._places_of(match, plain, len(new))
            done = match.end()
        self.text, self.places = "".join([*pieces, self.text[done:]]), places + self.places[done:]

    def map_characters(self, table: Mapping[int, str]) -> None:
        """Compose and replace piece by piece; what is new stands for its piece."""
        starts = [place for place, character in enumerate(self.text) if place == 0 or not _joins(character)]
        pieces, places = [], []
        for start, end in zip(starts, [*starts[1:], len(self.text)], strict=False):
            pieces.append(unicodedata.normalize("NFC", self.text[start:end]).translate(table))
            places += [self.raw_span(start, end)] * len(pieces[-1])
        self.text, self.places = "".join(pieces), places

    def keep(self, start: int, end: int) -> None:
        """Keep what stands between two places, and what it stands for."""
        super().keep(start, end)
        self.places = self.places[start:end]

    def cut(self, start: int, end: int) -> None:
        """Put a line's end in the place of what stands between two places, and let it stand for that."""
        super().cut(start, end)
        self.places[start:end] = [self.raw_span(start, end)]

    def strip(self) -> None:
        """Drop the blanks around the text, and what they stand for."""
        start = len(self.text) - len(self.text.lstrip())
        self.keep(start, start + len(self.text.strip()))

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the part of the raw text that the characters between two places stand for; there is at least one."""
        part = self.places[start:end]
        return min(first for first, _ in part), max(last for _, last in part)

    def _places_of(self, match: re.Match[str], plain: Replacement, length: int) -> list[tuple[int, int]]:
        """Return what each character of a replacement stands for."""
        start, end = match.span()
        if start == end:  # what is put between two characters stands for the next, or else for the last
            return self.places[start : start + 1] * length or self.places[-1:] * length
        whole = self.raw_span(start, end)
        if not isinstance(plain, str) or "\\1" not in plain or not match[1]:
            return [whole] * length
        before = len(match.expand(plain[: plain.index("\\1")]))
        group = self.places[match.start(1) : match.end(1)]
        return [whole] * before + group + [whole] * (length - before - len(group))


def _joins(character: str) -> bool:
    """Tell whether a character may compose with the one before it."""
    return bool(_JOINING.match(character)) or unicodedata.category(character).startswith("M")
