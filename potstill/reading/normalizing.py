r"""A model's text without its markup, in lower case but for the capitals that stand alone, and where each part was.

What a model thinks first and what follows a token that ends its turn is left out. \boxed{B} becomes "boxed: {B}" on a
line of its own, <answer>B</answer> "answer: B". No I/O.
"""

import re
import unicodedata
from collections.abc import Sequence

YES, NO = "\u2713", "\u2717"
LONGEST, HEAD = 12_000, 3_000  # of a longer text its opening and its end are read

_PLAIN = {
    "\u2018\u2019\u201b\u2032\u02bc\u00b4": "'",
    "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u300c\u300d\u300e\u300f": '"',
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2192\u21d2\u27a1\u30fb": "-",
    "\u3010\u3014": "[",
    "\u3011\u3015": "]",
    "\u3002\uff61\u0964": ".",
    "\u3001\uff0c": ",",
    "\u2705\u2713\u2714\u2611": YES,
    "\u274c\u2717\u2718\u2716\u2612": NO,
    "\r\u0085\u2028\u2029\v\f": "\n",
    "\t\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\ufe0e\ufe0f": " ",
    "\u0130": "I",  # its lower case is two characters, and places would shift
}
_DINGBATS, _PICTOGRAPHS = range(0x2600, 0x27C0), 0x1F000


class _Characters(dict[int, str]):
    """What each character is read as: always one character, so that no place in the text shifts."""

    def __missing__(self, code: int) -> str:
        """Return the compatibility form where it is one character, a blank for controls and emoji."""
        character = chr(code)
        plain = unicodedata.normalize("NFKC", character)
        drawn = plain == character and (code in _DINGBATS or code >= _PICTOGRAPHS)
        dropped = drawn or unicodedata.category(plain[0]) in ("Cc", "Cs", "Cn", "Co")
        self[code] = " " if dropped and code != ord("\n") else plain if len(plain) == 1 else character
        return self[code]


_CHARACTERS = _Characters({ord(odd): plain for group, plain in _PLAIN.items() for odd in group})

_THOUGHT_END = re.compile(r"(?i)</think(?:ing)?>|\[/think\]|<\|channel\|>\s*final\b[^<]{0,20}<\|message\|>")
_THOUGHT_OPENING = re.compile(r"(?i)<think(?:ing)?\b[^<>]{0,60}>|\[think\]|<\|channel\|>\s*(?:analysis|commentary)\b")
_TURN_END = re.compile(r"<\|(?:im_end|end|eot_id|endoftext|im_start|start)\|>|</s>|<end_of_turn>|\[/?INST\]")
_TURN_START = re.compile(rf"(?:\s*(?:{_TURN_END.pattern}))*")

_TAG = r"(?:(?:final|correct|best|my|the|your)[_-]){0,2}(?:answer|choice|option|output|response|letter)"
# What begins with a character, by the kind of text that replaces it.
_STARTING_WITH = {
    "<": {
        "tag": rf"(?i:{_TAG}(?: [^<>]{{0,60}})?>)",
        "inline": r"/?(?:b|i|u|em|strong|span|sub|sup)>",
        "line": r"/?(?:[a-z]|[A-Za-z][A-Za-z0-9_-]++)(?: [^<>\n]{0,60})?/?>|\|[a-z_]{1,20}\|>",
    },
    "\\": {
        "box": r"f?box(?:ed)?\s*+\{",
        "text_box": r"(?:text\w*|math[a-z]+|bf|rm)\s*+\{|left|right",
        "newline": r"n(?![a-z])",
        "code": r"u[0-9a-fA-F]{4}",
        "blank": r"[()\[\]!,;: ]",
        "quote": r'\\*+"',
    },
    "$": {"dollars": r"\$*+"},
    "*": {"stars": r"\**+"},
    "`": {"fence": r"``\w*+", "ticks": ""},
    "_": {"underscores": r"(?<![^\W_]_)_*+|_*+(?![^\W_])"},
    "|": {"cell": ""},
}
_MARKUP = re.compile(
    f"[{re.escape(''.join(_STARTING_WITH))}](?:"
    + "|".join(
        f"(?<={re.escape(first)})(?:{'|'.join(f'(?P<{kind}>{rest})' for kind, rest in kinds.items())})"
        for first, kinds in _STARTING_WITH.items()
    )
    + ")"
)
_BLANKS = re.compile(r"(?P<opening>\A[\s>\u2022#+-]*(?<=[\s>#]))| *+\n(?:[\s>\u2022+#-]*(?<=[\s>#]))?|(?P<space>  ++)")
_REPLACED = {"box": "\nboxed: {", "tag": "\nanswer: ", "quote": '"', "cell": " - "}
_REPLACED |= dict.fromkeys(("line", "newline", "fence"), "\n") | {"blank": " "}


class Normalized:
    """A text without markup, and where each of its characters was in the original."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._places: Sequence[int] = range(len(text))

    def replace(self, pattern: re.Pattern[str], plain: dict[str, str], default: str = "") -> None:
        """Replace what a pattern finds by what stands for the group that found it."""
        matches = list(pattern.finditer(self.text))
        if not matches:
            return
        pieces, places, done = list[str](), list[int](), 0
        for match in matches:
            kind, start = match.lastgroup or "", match.start()
            new = chr(int(match[0][2:], 16)).translate(_CHARACTERS) if kind == "code" else plain.get(kind, default)
            pieces += (self.text[done:start], new)
            places += self._places[done:start]
            places += [*self._places[start : start + 1]] * len(new)
            done = match.end()
        self.text = "".join([*pieces, self.text[done:]])
        self._places = [*places, *self._places[done:]]

    def cut(self, start: int, end: int, new: str = "") -> None:
        """Replace what stands between two places."""
        self.text = self.text[:start] + new + self.text[end:]
        self._places = [*self._places[:start], *[*self._places[start : start + 1]] * len(new), *self._places[end:]]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return where the characters between two places begin and end in the original text."""
        return self._places[start], self._places[end - 1] + 1


def skip(text: str, place: int, pattern: re.Pattern[str]) -> int:
    """Return where what a pattern finds at a place ends, or the place."""
    found = pattern.match(text, place)
    return found.end() if found else place


def normalize(text: str) -> Normalized:
    """Return a model's turn without thinking and markup; empty where it never stopped thinking."""
    normalized = Normalized(text if text.isascii() and text.isprintable() else text.translate(_CHARACTERS))
    _drop_thinking(normalized)
    if len(normalized.text) > LONGEST:
        normalized.cut(HEAD, len(normalized.text) - (LONGEST - HEAD), "\n")
    normalized.replace(_MARKUP, _REPLACED)
    normalized.replace(_BLANKS, {"opening": "", "space": " "}, "\n")
    return normalized


def thinking_end(text: str) -> int:
    """Return where the answer begins that follows what a model thinks, 0 where it does not think aloud."""
    if "<" not in text and "[" not in text:
        return 0
    return max((end.end() for end in _THOUGHT_END.finditer(text)), default=0)


def _drop_thinking(normalized: Normalized) -> None:
    """Drop what comes before the end of the thinking, all that is still thinking, and what follows the turn's end."""
    if "<" not in normalized.text and "[" not in normalized.text:
        return
    if end := thinking_end(normalized.text):
        normalized.cut(0, end)
    opening = _THOUGHT_OPENING.search(normalized.text)
    if opening:
        normalized.cut(opening.start(), len(normalized.text))
    normalized.cut(0, skip(normalized.text, 0, _TURN_START))
    if turn_end := _TURN_END.search(normalized.text):
        normalized.cut(turn_end.start(), len(normalized.text))
