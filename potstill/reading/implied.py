"""What a plain text answers where no cue commits to a letter: verdicts on each, or the one that it names. No I/O.

a refusing option    "It cannot be determined", where an option says so
verdicts on each     "A - no, B - yes, C - no", with exactly one yes
a sole mention       "The capital of Australia is (C) Canberra", one short sentence that names one option last
"""

import re

from potstill.reading import distance, phrases
from potstill.reading.offers import LEFT, Offer, letters_of

_AFTER_REFUSAL = re.compile(
    r"\W*(?:\Z|\n)|[.,;!]|\s-|\s(?:from|to|based|whether|who|which|by|with|given|because|since|is (?:the )?(?:correct"
    r"|best|right))\b"
)
_ENOUGH = 2  # verdicts that are a judgement of each
_LONGEST = 240  # characters of a sentence that names its option last
_IS = r"(?:is|are|was|were|be|been|being|called|named|as|means|refers to|points to|corresponds to)"
_TO_TEXT = re.compile(
    rf"\b(?:{_IS}|at|in|on|to|from|by|through|for|of|into|with|should|would|will|must|can|\w+ly|has|have|had|spent"
    rf"|left|your"
    r"|his|her|their|its|the|an?)[ :\n\"'(]*\Z|\A\W*\Z"
)
_TO_LETTER = re.compile(r"\b(?:is|are|refers to|corresponds to)[ :]\s?(?:option |choice |letter )?[\"'(]*\Z|\bfor: \Z")
_ANSWER = re.compile(r"\b(?:answer|choice|option(?! \(?\Z)|solution|pick|response|told|according)\b")
_EQUALS = re.compile(r"\A[^^]*(?<![!<>\u2260])=\s?\$?\Z")
_UNDECIDED = re.compile(
    r"\b(?:not|never|\w+n't|cannot|no|nor|neither|none|wrong|incorrect|least|unlikely|may|might|maybe|perhaps|could|if"
    r"|whether|unless|another|other|each|every|except|but(?! also)|rather|instead|consider\w*|need|first"
    r"|question|options|choices|wonder\w*|some|many|most people|others|students?|said|says?|thinks?|claims?|half of"
    r"|let|suppose\w*|assum\w+|he|she|is it"
    r"|out|trap|tempting)\b|\?"
)
_ENDED = re.compile(r"[\"')\].!]*(?:\s*\Z|,? (?:because|since|as|due to|rather than|instead of|unlike)\b)")
_UNIT = re.compile(
    r"(?: (?!(?:million|billion|thousand|hundred|dozen|percent|or|at|minus|plus|times|more|less|half|per|to|and|is"
    r"|was)\b)[a-z]+){0,2}[.!]?\s*\Z"
)
_NEXT_SENTENCE = re.compile(r"\w{2}[.!?]\s")
_CONTRASTED = re.compile(r"\b(?:,? not|rather than|instead of|unlike)(?: the| an?| in| at)* ?\Z")


def find_refusing_options(lower: str, offers: list[Offer]) -> frozenset[str]:
    """Return whose texts a refusal is made of, such as "cannot be determined", where "I" says none of it."""
    return letters_of(
        offer
        for offer in offers
        if not offer.spelled
        and phrases.REFUSAL.search(lower[offer.start : offer.end])
        and _AFTER_REFUSAL.match(lower, offer.end)
        and not lower.endswith(("i ", "we "), 0, offer.start)
        and not phrases.NEGATED.search(phrases.CLAUSE_END.split(lower[max(0, offer.start - LEFT) : offer.start])[-1])
    )


def find_judged_right(lower: str, offers: list[Offer]) -> frozenset[str]:
    """Return the one letter that is judged right where each of several has its verdict, and the others are wrong."""
    judged = [
        (offer, verdict) for offer in offers if offer.spelled and (verdict := phrases.JUDGED.match(lower, offer.end))
    ]
    right = letters_of(offer for offer, verdict in judged if verdict["yes"])
    wrong = letters_of(offer for offer, verdict in judged if not verdict["yes"])
    clear = len(right) == 1 and right.isdisjoint(wrong) and len(right | wrong) >= _ENOUGH
    return right if clear and letters_of(offers) == right | wrong else frozenset()


def find_sole_mention(lower: str, offers: list[Offer]) -> frozenset[str]:
    """Return the letter of the one option that a text of one sentence names, at its end."""
    if len(lower) > _LONGEST or "\n" in lower.strip() or _NEXT_SENTENCE.search(lower):
        return frozenset()
    offers = [one for one in offers if not _CONTRASTED.search(lower[: one.start])]
    if not offers:
        return frozenset()
    last = offers[-1]
    before, after = lower[: last.start], lower[last.end :]
    if _is_doubted(lower, last, before):
        return frozenset()
    number = lower[last.start : last.end].isdecimal()
    if number and _EQUALS.search(before) and _UNIT.match(after):
        return last.letters
    if len(letters_of(offers)) != 1:
        return frozenset()
    named = _TO_TEXT.search(before) if last.worded else _TO_LETTER.search(before) and not _ANSWER.search(before)
    alone = phrases.ALONE.match(lower, last.end)
    ended = _ENDED.match(after) or (alone and alone["rival"]) or (number and _UNIT.match(after))
    return last.letters if named and ended else frozenset()


def _is_doubted(lower: str, offer: Offer, before: str) -> bool:
    """Tell whether a sentence leaves open, denies or reports what it names."""
    return bool(
        _UNDECIDED.search(before)
        or phrases.DOUBT.search(before)
        or phrases.SUPPOSED.search(before)
        or any(pattern.search(before) for pattern in (distance.DENIED, distance.FORMER, distance.OTHERS_ANSWER))
        or distance.UNSURE.search(before)
        or phrases.POOR.match(lower, offer.end)
    )
