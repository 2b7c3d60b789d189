"""Which letters a plain text leaves standing, of those that it stands by. No I/O.

The last commitment decides, and gives a letter only if all its targets name the same one: an offer of two letters,
or a letter beside another letter's text, is ambiguous. But a formal commitment ("Answer: B", a line that is an offer)
outranks an aside after it, and prose that contradicts it without correcting or concluding leaves both ambiguous. So do
a letter that is added to the last one, commitments for several cases, and an option's text given another's letter.
"""

from potstill.reading import distance, phrases
from potstill.reading.offers import LEFT, Offer, letters_of, says_yes_or_no
from potstill.reading.standings import Standing, sentence_before

_COMPARED = 16  # commitments, the last ones, that may stand side by side
Stood = list[tuple[Offer, Standing]]


def weigh(lower: str, stood: Stood, offers: list[Offer]) -> frozenset[str] | None:
    """Return the signs of the last commitment, none if it is taken back, or None where nothing is committed to."""
    retraction = phrases.find_retraction(lower) if stood else -1
    decided = added = frozenset[str]()
    final: Offer | None = None
    stood = [(_tell_twins_apart(offer, stood), standing) for offer, standing in stood]
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
                decided |= _weigh_against_formal(lower, stood[: place + 1])
            elif standing == "formal" and not phrases.CORRECTING.search(lower, offer.end, final.start):
                decided |= offer.letters
            break
        if standing in ("line", "last") or not decided:
            decided |= offer.letters
        final = offer if standing == "last" else final
    return decided | added if decided else None


def _tell_twins_apart(offer: Offer, stood: Stood) -> Offer:
    """Return a text that several options have as that of the one whose letter is committed to."""
    if offer.spelled or len(offer.letters) == 1:
        return offer
    own = {one.letters for one, _ in stood if one.spelled and one.letters < offer.letters}
    return offer._replace(letters=own.pop()) if len(own) == 1 else offer


def _is_taken_back(lower: str, offer: Offer, offers: list[Offer]) -> bool:
    """Tell whether what follows an offer, before the next one, replaces it or says that it is wrong."""
    if len(lower) - offer.end <= 1 or says_yes_or_no(lower, offer):  # a full stop; "No, it isn't."
        return False
    following = min((one.start for one in offers if one.start >= offer.end), default=len(lower))
    if _is_case(lower, offer) and distance.ANOTHER_CASE.search(lower, offer.end):
        return True
    if any(one.letters == offer.letters and _is_disowned(lower, one) for one in offers if one.start >= offer.end):
        return True
    taken_back = distance.TAKEN_BACK.match(lower, offer.end)
    return bool(phrases.REPLACED.match(lower, offer.end) or (taken_back and taken_back.end() <= following))


def _find_bridged(lower: str, earlier: Stood, offer: Offer) -> frozenset[str]:
    """Return whose text was committed to right before a letter, as in "Library. So the answer is A"."""
    if not earlier:
        return frozenset()
    last = earlier[-1][0]
    text = not last.spelled and not says_yes_or_no(lower, last)
    return last.letters if text and distance.BRIDGE.fullmatch(lower, last.end, offer.start) else frozenset()


def _weigh_against_formal(lower: str, stood: Stood) -> frozenset[str]:
    """Return what the last commitment of these leaves standing of a formal one, which only a formal one replaces."""
    last, standing = stood[-1]
    own_line = phrases.LINE_END.match
    formal = [one for one, how in stood if how == "formal" or (how == "line" and own_line(lower, one.end))]
    letters = letters_of(formal)
    if standing == "formal" or len(letters) != 1 or phrases.CORRECTING.search(lower, formal[-1].end, last.start):
        if unconditional := _find_unconditional(lower, stood):
            return unconditional
        return last.letters | letters_of(
            one for one, how in stood[-_COMPARED:-1] if how == "said" and _are_alike(lower, one, last)
        )
    return letters if standing == "aside" else letters | last.letters


def _find_unconditional(lower: str, stood: Stood) -> frozenset[str] | None:
    """Return what was committed to before a commitment that is only for a case: "C, but if you mean size, it is A"."""
    last = stood[-1][0]
    if not _is_case(lower, last) or phrases.CORRECTING.search(lower, 0, last.start):
        return None
    earlier = [one for one, how in stood[:-1] if how in ("formal", "said", "line") and one.spelled]
    return earlier[-1].letters if earlier and not _is_case(lower, earlier[-1]) else None


def _is_case(lower: str, offer: Offer) -> bool:
    """Tell whether a commitment is only for a case, of which there may be others."""
    left = sentence_before(lower[max(0, offer.start - LEFT) : offer.start])
    return bool(distance.CASE.match(left) or any(case in left for case in distance.CASES))


def _is_disowned(lower: str, offer: Offer) -> bool:
    """Tell whether a letter is called wrong, or not the answer, where it is named again."""
    return bool(
        distance.CALLED_WRONG.match(lower, offer.end)
        or distance.NOT_THE_ANSWER.search(lower, max(0, offer.start - LEFT), offer.start)
    )


def _are_alike(lower: str, one: Offer, last: Offer) -> bool:
    """Tell whether two commitments stand side by side: each for a case of its own, or each called correct."""
    if phrases.CORRECTING.search(lower, one.end, last.start):
        return False
    return (_is_case(lower, one) and _is_case(lower, last)) or all(
        distance.PLAIN_VERDICT.match(lower, offer.end) for offer in (one, last)
    )
