"""A text that is rewritten step by step, and where each of its characters came from. No I/O.

A `Draft` only rewrites, and is fast. A `TracedDraft` does the same and keeps for every character its place in the raw
text, so that a place found at the end can be shown where the text's author wrote it.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

Replacement = str | Callable[[re.Match[str]], str]

# Where a text may be cut so that composing the pieces composes the whole: not before marks and vowels that join.
_JOINING = "\u1160-\u11ff\u3131-\u318e\uff9e-\uffdc"


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
    """A text under revision that knows the places its characters had in the raw text."""

    __slots__ = ("origins",)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.origins = list(range(len(text)))

    def replace(self, pattern: re.Pattern[str], plain: Replacement) -> None:
        """Replace as a draft does; what a group keeps keeps its places, what is new gets those of what it replaces."""
        pieces, origins, done = [], [], 0
        for match in pattern.finditer(self.text):
            pieces += [self.text[done : match.start()], match.expand(plain) if isinstance(plain, str) else plain(match)]
            origins += self.origins[done : match.start()]
            origins += self._origins_of(match, plain, pieces[-1])
            done = match.end()
        self.text, self.origins = "".join([*pieces, self.text[done:]]), origins + self.origins[done:]

    def map_characters(self, table: Mapping[int, str]) -> None:
        """Compose and replace piece by piece, each piece at the place of its first character."""
        pieces, origins, start = [], [], 0
        for end in [*range(1, len(self.text)), len(self.text)] if self.text else []:
            if end < len(self.text) and self._joins(self.text[end]):
                continue
            pieces.append(unicodedata.normalize("NFC", self.text[start:end]).translate(table))
            origins += [self.origins[start]] * len(pieces[-1])
            start = end
        self.text, self.origins = "".join(pieces), origins

    def keep(self, start: int, end: int) -> None:
        """Keep what stands between two places, and where it came from."""
        super().keep(start, end)
        self.origins = self.origins[start:end]

    def cut(self, start: int, end: int) -> None:
        """Put a line's end in the place of what stands between two places, and at the first of them."""
        super().cut(start, end)
        self.origins[start:end] = self.origins[start : start + 1]

    def strip(self) -> None:
        """Drop the blanks around the text, and where they came from."""
        start = len(self.text) - len(self.text.lstrip())
        self.keep(start, start + len(self.text.strip()))

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the raw text the characters between two places came from; there is at least one."""
        origins = self.origins[start:end]
        return min(origins), max(origins) + 1

    def _origins_of(self, match: re.Match[str], plain: Replacement, new: str) -> list[int]:
        """Give each character of a replacement its place: a group's own, or a place within what is replaced."""
        first, last = match.span()
        if isinstance(plain, str) and "\\1" in plain and match[1]:
            before = len(match.expand(plain[: plain.index("\\1")]))
            after = len(new) - before - len(match[1])
            group = self.origins[match.start(1) : match.end(1)]
            return [self.origins[first]] * before + group + [group[-1]] * after
        places = [min(first + step, last - 1) for step in range(len(new))]
        if places and last > first:
            places[-1] = last - 1
        elif last == first:
            places = [min(first, len(self.origins) - 1)] * len(new)
        return [self.origins[place] for place in places]

    @staticmethod
    def _joins(character: str) -> bool:
        """Tell whether a character may compose with the one before it."""
        return unicodedata.category(character).startswith("M") or bool(re.match(f"[{_JOINING}]", character))
