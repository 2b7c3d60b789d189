"""What a plain text commits to: which of the letters that it names it leaves standing. No I/O.

The last commitment decides, and gives a letter only if all its targets name the same one: an offer of two letters,
or a letter beside another letter's text, is ambiguous. But a formal commitment ("Answer: B", a line that is an offer)
outranks an aside after it, and prose that contradicts it without correcting or concluding leaves both ambiguous. So do
a letter that is added to the last one, commitments for several cases, and an option's text given another's letter.
"""

from collections.abc import Iterable
from typing import NamedTuple

from stages.reading import distance, phrases
from stages.reading.labels import Options
from stages.reading.offers import Offer, find_listed, find_offers
from stages.reading.standings import Standing, find_standing, sentence_before
from stages.reading.undressing import bare

_Stood = list[tuple[Offer, Standing]]


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
    stood = [(offer, standing) for offer in offers if (standing := find_standing(lower, offer, listed))]
    signs = _weigh_all(lower, stood, offers)
    refused = signs is None and bool(phrases.REFUSAL.search(lower))
    if refused and (own := _find_refusing_options(lower, offers)):
        signs, refused = own | _letters(offer for offer, standing in stood if standing == "opening"), False
    if signs is None and not refused:
        signs = _letters(offer for offer, standing in stood if standing == "weak")
    return Decision(signs or frozenset(), refused, [offer for offer, _ in stood])


def _find_refusing_options(lower: str, offers: list[Offer]) -> frozenset[str]:
    """Return whose texts a refusal is made of, such as "cannot be determined", where "I" says none of it."""
    own = frozenset[str]()
    for offer in offers:
        refuses = not offer.spelled and phrases.REFUSAL.search(lower[offer.start : offer.end])
        if (
            refuses
            and phrases.AFTER_REFUSAL.match(lower, offer.end)
            and not lower.endswith(("i ", "we "), 0, offer.start)
        ):
            own |= offer.letters
    return own


def _weigh_all(lower: str, stood: _Stood, offers: list[Offer]) -> frozenset[str] | None:
    """Return the signs of the last commitment, none if it is taken back, or None where nothing is committed to."""
    retraction = phrases.find_retraction(lower) if stood else -1
    decided = added = frozenset[str]()
    final: Offer | None = None
    for place, (offer, standing) in reversed(list(enumerate(stood))):
        if standing in ("weak", "opening"):
            continue
        if standing == "added":
            added |= frozenset() if decided else offer.letters
            continue
        if not decided:
            if offer.end <= retraction or _is_taken_back(lower, offer, offers):
                return frozenset()
            added |= _find_bridged(lower, stood[:place], offer)
        if standing in ("formal", "said", "aside") and offer.spelled:
            if final is None:
                decided |= _weigh(lower, stood[: place + 1])
            elif standing == "formal" and not phrases.CORRECTING.search(lower, offer.end, final.start):
                decided |= offer.letters
            break
        if standing in ("line", "last") or not decided:
            decided |= offer.letters
        final = offer if standing == "last" else final
    return decided | added if decided else None


def _is_taken_back(lower: str, offer: Offer, offers: list[Offer]) -> bool:
    """Tell whether what follows an offer, before the next one, replaces it or says that it is wrong."""
    if len(lower) - offer.end <= 1:  # a full stop
        return False
    following = min((one.start for one in offers if one.start >= offer.end), default=len(lower))
    taken_back = distance.TAKEN_BACK.match(lower, offer.end)
    return bool(phrases.REPLACED.match(lower, offer.end) or (taken_back and taken_back.end() <= following))


def _find_bridged(lower: str, earlier: _Stood, offer: Offer) -> frozenset[str]:
    """Return whose text was committed to right before a letter, as in "Library. So the answer is A"."""
    if not earlier:
        return frozenset()
    last = earlier[-1][0]
    text = not last.spelled and lower[last.start : last.end] not in ("yes", "no")
    return last.letters if text and distance.BRIDGE.fullmatch(lower, last.end, offer.start) else frozenset()


def _weigh(lower: str, stood: _Stood) -> frozenset[str]:
    """Return what the last commitment of these leaves standing of a formal one, which only a formal one replaces."""
    last, standing = stood[-1]
    own_line = phrases.LINE_END.match
    formal = [one for one, how in stood if how == "formal" or (how == "line" and own_line(lower, one.end))]
    letters = _letters(formal)
    if standing == "formal" or len(letters) != 1 or phrases.CORRECTING.search(lower, formal[-1].end, last.start):
        return last.letters | _letters(one for one, how in stood[:-1] if how == "said" and _are_alike(lower, one, last))
    return letters if standing == "aside" else letters | last.letters


def _are_alike(lower: str, one: Offer, last: Offer) -> bool:
    """Tell whether two commitments stand side by side: each for a case of its own, or each called correct."""
    if phrases.CORRECTING.search(lower, one.end, last.start):
        return False
    cases = all(distance.CASE.search(sentence_before(lower[: offer.start])) for offer in (one, last))
    return cases or all(distance.PLAIN_VERDICT.match(lower, offer.end) for offer in (one, last))


def _letters(offers: Iterable[Offer]) -> frozenset[str]:
    """Return all the letters that offers name."""
    return frozenset[str]().union(*(offer.letters for offer in offers))
