"""Which letter a text leaves standing, of all those that it names. No I/O.

The last statement decides. It gives no letter where it is taken back, where it names two, or where an earlier one names
another and is neither corrected nor reasoned away. A text without one may refuse, or imply its answer at its end.
"""

import re
from dataclasses import dataclass
from itertools import islice

from potstill.reading import attitudes, rules
from potstill.reading.mentions import Options, read_mention
from potstill.reading.statements import CAPITAL, LINE_END, Statement, find_lead, find_statements

_MOST_QUESTIONS = 4  # at which an answer is sought
# A heading of a question, a line that asks one, or a line above a list of options. Each begins with one character,
# which a search can jump to.
_NEXT_QUESTION = re.compile(
    r"\n(?:(?P<named>(?:next |another |new |follow-?up )?(?:question|[qQ]|problem|exercise|example))|instruction|user"
    r"|human|options|answer choices|choices)(?: ?#?\d+)? ?(?:[:.)]|\n)"
    r"|\. question ?\d*: |! question ?\d*: |\) question ?\d*: "
    r"|\n(?:what|which|who|where|when|how many)\b(?![^\n]*\b(?:options?|answer|choices?|this|that|these|those|about"
    r"|else|then|not)\b)[^\n?]{12,}\?|\n[^\n]{8,}[?:_]\s*\n(?=\W?[aA][.):][^\n]*\n\W?[bB][.):])"
)
_CORRECTED = re.compile(r"[^\n]*\n(?:no, )?(?:actually|wait|correction|sorry)\b")
_FIRST_OPTION = re.compile(r"\n\W?[aA][.):] ?(?:the |an? )?")
_LIST_BELOW = 1_500  # characters below a question in which its options begin
# A word that concludes, and the letter that its sentence comes to: "which matches option B", "hence 12 (B)".
_CONCLUDED = re.compile(
    rf"(?:{rules.SO}(?![a-z])|\b(?:most [a-z]+|best|closest|match(?:es|ing)?|correspond\w*|consistent with|aligns?"
    rf"|confirms|points to|answer is|given (?:in|by|as))\b|\((?=(?:option|choice) )|, or (?=\())[^.?!;\nA-Z]{{0,150}}?"
    rf"(?:[(\[]|(?:option|choice) [(\[]?)([A-Z])[\"')\]]*(?:[.,;!]|\s*\Z|\n|\s(?:because|since|as|due)\b)"
)
_UNSURE = re.compile(f"{attitudes.NEGATED.pattern}|{attitudes.DOUBTED.pattern}")
_END = 800  # last characters of a text, in which it may conclude


@dataclass(frozen=True)
class Decision:
    """The letters that a text leaves standing and the passage that they were read from, or that it refuses."""

    letters: frozenset[str] = frozenset()
    span: tuple[int, int] = (0, 0)
    refused: bool = False


def decide(text: str, options: Options) -> Decision:
    """Return what a text answers before it goes on to another question, or else what all of it answers."""
    for question in islice(_NEXT_QUESTION.finditer(text), _MOST_QUESTIONS):
        if _CORRECTED.match(text, question.end()):
            continue
        before = text[: question.start()]
        statements = find_statements(before, options)
        if any(one.strength in ("formal", "stated") and one.mention.letters <= options.labels for one in statements):
            return _weigh(before, statements)
        if before and question["named"] and _is_foreign(text, question.start(), options):
            return _weigh(before, statements) if statements else _find_implied(before, options)
    statements = find_statements(text, options)
    return _weigh(text, statements) if statements else _find_implied(text, options)


def _is_foreign(text: str, place: int, options: Options) -> bool:
    """Return whether the options that are listed below a place are those of another question."""
    first = _FIRST_OPTION.search(text, place, place + _LIST_BELOW)
    own = first and options.find_text(text, first.end())
    return first is not None and (own is None or "A" not in own[0])


def _weigh(text: str, statements: list[Statement]) -> Decision:
    """Return what the last statement says, where it is not taken back and no other stands against it."""
    final = statements[-1]
    letters, end = final.mention.letters, final.mention.end
    if attitudes.RETRACTED.search(text, end) or attitudes.TAKEN_BACK.match(text, end):
        return Decision()
    for earlier in statements[:-1]:
        if earlier.mention.letters != final.mention.letters and not _is_replaced(text, earlier, final):
            letters |= earlier.mention.letters
    return Decision(letters, (final.start, end))


def _is_replaced(text: str, earlier: Statement, final: Statement) -> bool:
    """Return whether the final statement replaces an earlier one, and does not stand against it or beside it."""
    if final.mention.text != earlier.mention.text:
        return earlier.mention.text
    if final.strength == "formal" != earlier.strength:
        return True
    gap = text[earlier.mention.end : final.mention.start]
    correction = attitudes.RETRACTED if final.strength == "judged" else attitudes.CORRECTING
    return correction.search(gap) is not None


def _find_implied(text: str, options: Options) -> Decision:
    """Return what a text without a statement implies: an option's text, a refusal, or a conclusion at its end."""
    refusal = Decision(refused=True) if attitudes.REFUSED.search(text) else None
    return _find_text(text, options) or refusal or _find_conclusion(text)


def _find_conclusion(text: str) -> Decision:
    """Return the options that the end of a text comes to, neither denied nor in doubt."""
    matches = _CONCLUDED.finditer(text, max(0, len(text) - _END))
    found = [match for match in matches if not _UNSURE.search(find_lead(text, match.start()) + match[0])]
    if not found or CAPITAL.search(text, found[-1].end()):
        return Decision()
    return Decision(frozenset(match[1] for match in found), found[-1].span(1))


def _find_text(text: str, options: Options) -> Decision | None:
    """Return whose text a text is, or its last or its first line."""
    stripped = text.strip()
    for line in dict.fromkeys((stripped, stripped.rpartition("\n")[2], stripped.partition("\n")[0])):
        mention = read_mention(line, 0, options)
        whole = mention and LINE_END.match(line, mention.end)
        if mention and whole and whole.end() == len(line) and (mention.text or not line[mention.start].isupper()):
            start = text.find(line)
            return Decision(mention.letters, (start, start + mention.end))
    return None
