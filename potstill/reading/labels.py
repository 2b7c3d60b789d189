"""Any labels, as one sign each: where the labels are not Latin letters, a text's labels become signs of their own.

A label such as "2", "iv" or "甲" is replaced, where it stands as a label, by a private-use character (its sign), which
is read as a letter is and never is an article, a number or a word. Latin letters are their own signs. No I/O.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from potstill.core.records import Choice
from potstill.reading import languages
from potstill.reading.drafts import Draft
from potstill.reading.phrases import FIRST_SIGN, IN_WORD
from potstill.reading.undressing import bare, undress

# Latin letters that other scripts draw alike, and the place that each has in its own alphabet.
_LOOKALIKES = {"А": "A1", "В": "B3", "С": "C19", "Е": "E6", "Α": "A1", "Β": "B2", "Ε": "E5"}
_LOOKALIKE = re.compile(rf"(?<!{IN_WORD})[{''.join(_LOOKALIKES)}](?!{IN_WORD})")
_NAMING = re.compile(
    r"(?:\b(?:option|choice|answer|letter|number|no\.|nr\.|it's|that's|select|choose|pick|is|be|with|for|not|or|and"
    r"|either|both|also"
    r"|no,|maybe|perhaps|possibly|alternatively,?|plus|as well as|which of|(?:so|as) (?:is|are)|(?:answer|option)s?)"
    r"|[:=#]|-)[\s:=#\"'(\[-]*\Z",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\A[.)\]:]?(?:\s*[%°$€£¥]|[.,:/]\d|\s+(?:options|choices|answers|of the|of them|letters|people|reasons)\b)"
)
_CLOSED = re.compile(
    r"[\"']?[.):\]](?!\w)|[\"'.,;!]*\s*(?:\n|\Z)|,?\s(?:is|are|was|also|too|because|since|as)\b"
    r"|[\"']?\s?[,;/&]|\s(?:or|and)\b"
)
_MARKED = re.compile(r"[\"']?[.):\]](?!\w)|[\"'.,;!]*\s*(?:\n|\Z)|\sis\b")
_CLAUSE_START = re.compile(r"[.!;,]\s(?:but |and |though )?\Z")
_HAS_VERB = re.compile(r"\s(?:would|also|is|works?|fits?)\b")
_NUMBERED = re.compile(r"\b(?:option|choice|letter|number|no\.|nr\.)\s?[\"'(]?\Z", re.IGNORECASE)
_STEPPED = re.compile(
    r"\b(?:step|reason|point|part|page|question|problem|example|premise|stage|phase|line)s? #?\Z", re.IGNORECASE
)
_WORDLIKE = re.compile("[AIaeiouyвасикоуя가나다או]")  # words of one letter, and particles
_ONLY_NUMBERS = re.compile(r"(?:[\W\d]|\b(?:or|and)\b)*+")
_LONGEST_TEXT = 200  # characters after a label in which its option's text is sought
_FEW = 60  # characters of a text that may be nothing but labels
_BEFORE = 24  # characters on the left of a label in which its naming may stand


_SAID_AS_WELL = (
    ("cannot", "can't"),
    ("can't", "cannot"),
    ("can not", "cannot"),
    ("can not", "can't"),
    ("not enough", "isn't enough"),
    ("info", "information"),
    ("information", "info"),
)


class Options(NamedTuple):
    """One question's choices: the label of each sign, whose each text is (the longest first), and what finds labels."""

    labels: dict[str, str]
    owners: dict[str, frozenset[str]]
    pattern: re.Pattern[str] | None
    signs: dict[str, str]


@lru_cache(maxsize=1024)
def prepare_options(choices: tuple[Choice, ...], language: str | None = None) -> Options:
    """Prepare the choices of one question for looking up; a text that is a label is left to the label."""
    plain = [undress(choice.label).strip(" .,:;()[]{}") for choice in choices]
    latin = len({label.upper() for label in plain}) == len(plain) and all(
        len(one) == 1 and one.isascii() and one.isalpha() for one in plain
    )
    signs = [label.upper() if latin else chr(ord(FIRST_SIGN) + place) for place, label in enumerate(plain)]
    texts = {
        sign: bare(languages.translate(undress(choice.text), language))
        for sign, choice in zip(signs, choices, strict=True)
    }
    named = dict.fromkeys(texts.values(), "")
    sought = sorted({text for text in named if text and not (latin and text.upper() in texts)}, key=len, reverse=True)
    owners = {text: frozenset(sign for sign in texts if texts[sign] == text) for text in sought}
    for text in sought:
        for variant in _vary(text):
            owners.setdefault(variant, owners[text])
    labels = {sign: choice.label for sign, choice in zip(signs, choices, strict=True)}
    if latin:
        return Options(labels, owners, None, {})
    by_label = {label: sign for label, sign in zip(plain, signs, strict=True) if label}
    alike = {_LOOKALIKES[label][0]: sign for label, sign in by_label.items() if label in _LOOKALIKES}
    places = {chr(ord("A") + place): sign for place, sign in enumerate(signs[:26])}
    by_label = {letter: sign for letter, sign in alike.items() if places.get(letter) == sign} | by_label
    tokens = "|".join(re.escape(label) for label in sorted(by_label, key=len, reverse=True)) or r"(?!)"
    pattern = re.compile(rf"(?<!{IN_WORD})(?<!['&])(?:{tokens})(?!{IN_WORD}|['&]\w)", re.IGNORECASE)
    return Options(labels, owners, pattern, by_label)


def _vary(text: str) -> Iterator[str]:
    """Write an option's text as it may be said as well: "cannot be determined" as "can't be determined"."""
    for written, said in _SAID_AS_WELL:
        if written in text:
            yield re.sub(rf"\b{written}\b", said, text)


def sign_labels(draft: Draft, options: Options) -> None:
    """Put signs in the place of the labels that a text names; where they are Latin, of letters drawn alike."""
    if options.pattern is None:
        if not draft.text.isascii():
            draft.replace(_LOOKALIKE, lambda match: _read_lookalike(match[0], options))
        return
    draft.replace(options.pattern, lambda match: _sign_of(match, options))


def _read_lookalike(character: str, options: Options) -> str:
    """Return the letter that one of another script is drawn like, or both letters that it may stand for."""
    alike, place = _LOOKALIKES[character][0], chr(ord("A") - 1 + int(_LOOKALIKES[character][1:]))
    return f"{alike} or {place}" if place != alike and place in options.labels else alike


def _sign_of(match: re.Match[str], options: Options) -> str:
    """Return the sign of a label, or what was found where it is meant as a word or a number."""
    token, text = match[0], match.string
    start, end = match.span()
    exact = options.signs.get(token)
    folded = {sign for label, sign in options.signs.items() if label.lower() == token.lower()}
    sign = exact or (folded.pop() if len(folded) == 1 else None)
    before, after = text[max(0, start - _BEFORE) : start], text[end : end + _BEFORE]
    bracketed = before[-1:] in tuple("([{<") and after[:1] in tuple(")]}>")
    if sign is None:
        return token
    named = bracketed or _names_text(sign, text[end:], options)
    only = token.isdecimal() and len(text) < _FEW and _ONLY_NUMBERS.fullmatch(text) and not _COUNTED.match(after)
    if not (named or only or _is_meant(token, before, after, exact=exact is not None)):
        return token
    if not named and not _NUMBERED.search(before) and options.owners.get(token.lower(), frozenset({sign})) != {sign}:
        return f"{sign} or {token}"  # the label of one option and the text of another
    return sign


def _names_text(sign: str, after: str, options: Options) -> bool:
    """Tell whether what follows a label is its own option's text."""
    lower = after[:_LONGEST_TEXT].lower().lstrip(" .):-(\"'")
    return any(lower.startswith(text) for text, owners in options.owners.items() if sign in owners)


def _is_meant(token: str, before: str, after: str, *, exact: bool) -> bool:
    """Tell whether a label without brackets is meant as one, and not as a number, a pronoun or a short word."""
    line = not before or before[-1] in "\n" or before.rpartition("\n")[2].strip(" -") == ""
    if token.isdecimal():
        if _COUNTED.match(after) or before[-1:] in tuple("-+$.,/") or _STEPPED.search(before):
            return False
        subject = _CLAUSE_START.search(before) and _HAS_VERB.match(after)
        return bool((line and _CLOSED.match(after)) or (_NAMING.search(before) and _CLOSED.match(after)) or subject)
    if exact and not _WORDLIKE.fullmatch(token):
        return True
    return bool(_MARKED.match(after) or (_NUMBERED.search(before) and _CLOSED.match(after)))
