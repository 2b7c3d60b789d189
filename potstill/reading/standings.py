"""How a plain text stands by an offer of letters: committed, formally or in passing, or not at all. No I/O.

    commitment = cue offer | offer verdict | a line that is an offer | an offer that opens the text

An offer in doubt, denied, reported of others, or in a quoted format is no commitment. One that the text lets stand
beside a commitment ("C also works") is added to it.
"""

import re
from typing import Literal, NamedTuple

from potstill.reading import distance, phrases
from potstill.reading.offers import LEFT, Offer, says_yes_or_no

Standing = Literal["formal", "said", "aside", "last", "line", "weak", "added", "opening"]
_NEAR, _NEXT_TO = 80, 40  # characters before a commitment in which it is said whose it is, and what introduces it
_SHORT = 160  # characters of a text in which two letters without a cue are an offer, and not part of reasoning


class _Place(NamedTuple):
    """Where an offer stands: what is before it, the part of that in its sentence, and in its clause."""

    lower: str
    offer: Offer
    before: str
    left: str
    clause: str


def find_standing(lower: str, offer: Offer, listed: set[int]) -> Standing | None:
    """Tell how the text stands by an offer: by a cue or a verdict, by giving it a line or its opening, or barely."""
    place = _find_place(lower, offer)
    if _is_added(place):
        return "added"
    verdict = phrases.VERDICT.match(lower, offer.end)
    if not _is_offered(place, verdict) or _is_supposed(place):
        return None
    cue = None if verdict else phrases.CUE.search(place.left)
    if not (verdict or cue):
        return None if offer.start in listed else _standing_alone(place)
    return None if _is_distant(place, cue) else _standing_by(place, cue)


def widen(lower: str, offer: Offer) -> tuple[int, int]:
    """Return where an offer starts and ends with the cue and the verdict beside it."""
    place = _find_place(lower, offer)
    verdict, cue = phrases.VERDICT.match(lower, offer.end), phrases.CUE.search(place.left)
    end = verdict.end() if verdict else offer.end
    if not cue:
        return offer.start, end
    start = offer.start - len(place.before) + place.before.rindex(place.left)
    return start + _opening(cue, place.left), end


def _find_place(lower: str, offer: Offer) -> _Place:
    """Find where an offer stands in its text."""
    before = lower[max(0, offer.start - LEFT) : offer.start]
    left = sentence_before(before)
    return _Place(lower, offer, before, left, phrases.CLAUSE_END.split(left.rstrip(" :"))[-1])


def sentence_before(before: str) -> str:
    """Return the beginning of the sentence that goes on where a text ends, also where a new line has begun."""
    left = before.rstrip()
    if left.endswith((".", "?", "!")) and left != before and not left.endswith(("no.", "nr.", "ans.")):
        return ""
    start = max(left.rfind("\n"), left.rfind(". "), left.rfind("? "), left.rfind("! ")) + 1
    return left[start:].lstrip()


def _opening(cue: re.Match[str], left: str) -> int:
    """Return where in its sentence a cue starts, with its article and adjectives."""
    opening = phrases.CUE_OPENING.search(left, max(0, cue.start() - _NEXT_TO), cue.start())
    return opening.start() if opening else cue.start()


def _find_lead(place: _Place, cue: re.Match[str] | None) -> str:
    """Return what stands before a cue, or before an offer with a verdict: there it is said whose it is."""
    if cue is None:
        return place.left
    start = _opening(cue, place.left)
    return "" if cue[0][:1] in ",;" or phrases.TURN.search(place.left, start) else place.left[:start]


def _is_offered(place: _Place, verdict: re.Match[str] | None) -> bool:
    """Tell whether what follows an offer lets it be one; "A:" may stand for "answer"."""
    after = phrases.AFTER_LETTER if place.offer.spelled else phrases.AFTER_TEXT
    if not verdict and not after.match(place.lower, place.offer.end):
        return False
    return place.offer.worded or not place.lower.startswith("a:", place.offer.start)


def _is_supposed(place: _Place) -> bool:
    """Tell whether an offer is called poor, or belongs to a supposition or to a format's example."""
    poor = phrases.POOR.match(place.lower, place.offer.end) or phrases.SUPPOSED.search(place.left)
    return bool(poor or (":" in place.before and phrases.EXAMPLE.search(place.before)))


def _is_added(place: _Place) -> bool:
    """Tell whether an offer is a second one beside a commitment: it works too, or is named as an alternative."""
    lower, offer, left = place.lower, place.offer, place.left
    if len(offer.letters) > 1:
        return False
    if distance.ADDED_AFTER.match(lower, offer.end):
        return not (distance.CONCEDED.match(left) or phrases.NEGATED.search(left) or phrases.SUPPOSED.search(left))
    named = distance.ADDED_BEFORE.search(left, max(0, len(left) - _NEXT_TO))
    return bool(named and phrases.AFTER_LETTER.match(lower, offer.end))


def _is_distant(place: _Place, cue: re.Match[str] | None) -> bool:
    """Tell whether a commitment is another's, a former one, one denied, excepted or quoted, or not of this question."""
    lower, offer = place.lower, place.offer
    lead = _find_lead(place, cue)
    if lead and (
        distance.REPORTED.search(lead, max(0, len(lead) - _NEAR))
        or (cue and distance.OTHERS_ANSWER.search(place.left))
        or distance.EXCEPTED.search(lead)
        or distance.ALL_BUT.search(place.left)
    ):
        return True
    quoting = ":" in place.before or '"' in place.before or "'" in place.before
    return bool(
        distance.DENIED.search(place.clause)
        or distance.FORMER.search(place.left)
        or (quoting and distance.ECHOED.search(place.before))
        or distance.REPORTED_AFTER.match(lower, offer.end)
        or (offer.subject and distance.SUBJECT_WRONG.match(lower, offer.end))
    )


def _standing_by(place: _Place, cue: re.Match[str] | None) -> Standing | None:
    """Tell whether a cue, or else a verdict, commits to an offer: formally, in prose, in an aside, or not, in doubt."""
    offer, left = place.offer, place.left
    if phrases.DOUBT.search(place.clause) or _is_half(place):
        return None
    strong = cue["strong"] if cue else None
    clear = offer.spelled or strong is not None or _is_whole(place, cue)
    if not clear and not cue:
        clear = phrases.CLAUSE_START.search(f"{left} ") is not None
    if not clear or (offer.subject and cue and cue.lastgroup == "short"):
        return None
    if phrases.DESCRIBED.search(left):
        return "aside"
    return "formal" if strong and strong.endswith((":", "=", ">", "-")) else "said"


def _is_half(place: _Place) -> bool:
    """Tell whether an offer is the first of two that "either" announces, and the text ends before the second."""
    alone = "either" in place.left and len(place.offer.letters) == 1
    return alone and phrases.EITHER.search(place.left) is not None


def _is_whole(place: _Place, cue: re.Match[str] | None) -> bool:
    """Tell whether a cue and an offer are all that stands on the last line, or the offer begins a line."""
    ends = phrases.LINE_END.match(place.lower, place.offer.end)
    whole = cue is not None and cue.start() == 0 and ends is not None and ends.end() == len(place.lower)
    return whole or place.before.endswith("\n")


def _standing_alone(place: _Place) -> Standing | None:
    """Tell whether an offer without cue is a line or opens the text, or is two letters that may do."""
    lower, offer, before = place.lower, place.offer, place.before
    line = phrases.LINE_START.search(before)
    if line and distance.DENYING_LINE.search(before):
        return None
    opens = line is not None and offer.start <= len(line[0])
    end = phrases.LINE_END.match(lower, offer.end)
    ends = end is not None and end.end() == len(lower)
    if not offer.spelled:
        return _standing_of_text(lower, offer, opens=opens, alone=line is not None and end is not None, ends=ends)
    if line and end and not (_is_first(offer) and phrases.LIST_OPENING.search(before[: line.start()])):
        return "last" if ends else "line"
    if ends and not offer.worded and phrases.SENTENCE_START.search(before):
        return "last"
    if opens and not (_is_discussed(lower, offer) if offer.subject else _is_dismissed(lower, offer)):
        return "line"
    negated = phrases.NEGATED.search(place.clause)
    return "weak" if len(offer.letters) > 1 and len(lower) < _SHORT and not negated else None


def _standing_of_text(lower: str, offer: Offer, *, opens: bool, alone: bool, ends: bool) -> Standing | None:
    """Tell whether an option's text is a line that opens or ends the text, or the opening of its first line."""
    if alone and (opens or ends):
        return "weak"
    if not opens:
        return None
    sentence = phrases.ALONE.match(lower, offer.end)
    stays = sentence and (sentence["rival"] or not _is_dismissed(lower, offer))
    return "line" if stays or phrases.INTERJECTION.match(lower, offer.start) else "opening"


def _is_dismissed(lower: str, offer: Offer) -> bool:
    """Tell whether what follows an offer dismisses it; after an option's text a new sentence must be about it."""
    if not offer.worded:
        return bool(phrases.DISMISSED.match(lower, offer.end))
    return not says_yes_or_no(lower, offer) and bool(phrases.TEXT_DISMISSED.match(lower, offer.end))


def _is_discussed(lower: str, offer: Offer) -> bool:
    """Tell whether the sentence of which an option is the subject may lead elsewhere than to its being the answer."""
    return bool(phrases.DISCUSSED.match(lower, offer.end)) or (_is_first(offer) and not lower.endswith((".", "!")))


def _is_first(offer: Offer) -> bool:
    """Tell whether an offer is the first option with its text, with which a list may begin that was cut off."""
    return offer.worded and not offer.letters.isdisjoint(("A", phrases.FIRST_SIGN))
