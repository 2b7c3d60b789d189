"""What a plain text commits to: what it answers before it goes on to another question. No I/O."""

import re
from typing import NamedTuple

from potstill.reading import phrases
from potstill.reading.implied import find_judged_right, find_refusing_options, find_sole_mention
from potstill.reading.labels import Options
from potstill.reading.offers import Offer, find_listed, find_offers, letters_of
from potstill.reading.standings import find_standing
from potstill.reading.turns import find_next_questions
from potstill.reading.undressing import bare
from potstill.reading.weighing import weigh

# The commonest answers in full: a letter, or a letter with a text, alone or behind the usual cue.
_AT_ONCE = re.compile(
    r"(?:(?i:(?:among a through [b-z], )?(?:the|my) (?:(?:final|best|correct|right) )?answer is|(?:final )?answer:) )?"
    r"\(?([A-HJ-Z])[).]*(?:(?<=[).]) ([^\n]+?)|(?<=\w), ([^\n]+?))?[.]?"
)


class Decision(NamedTuple):
    """What decided: the signs that are left, none of them if the text refuses, and the offers that stood."""

    signs: frozenset[str]
    refused: bool
    stood: list[Offer]


def decide(text: str, options: Options) -> Decision:
    """Decide a plain text, or what stands before a question of the teacher's own if that gives a letter."""
    if at_once := decide_at_once(text, options):
        return at_once
    for end in find_next_questions(text, options):
        decision = decide_at_length(text[:end], options)
        if len(decision.signs) == 1:
            return decision
    return decide_at_length(text, options)


def decide_at_once(text: str, options: Options) -> Decision | None:
    """Decide a text that is one of the commonest answers and nothing else, as deciding it at length would; or None."""
    whole = _AT_ONCE.fullmatch(text)
    if not whole or whole[1] not in options.labels:
        return None
    named = whole[2] or whole[3]
    if named and whole[1] not in options.owners.get(bare(named), ()):
        return None
    return Decision(frozenset(whole[1]), refused=False, stood=[])


def decide_at_length(text: str, options: Options) -> Decision:
    """Decide a plain text: a letter or an option's text and nothing else, or what it commits to, or what it implies."""
    if letter := phrases.BARE_LETTER.fullmatch(text):
        return Decision(frozenset(letter[1].upper()), refused=False, stood=[])
    if owners := options.owners.get(bare(text)):
        return Decision(owners, refused=False, stood=[])
    lower = text.lower()
    offers = find_offers(text, lower, options)
    listed = find_listed(lower, offers)
    stood = [(offer, standing) for offer in offers if (standing := find_standing(lower, offer, listed))]
    signs = weigh(lower, stood, offers)
    refused = signs is None and bool(phrases.REFUSAL.search(lower))
    if refused and (own := find_refusing_options(lower, offers)):
        signs, refused = own | letters_of(offer for offer, standing in stood if standing == "opening"), False
    elif signs is None and not refused:
        weak = letters_of(offer for offer, standing in stood if standing == "weak")
        signs = weak or find_judged_right(lower, offers) or find_sole_mention(lower, offers)
    return Decision(signs or frozenset(), refused, [offer for offer, _ in stood])
