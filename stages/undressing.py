r"""What a text says without its dress: no thinking, tags, JSON, LaTeX, markdown, emoji or blank lines. No I/O.

A marked answer, such as {"answer": "B"} or \boxed{B}, becomes a line of its own: "Answer: B". A key or a tag that marks
something else, such as "second_choice", does not, nor does a list of the options.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from stages.records import Choice

# A sign that must be there, what is replaced, and by what.
_KIND = r"(?:final|best|correct|right|my|the|your|chosen|selected|predicted|model|ai|llm|likely|most|multiple|choice)"
_KEY = (
    rf"(?:{_KIND}[_ -]?){{0,3}}(?:answer|choice|option|letter|label|response|output)"
    r"(?:[_ -]?(?:letter|label|key|choice|option))?"
)
_DRESS = tuple(
    (sign, re.compile(pattern), plain)
    for sign, pattern, plain in (
        ("</", r"(?is)<(think|thinking|thought|reasoning|scratchpad)>.*?</\1>", "\n"),
        ("think", r"(?is)\A.*</think(?:ing)?>|<think(?:ing)?>.*", ""),
        ("<", rf"(?i)<{_KEY}>", "\nAnswer: "),
        ("</", r"(?is)<([a-z_-]*(?:answer|choice|option))>.{0,200}?</\1>", "\n"),
        ("<", r"</?(?!s>)[a-z][a-z0-9_-]*(?: [^<>\n]{0,60})?>", "\n"),
        ("[", r"\[\s*\{[^][{}]*\}\s*,\s*\{[^][]*\}\s*\]", "[]"),
        ("{", rf"""(?i)["']{_KEY}["']\s*:\s*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\[[^\]\n]*\]|\w+)""", r"\nAnswer: \1\n"),
        ("\\", r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathsf)\s*\{([^{}]*)\}", r"\1"),
        ("\\", r"\\f?boxed\s*\{([^{}]*)\}", r"\nAnswer: \1\n"),
        ("\\", r"\\[()\[\]!,; ]", " "),
        ("$", r"\$+([A-Za-z\n({ ][^$]{0,80}?)\$+", r"\1"),
        ("`", r"```\w*|`", ""),
        ("*", r"\*", ""),
        ("_", r"(?<![^\W_])_+|_+(?![^\W_])", ""),
        ("#", r"(?m)^\s?#+", ""),
        ("", r"[^\S\n]+", " "),
        ("\n", r"\s*\n\s*", "\n"),
    )
)
_LOOKALIKES = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\u2212\u2192\u0130", "''\"\"----I", "\u200b\ufeff")
_EMOJI = re.compile(r"[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]")
_NEXT_TURN = re.compile(r"<\|[a-z_]+\|>|</s>|\n(?:[Qq]uestion|Q|[Uu]ser|[Hh]uman) ?\d*:")


class Options(NamedTuple):
    """The choices of one question: their letters, and whose each text is, the longest text first."""

    labels: frozenset[str]
    owners: dict[str, frozenset[str]]


def undress(text: str) -> str:
    """Take off thinking, tags, JSON, LaTeX, markdown and blank lines."""
    if not text.isascii():
        text = _EMOJI.sub("", unicodedata.normalize("NFKC", text).translate(_LOOKALIKES))
    for sign, pattern, plain in _DRESS:
        if sign in text:
            text = pattern.sub(plain, text)
    return text.strip()


def undress_turn(text: str) -> str:
    """Undress a teacher's text, and cut off the next question or turn that a small model invents after its own."""
    return next(filter(str.strip, _NEXT_TURN.split(undress(text))), "")


@lru_cache(maxsize=1024)
def undress_options(choices: tuple[Choice, ...]) -> Options:
    """Prepare the choices of one question for looking up; a text that is a label is left to the label."""
    texts = {choice.label: bare(undress(choice.text)) for choice in choices}
    sought = sorted({text for text in texts.values() if text and text.upper() not in texts}, key=len, reverse=True)
    return Options(frozenset(texts), {text: frozenset(one for one in texts if texts[one] == text) for text in sought})


def bare(text: str) -> str:
    """Return an undressed text as option texts are compared: no case, article or punctuation around it."""
    stripped = text.lower().strip(" \n.,;:!?\"'()[]")
    return stripped.removeprefix("the ").removeprefix("an ").removeprefix("a ")
