"""Mentions: the places in a text that name options, by a letter, by an option's text or by both. No I/O.

A letter is a capital that stands alone. `mark_letters` puts the text in lower case but for those, so that every capital
that the rules meet is one. Articles, pronouns, ranges ("A through E") and parts of formulas are put in lower case too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from potstill.core.records import Choice
from potstill.reading.normalizing import normalize, skip
from potstill.reading.words import AND, OPTION, OR

_LATIN = "A-Za-z0-9_\u00c0-\u024f"
_LETTER = re.compile(
    rf"[A-Z](?![{_LATIN}]|['&-][A-Za-z]|\.[A-Z]|\.[a-z]\."
    rf"|[\^_+#*])(?<![{_LATIN}'&\\^].)(?<!n/.)(?<!N/.)(?<![A-Za-z][.-].)"
)
# Small letters that are as good as capitals: in brackets or quotes, called an option, or at the beginning of a text.
_SMALL = re.compile(
    r"[(\[{\"'](?<!\w.)(?<!(?:part|case|step) .)(?P<bracketed>[a-z])(?=[)\]}\"'])"
    r"|(?:option|choice|letter|answer|ans)(?: is|:| =|=)? ?(?P<called>[a-z])(?=[.,;:)\]](?![a-z])|\s*\Z|\n)"
    r"|\A(?P<opening>[a-z])(?=[.):](?![a-z]\.)|\s*\Z)"
)
# A blank between an answer's letter and a new sentence: "Answer: B Explanation: ..."; of "A" the next word decides.
_SENTENCE_BEHIND = re.compile(
    r"(?:\A|(?i:answer)(?: is|:)) ?[(\[]?([A-Z])[)\]]? (?=(?<![AI][) ])(?<!A\) )[A-Z][a-z]+\b|(?:The|This|That|It"
    r"|Explanation|Reason\w*|Rationale|Because|Since|Hope|In|To|Here|Let|We|Note|If)\b)"
)
_RANGE = re.compile(r"([A-Z])[)\]]?(?:\s?(?:-+|\.\.+)\s?| (?:to|through|thru) )[(\[]?([A-Z])(?![\w'])")
# What follows "A" as a letter; before any other word it is an article.
_AFTER_A = re.compile(
    r"\s*(?:\Z|\n|[^\sA-Za-z])|\s(?:is|was|would|because|since|as|and|or|but|due|which|rather|over|not|with|for|in|to"
    r"|nor|has|seems|best|fits|works|also|instead|then|matches|does|cannot|can't|isn't|option|through|thru|[A-Z])\b"
)
_AFTER_I = re.compile(r"[.):\]}\"]|,? (?:because|since|is|(?:and|or)(?! \d))\b|\s*\Z|\n")
_MEANT = {"A": _AFTER_A, "I": _AFTER_I}
_STOP = r"\s*\Z|\s?\n|[^\s\w]|[^\x00-\x7f]"
_AFTER_LETTER = re.compile(
    rf"(?:{_STOP}|\s(?:because|since|as|due|given|based|but|and|or|which|that|over|rather|instead|not|so|for|in|with"
    rf"|from|then|here|on|option|obviously|clearly|i (?:think|guess|believe)|[^\w\s]|[^\x00-\x7f]))"
)
_FORMULA = re.compile(r"\s?(?:[=+^*\u2264\u2265\u2248]|[<>](?=\s?\w)|-\s?\d|/\s?\d)")
_AFTER_TEXT = re.compile(
    rf"(?![\u548c\u4e0e\u6216\u53ca])(?:\s?(?:{_STOP})|\s(?:because|since|as|due|given|based|but|which|rather|instead"
    rf"|is|(?:and|or)(?! \d))\b)"
)
_OPENING = re.compile(rf"(?:[\s\"'(\[{{<=:,]|(?:the|an?|my) (?=\W*(?:{OPTION}))|(?:{OPTION})s?(?= ?[\W\dA-Z])[ :]*)*+")
_CALLED = re.compile(OPTION)
_ARTICLE = re.compile(r"(?:the |an? )?[\"'(]*")
_TO_TEXT = re.compile(
    r"(?:[)\]}>\"',:;\s=]|-(?=[\sA-Za-z])|\.(?!\d))*+(?:(?:(?:which|that) (?:is|states|says)(?: that)?|i\.e\."
    r"|namely),? )?(?:the |an? )?[\"'(\[{]*+"
)
_WORD = re.compile(r"[a-z]+")
_CLOSING = re.compile(r"[)\]}>\"']*+(?: ?\u9009?\u9879| ?\u9078\u629e\u80a2)?")
_JOINING = re.compile(
    rf"[)\]}}\"'.]*+(?: [^.;:,\n()]{{1,40}} (?:{AND}|{OR}) (?=[(\[][A-Z][)\]])"
    rf"|\s?[,;/&+]\s?(?:(?:{AND}|{OR})(?![a-z]))?|\s?\n?(?:{AND}/{OR}|{AND}|{OR}|plus|as well as)(?![a-z]))"
    r"\s?(?:(?:also|maybe|perhaps|possibly|both|then) )*"
)
_MOST_JOINED = 12  # letters that are offered together


@dataclass(frozen=True)
class Mention:
    """A place that names options; marked if no other letter is meant: called an option, or with its own text."""

    letters: frozenset[str]
    start: int
    end: int
    marked: bool
    text: bool = False


class Options:
    """The options of one question, as the mentions of a normalized text name them."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self._choices = choices
        self.labels = frozenset(choice.label for choice in choices)

    @cached_property
    def texts(self) -> dict[str, frozenset[str]]:
        """Return the letters of each option's text, the longest text first."""
        owners: dict[str, set[str]] = {}
        for choice in self._choices:
            text = normalize_option(choice.text)
            if text and text.upper() not in self.labels:
                owners.setdefault(text, set()).add(choice.label)
        return {text: frozenset(owners[text]) for text in sorted(owners, key=len, reverse=True)}

    def find_text(self, text: str, place: int) -> tuple[frozenset[str], int] | None:
        """Return whose text stands at a place, the longest one, and where it ends."""
        lower = text[place : place + 1000].lower()
        for option, letters in self.texts.items():
            if lower.startswith(option):
                after = lower[len(option) : len(option) + 2]
                inside = after[:1].isalnum() and option[-1].isalnum() and after[:1].isascii()
                decimal = option[-1].isdigit() and re.match(r"[.,:/^]\d|%", after)
                if not inside and not decimal:
                    return letters, place + len(option)
        return None

    def begins(self, mention: Mention, text: str) -> bool:
        """Return whether the first word behind a mention is the first one of its option's text."""
        first = _WORD.match(text, skip(text, mention.end, _TO_TEXT))
        own = [option for option, letters in self.texts.items() if mention.letters <= letters]
        return first is not None and any(option.startswith(first[0]) for option in own)


def normalize_option(text: str) -> str:
    """Return an option's text as it stands in a normalized text, without article and punctuation around it."""
    plain = text if text.isascii() and text.replace(" ", "").isalnum() else normalize(text).text
    plain = plain.lower().strip(" \n.,;:!?\"'()[]")
    return plain.removeprefix("the ").removeprefix("an ").removeprefix("a ")


def mark_letters(text: str, options: Options) -> str:
    """Return a text in lower case, but for the letters that stand alone and may be labels."""
    lower = text.lower()
    marked = list(lower)
    for match in _SMALL.finditer(lower):
        letter, place = match[match.lastgroup or 0].upper(), match.start(match.lastgroup or 0)
        if letter in options.labels and (letter != "I" or len(text) == 1):
            marked[place] = letter
    for match in _LETTER.finditer(text):
        is_letter = _MEANT[match[0]].match(text, match.end()) if match[0] in _MEANT else True
        if is_letter and not _FORMULA.match(text, match.end()):
            marked[match.start()] = match[0]
    for match in _RANGE.finditer(text):
        if match[1] < match[2]:
            marked[match.start(1)], marked[match.start(2)] = match[1].lower(), match[2].lower()
    for match in _SENTENCE_BEHIND.finditer(text):
        marked[match.start(1)], marked[match.end() - 1] = match[1], "\n"
    return "".join(marked)


def read_mention(text: str, place: int, options: Options, *, texts: bool = True) -> Mention | None:
    """Return what is named at a place, with all that is offered together with it, or None."""
    mention = _read_one(text, place, options, texts=texts)
    for _ in range(_MOST_JOINED):
        joint = _JOINING.match(text, mention.end) if mention else None
        if not mention or not joint:
            break
        following = _read_one(text, joint.end(), options)
        if not following:
            break
        letters = mention.letters | following.letters
        mention = Mention(letters, mention.start, following.end, mention.marked or following.marked, mention.text)
    return mention


def _read_one(text: str, place: int, options: Options, *, texts: bool = True) -> Mention | None:
    """Return the one option that is named at a place, by its letter or else by its text."""
    start = skip(text, place, _OPENING)
    if "A" <= text[start : start + 1] <= "Z":
        return _read_letter(text, start, _CALLED.search(text, place, start) is not None, options)
    found = options.find_text(text, skip(text, start, _ARTICLE)) if texts else None
    return (
        Mention(found[0], start, found[1], marked=True, text=True)
        if found and _AFTER_TEXT.match(text, found[1])
        else None
    )


def _read_letter(text: str, start: int, called: bool, options: Options) -> Mention | None:
    """Return the option whose letter stands at a place, joined with another one whose text follows."""
    letter, end = frozenset(text[start]), skip(text, start + 1, _CLOSING)
    at = skip(text, end, _TO_TEXT)
    found = options.find_text(text, at)
    if found and letter <= found[0]:
        return Mention(letter, start, found[1], marked=True)
    if not _AFTER_LETTER.match(text, start + 1):
        return None
    if found and _AFTER_TEXT.match(text, found[1]) and "\n" not in text[end:at]:
        return Mention(letter | found[0], start, found[1], marked=True)
    return Mention(letter, start, end, marked=called)
