r"""What a text says without its dress: no thinking, tags, JSON, LaTeX, markdown, emoji or blank lines. No I/O.

A marked answer, such as {"answer": "B"} or \boxed{B}, becomes a line of its own: "Answer: B".
"""

import re
import unicodedata

# A sign that must be there, what is replaced, and by what.
_KEY = r"[\w -]{0,20}(?:answer|choice|option|letter|label|response|output)(?:[_ -]?(?:letter|label|key|choice|option))?"
_DRESS = tuple(
    (sign, re.compile(pattern), plain)
    for sign, pattern, plain in (
        ("</", r"(?is)<(think|thinking|thought|reasoning|scratchpad)>.*?</\1>", "\n"),
        ("think", r"(?is)\A.*</think(?:ing)?>|<think(?:ing)?>.*", ""),
        ("<", rf"(?i)<{_KEY}>", "\nAnswer: "),
        ("<", r"</?(?!s>)[a-z][a-z0-9_-]*(?: [^<>\n]{0,60})?>", "\n"),
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
