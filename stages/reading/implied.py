"""What a plain text answers where no cue commits to a letter: verdicts on each, or the one that it names. No I/O.

a refusing option    "It cannot be determined", where an option says so
verdicts on each     "A - no, B - yes, C - no", with exactly one yes
a sole mention       "The capital of Australia is (C) Canberra", one short sentence that names one option last
"""

import re
from collections.abc import Iterable

from stages.reading import phrases
from stages.reading.offers import Offer

_AFTER_REFUSAL = re.compile(
    r"\W*(?:\Z|\n)|[.,;!]|\s-|\s(?:from|to|based|whether|who|which|by|with|given|because|since|is (?:the )?(?:correct"
    r"|best|right))\b"
)
_VERDICT = re.compile(
    r"[\s\"')\]:.,=-]*\(?(?:is |this is |that is )?(?:(?P<yes>yes|true|correct|right)"
    r"|no|false|incorrect|wrong|not (?:correct|right|true))\b(?! (?:answer|option|choice|of|to|that|for|in)\b)"
)
_ENOUGH = 2  # verdicts that are a judgement of each
_LONGEST = 240  # characters of a sentence that names its option last
_COMPLETED = re.compile(
    r"\b(?:is|are|was|were|be|been|being|as|called|named|at|in|on|to|from|by|for|of|into|with|means|refers to|should"
    r"|would|will|must|can|the|an?)[ :\n\"'(]*\Z|\A\W*\Z"
)
_UNDECIDED = re.compile(
    r"\b(?:not|never|\w+n't|cannot|no|nor|neither|none|wrong|incorrect|least|unlikely|may|might|maybe|perhaps|could"
    r"|if|whether|unless|another|other|each|every|except|but|rather|instead|let's|let us|consider\w*|need|first"
    r"|question|options?|choices?|i|we|he|she|they|you)\b|\?"
)
_ENDED = re.compile(r"[\"')\].!]*\s*\Z")


def letters_of(offers: Iterable[Offer]) -> frozenset[str]:
    """Return all the letters that offers name."""
    return frozenset[str]().union(*(offer.letters for offer in offers))


def find_refusing_options(lower: str, offers: list[Offer]) -> frozenset[str]:
    """Return whose texts a refusal is made of, such as "cannot be determined", where "I" says none of it."""
    return letters_of(
        offer
        for offer in offers
        if not offer.spelled
        and phrases.REFUSAL.search(lower[offer.start : offer.end])
        and _AFTER_REFUSAL.match(lower, offer.end)
        and not lower.endswith(("i ", "we "), 0, offer.start)
        and not phrases.NEGATED.search(phrases.CLAUSE_END.split(lower[: offer.start])[-1])
    )


def find_judged_right(lower: str, offers: list[Offer]) -> frozenset[str]:
    """Return the one letter that is judged right where each of several has its verdict, and the others are wrong."""
    judged = [(offer, verdict) for offer in offers if offer.spelled and (verdict := _VERDICT.match(lower, offer.end))]
    right = letters_of(offer for offer, verdict in judged if verdict["yes"])
    wrong = letters_of(offer for offer, verdict in judged if not verdict["yes"])
    clear = len(right) == 1 and right.isdisjoint(wrong) and len(right | wrong) >= _ENOUGH
    return right if clear and letters_of(offers) == right | wrong else frozenset()


def find_sole_mention(lower: str, offers: list[Offer]) -> frozenset[str]:
    """Return the letter of the one option that a text of one sentence names, at its end, without doubt."""
    if not offers or len(lower) > _LONGEST or len(letters_of(offers)) != 1:
        return frozenset()
    last = offers[-1]
    before = lower[: last.start]
    single = "\n" not in before.strip() and not re.search(r"[.!?]\s", before)
    named = last.worded and _COMPLETED.search(before) and _ENDED.match(lower, last.end)
    return last.letters if single and named and not _UNDECIDED.search(before) else frozenset()
