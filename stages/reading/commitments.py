"""What a plain text commits to: how it stands by each letter that it names, and which of them it leaves standing.

    commitment = the whole text | cue offer | offer verdict | a line that is an offer | an offer that opens the text

The last commitment decides, and gives a letter only if all its targets name the same one: an offer of two letters,
or a letter beside another letter's text, is ambiguous. But a formal commitment ("Answer: B", a line that is an offer)
outranks an aside after it, and prose that contradicts it without correcting or concluding leaves both ambiguous.
Ranges, eliminations, tallies ("A - no, B - yes"), suppositions and restated lists match no commitment. No I/O.
"""

import re
from typing import Literal, NamedTuple

from stages.reading import phrases
from stages.reading.labels import Options
from stages.reading.offers import LEFT, Offer, find_listed, find_offers
from stages.reading.undressing import bare

_Standing = Literal["formal", "said", "aside", "last", "line", "weak"]
_SHORT = 160  # characters of a text in which two letters without a cue are an offer, and not part of reasoning


class Decision(NamedTuple):
    """What decided: the signs that are left, none of them if the text refuses, and the offers that stood."""

    signs: frozenset[str]
    refused: bool
    stood: list[Offer]


def decide(text: str, options: Options) -> Decision:
    """Decide a plain text: a letter or an option's text and nothing else, or else what it commits to."""
    if letter := phrases.BARE_LETTER.fullmatch(text):
        return Decision(frozenset(letter[1].upper()), refused=False, stood=[])
    if owners := options.owners.get(bare(text)):
        return Decision(owners, refused=False, stood=[])
    lower = text.lower()
    offers = find_offers(text, lower, options)
    listed = find_listed(lower, offers)
    stood = [(offer, standing) for offer in offers if (standing := _standing(lower, offer, listed))]
    signs = _weigh_all(lower, stood)
    refused = signs is None and bool(phrases.REFUSAL.search(lower))
    if signs is None and not refused:
        signs = frozenset[str]().union(*(offer.letters for offer, standing in stood if standing == "weak"))
    return Decision(signs or frozenset(), refused, [offer for offer, _ in stood])


def _weigh_all(lower: str, stood: list[tuple[Offer, _Standing]]) -> frozenset[str] | None:
    """Return the signs of the last commitment, none if it is taken back, or None where nothing is committed to."""
    retraction = phrases.find_retraction(lower) if stood else -1
    lines = frozenset[str]()
    settled = False
    for place, (offer, standing) in reversed(list(enumerate(stood))):
        if standing == "weak":
            continue
        if not lines and (offer.end <= retraction or phrases.REPLACED.match(lower, offer.end)):
            return frozenset()
        if standing in ("formal", "said", "aside") and offer.spelled:
            return lines if settled else lines | _weigh(lower, stood[: place + 1])
        if standing in ("line", "last") or not lines:
            lines |= offer.letters
        settled = settled or standing == "last"
    return lines or None


def _weigh(lower: str, stood: list[tuple[Offer, _Standing]]) -> frozenset[str]:
    """Return what the last commitment of these leaves standing of a formal one, which only a formal one replaces."""
    last, standing = stood[-1]
    own_line = phrases.LINE_END.match
    formal = [one for one, how in stood if how == "formal" or (how == "line" and own_line(lower, one.end))]
    letters = frozenset[str]().union(*(one.letters for one in formal))
    if standing == "formal" or len(letters) != 1 or phrases.CORRECTING.search(lower, formal[-1].end, last.start):
        return last.letters
    return letters if standing == "aside" else letters | last.letters


def widen(lower: str, offer: Offer) -> tuple[int, int]:
    """Return where an offer starts and ends with the cue and the verdict beside it."""
    before = lower[max(0, offer.start - LEFT) : offer.start]
    left = _sentence(before)
    start = before.rindex(left) if left else len(before)
    verdict, cue = phrases.VERDICT.match(lower, offer.end), phrases.CUE.search(left)
    if not cue:
        return offer.start, verdict.end() if verdict else offer.end
    opening = phrases.CUE_OPENING.search(left[: cue.start()])
    begins = start + (opening.start() if opening else cue.start())
    return offer.start - len(before) + begins, verdict.end() if verdict else offer.end


def _sentence(before: str) -> str:
    """Return the beginning of the sentence that goes on where a text ends."""
    left = before.rstrip()
    start = max(left.rfind("\n"), left.rfind(". "), left.rfind("? "), left.rfind("! ")) + 1
    return left[start:].lstrip()


def _standing(lower: str, offer: Offer, listed: set[int]) -> _Standing | None:
    """Tell how the text stands by an offer: by a cue or a verdict, by giving it a line or its opening, or barely."""
    verdict = phrases.VERDICT.match(lower, offer.end)
    after = phrases.AFTER_LETTER if offer.spelled else phrases.AFTER_TEXT
    if not verdict and not after.match(lower, offer.end):
        return None
    if not offer.worded and lower.startswith("a:", offer.start):  # it may stand for "answer"
        return None
    before = lower[max(0, offer.start - LEFT) : offer.start]
    left = _sentence(before)
    if phrases.POOR.match(lower, offer.end) or phrases.SUPPOSED.search(left) or phrases.EXAMPLE.search(before):
        return None
    if cue := verdict or phrases.CUE.search(left):
        ends = phrases.LINE_END.match(lower, offer.end)
        whole = cue.start() == 0 and cue is not verdict and ends is not None and ends.end() == len(lower)
        return _standing_by(cue, left, offer, whole=whole)
    return None if offer.start in listed else _standing_alone(lower, offer, before)


def _standing_by(cue: re.Match[str], left: str, offer: Offer, *, whole: bool) -> _Standing | None:
    """Tell whether a cue or a verdict commits to an offer: formally, in prose, in an aside, or not, being in doubt."""
    strong = cue.groupdict(default="").get("strong")  # a verdict has no such group
    clear = offer.spelled or strong or whole or (strong is None and phrases.CLAUSE_START.search(f"{left} "))
    clear = clear and not (offer.subject and cue.lastgroup == "short")
    if not clear or phrases.DOUBT.search(phrases.CLAUSE_END.split(left.rstrip(" :"))[-1]):
        return None
    if strong and strong.endswith((":", "=", ">", "-")):
        return "formal"
    return "aside" if phrases.DESCRIBED.search(left) else "said"


def _standing_alone(lower: str, offer: Offer, before: str) -> _Standing | None:
    """Tell whether an offer without cue is a line or opens the text, or is a text or two letters that may do."""
    line, end = phrases.LINE_START.search(before), phrases.LINE_END.match(lower, offer.end)
    opens = line and offer.start <= len(line[0])
    if not offer.spelled:
        return "weak" if line and end and (opens or end.end() == len(lower)) else None
    if line and end and not (offer.worded and before[: line.start()].endswith((":", "?"))):
        return "last" if end.end() == len(lower) else "line"
    if opens and not offer.subject and not phrases.DISMISSED.match(lower, offer.end):
        return "line"
    negated = phrases.NEGATED.search(phrases.CLAUSE_END.split(_sentence(before))[-1])
    return "weak" if len(offer.letters) > 1 and len(lower) < _SHORT and not negated else None
