"""From the text of a model's answer to a letter, or to the reason why there is none. No I/O.

A misread answer is worse than a missing one: a letter is read only where the text states it. Where the question asked
for a format, `read_as` reads the format's place alone, and checks it against the whole text. Where the teacher was held
to an object, `read_structured` takes that object and no text.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from potstill.core.records import AnswerFormat, Choice
from potstill.reading.deciding import Decision, decide
from potstill.reading.formats import Span, find_last_answer, find_last_line, find_object_answers
from potstill.reading.mentions import Options, mark_letters, read_mention
from potstill.reading.normalizing import normalize, skip, thinking_end

# The commonest answers in full, read at once as the rules would read them.
_CUE = (
    r"(?:Among [A-Z] through [A-Z], |So,? |Therefore,? )?[Tt]he (?:(?:final|best|correct) )?answer is (?:most likely )?"
)
_AT_ONCE = re.compile(rf"\s*(?:{_CUE}|(?:Final )?[Aa]nswer: )?\(?([A-Z])[.)]{{0,2}}\s*")
_WORDS = "the|my|final|correct|boxed|answer|option|choice|letter"
_BEFORE_LETTER = re.compile(rf"[\s\"'(\[{{<]*(?:(?:{_WORDS})\b[\s:\"'(\[{{<]*)*")
_OBJECT = re.compile(r'[ \t\r\n]*\{[ \t\r\n]*"answer"[ \t\r\n]*:[ \t\r\n]*"([A-Z])"[ \t\r\n]*\}[ \t\r\n]*')
_AFTER_LETTER = re.compile(r"[\s)\]}>\"'.,:;!]*")


@dataclass(frozen=True)
class Extraction:
    """What was read: `letter` and `span`, its passage in the text, are set if and only if the outcome is "read".

    `candidates` are the letters that an ambiguous text stands between, in order.
    """

    letter: str | None
    outcome: Literal["read", "refused", "ambiguous", "unparsed"]
    span: Span | None = None
    candidates: tuple[str, ...] = ()


def extract_answer(text: str, choices: Sequence[Choice]) -> Extraction:
    """Return the letter that the text states, or the reason there is none; no text is an error.

    Of a text that is one JSON object only the answer fields are read, and they must agree.
    """
    letter = _AT_ONCE.fullmatch(text)
    if letter and any(choice.label == letter[1] for choice in choices):
        return Extraction(letter[1], "read", letter.span(1))
    options, answers = Options(choices), find_object_answers(text)
    if answers is None:
        return _read(text, options)
    return _agree([_shift(_read(text[start:end], options), start) for start, end in answers])


def read_as(text: str, choices: Sequence[Choice], answer_format: AnswerFormat | None) -> Extraction:
    """Return what stands in the format's place, where the whole text states that letter too.

    A letter that the whole text does not read is ambiguous where it reads another, or else what the whole text is. A
    text that is not in its format is unparsed, or refused or ambiguous where the whole text is.
    """
    whole = extract_answer(text, choices)
    if answer_format is None or (answer_format == "final_line" and "\n" not in text and not thinking_end(text)):
        return whole  # which is its own last line
    part = _read_place(text, choices, answer_format)
    if part.letter is None:
        return part if part.outcome != "unparsed" or whole.outcome == "read" else replace(whole, letter=None)
    if whole.letter in (None, part.letter):
        return part if whole.letter else whole
    return _between({whole.letter, part.letter})


def read_structured(text: str, choices: Sequence[Choice]) -> Extraction:
    """Return the letter of a text that is {"answer": LETTER} and nothing else; any other text is unparsed."""
    found = _OBJECT.fullmatch(text)
    if found and any(choice.label == found[1] for choice in choices):
        return Extraction(found[1], "read", found.span(1))
    return Extraction(None, "unparsed")


def _read_place(text: str, choices: Sequence[Choice], answer_format: AnswerFormat) -> Extraction:
    """Read the place of a format: a line as any answer; elsewhere a letter, and in JSON an option's text, alone."""
    if answer_format == "letter":
        return _read_alone(text, Options(choices), texts=False)
    place = find_last_line(text) if answer_format == "final_line" else find_last_answer(text)
    if place is None:
        return Extraction(None, "unparsed")
    part = text[slice(*place)]
    if answer_format == "final_line":
        return _shift(extract_answer(part, choices), place[0])
    return _shift(_read_alone(part, Options(choices), texts=True), place[0])


def _read_alone(text: str, options: Options, *, texts: bool) -> Extraction:
    """Return the letter, or also the option's text, that a text is and nothing else."""
    normalized = normalize(text)
    marked = mark_letters(normalized.text.strip(), options)
    mention = read_mention(marked, skip(marked, 0, _BEFORE_LETTER), options, texts=texts)
    if mention is None or not _AFTER_LETTER.fullmatch(marked, mention.end):
        return Extraction(None, "unparsed")
    return _judge(Decision(mention.letters, (mention.start, mention.end)), options, normalized.original_span)


def _read(text: str, options: Options) -> Extraction:
    """Return what a text states."""
    normalized = normalize(text)
    return _judge(decide(mark_letters(normalized.text, options), options), options, normalized.original_span)


def _judge(decision: Decision, options: Options, original_span: Callable[[int, int], Span]) -> Extraction:
    """Return a single letter of the options as read; several are ambiguous, none or an unknown one is unparsed."""
    if decision.refused:
        return Extraction(None, "refused")
    if len(decision.letters) > 1:
        return _between(decision.letters)
    letter = next((one for one in decision.letters if one in options.labels), None)
    return Extraction(letter, "read", original_span(*decision.span)) if letter else Extraction(None, "unparsed")


def _between(letters: Iterable[str]) -> Extraction:
    """Return that a text stands between letters."""
    return Extraction(None, "ambiguous", candidates=tuple(sorted(letters)))


def _shift(extraction: Extraction, places: int) -> Extraction:
    """Return an extraction from a part of a text that begins that many places into it."""
    span = extraction.span
    return replace(extraction, span=(span[0] + places, span[1] + places)) if span else extraction


def _agree(extractions: Sequence[Extraction]) -> Extraction:
    """Return what several answers of one text say together: a letter only if none says another, or several."""
    read = {one.letter: one for one in extractions if one.letter}
    outcomes = {one.outcome for one in extractions}
    if len(read) > 1 or "ambiguous" in outcomes:
        return _between(read.keys() | {letter for one in extractions for letter in one.candidates})
    if read:
        return next(iter(read.values()))
    return Extraction(None, "refused" if "refused" in outcomes else "unparsed")
