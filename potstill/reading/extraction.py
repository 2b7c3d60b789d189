"""From a teacher's text to a letter or to the reason there is none. No I/O.

A misread answer is worse than a missing one, so a letter is read only where the text commits to it. The text is
undressed, its phrases put into English and its labels into signs; then `commitments` decides. Labels may
be of any script, and the letter that is read is the label exactly as its choice has it.

Where the question asked for a format, `read_as` reads the format's place alone, and checks it against the whole text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from potstill.core.records import AnswerFormat, Choice
from potstill.reading import phrases
from potstill.reading.answer_formats import find_place, find_values
from potstill.reading.commitments import Decision, decide
from potstill.reading.drafts import Draft, TracedDraft
from potstill.reading.labels import Options, prepare_options, sign_labels
from potstill.reading.languages import detect_language, put_into_english
from potstill.reading.offers import find_offers
from potstill.reading.standings import widen
from potstill.reading.undressing import bare, undress_turn_of

_Draft = TypeVar("_Draft", bound=Draft)
_WHOLE = re.compile(r"(?s)\A(.+)\Z")
_NO_WORD = re.compile(r"\W*")
_BEFORE_LABEL = re.compile(r"\W*(?:(?:the|my|final|correct|answer|option|choice|letter)\b\W*)*")


@dataclass(frozen=True)
class Extraction:
    """What was read: `letter`, a label of the choices, is set if and only if the outcome is "read"."""

    letter: str | None
    outcome: Literal["read", "refused", "ambiguous", "unparsed"]
    span: tuple[int, int] | None = field(default=None, compare=False)


def extract_answer(text: str, choices: Sequence[Choice]) -> Extraction:
    """Return the letter that the text commits to, or the reason there is none; no text is an error.

    Of a text that is one JSON object only the answer fields are read, and they must agree.
    """
    return _agree([extraction for _, _, extraction in _read_all(Draft, text, choices)])


def find_passage(text: str, choices: Sequence[Choice]) -> tuple[int, int] | None:
    """Return where in the text the passage starts and ends from which a letter was read; None where none was."""
    readings = list(_read_all(TracedDraft, text, choices))
    if _agree([extraction for _, _, extraction in readings]).letter is None:
        return None
    draft, decision, _ = next(reading for reading in readings if reading[2].letter)
    offer = next((one for one in reversed(decision.stood) if one.letters == decision.signs), None)
    if offer is None:
        return draft.raw_span(0, len(draft.text))
    return draft.raw_span(*widen(draft.text.lower(), offer))


def read_as(text: str, choices: Sequence[Choice], answer_format: AnswerFormat | None) -> Extraction:
    """Read a text, and find the passage."""
    extraction = _read_as(text, choices, answer_format)
    return replace(extraction, span=find_passage(text, choices)) if extraction.letter else extraction


def _read_as(text: str, choices: Sequence[Choice], answer_format: AnswerFormat | None) -> Extraction:
    """Return what stands in the format's place, where the whole text commits to that letter too.

    A letter that the whole text does not read is ambiguous where it reads another, or else what the whole text is. A
    text that is not in its format is unparsed, or refused or ambiguous where the whole text is.
    """
    whole = extract_answer(text, choices)
    if answer_format is None:
        return whole
    place = find_place(text, answer_format)
    part = Extraction(None, "unparsed") if place is None else _read_place(place, choices, answer_format)
    if part.letter is None:
        kept = whole.outcome in ("refused", "ambiguous") and part.outcome == "unparsed"
        return Extraction(None, whole.outcome) if kept else part
    if whole.letter is None:
        return whole
    return part if whole.letter == part.letter else Extraction(None, "ambiguous")


def _read_all(
    kind: type[_Draft], text: str, choices: Sequence[Choice]
) -> Iterator[tuple[_Draft, Decision, Extraction]]:
    """Read a text, or else each answer of a text that is one JSON object."""
    values = find_values(text)
    for value in [None] if values is None else values:
        draft = kind(text)
        if value:
            draft.keep(*value)
            draft.replace(_WHOLE, r"Answer: \1")
        options = _make_plain(draft, choices)
        decision = decide(draft.text, options)
        yield draft, decision, _judge(decision, options)


def _agree(extractions: Sequence[Extraction]) -> Extraction:
    """Return what several answers of one text say together: a letter only if none says another, or several."""
    if len(extractions) == 1:
        return extractions[0]
    letters = {one.letter for one in extractions if one.letter}
    outcomes = {one.outcome for one in extractions}
    if len(letters) > 1 or "ambiguous" in outcomes:
        return Extraction(None, "ambiguous")
    if letters:
        return Extraction(letters.pop(), "read")
    return Extraction(None, "refused" if "refused" in outcomes else "unparsed")


def _read_place(place: str, choices: Sequence[Choice], answer_format: AnswerFormat) -> Extraction:
    """Read the place of a format: a line as any answer; elsewhere a label, and in JSON an option's text, alone."""
    if answer_format == "final_line":
        return extract_answer(place, choices)
    draft = Draft(place)
    options = _make_plain(draft, choices)
    if phrases.BARE_LETTER.fullmatch(draft.text):
        return _judge(decide(draft.text, options), options)
    if answer_format == "json" and (owners := options.owners.get(bare(draft.text))):
        return _judge(Decision(owners, refused=False, stood=[]), options)
    lower = draft.text.lower()
    offers = [offer for offer in find_offers(draft.text, lower, options) if offer.spelled]
    alone = len(offers) == 1 and _BEFORE_LABEL.fullmatch(lower, 0, offers[0].start)
    if not alone or not _NO_WORD.fullmatch(lower, offers[0].end):
        return Extraction(None, "unparsed")
    return _judge(Decision(offers[0].letters, refused=False, stood=[]), options)


def _make_plain(draft: Draft, choices: Sequence[Choice]) -> Options:
    """Undress a draft, put it into English and its labels into signs; return the choices as they then read."""
    undress_turn_of(draft)
    language = detect_language(draft.text.lower())
    options = prepare_options(tuple(choices), language)
    if language:
        put_into_english(draft, language)
    sign_labels(draft, options)
    return options


def _judge(decision: Decision, options: Options) -> Extraction:
    """Read a single known sign as its label; several are ambiguous, none or an unknown one is unparsed."""
    if decision.refused:
        return Extraction(None, "refused")
    if len(decision.signs) > 1:
        return Extraction(None, "ambiguous")
    letter = next((options.labels[sign] for sign in decision.signs if sign in options.labels), None)
    return Extraction(letter, "unparsed" if letter is None else "read")
