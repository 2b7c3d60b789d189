"""The places in a text that name letters: the letters meant as such, the options' texts, and what is offered together.

    target = letter [option text] | option text [letter]           "(B) bank", "the bank"
    offer  = target {("or" | "and" | ",") target}                  "A or D"

Ranges ("A through E") are no offers, and articles and pronouns no letters. No I/O.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from potstill.reading import phrases
from potstill.reading.labels import Options

_CALLED = ("option ", "choice ", "letter ")
_ANNOUNCING = frozenset(("answer", "option", "choice", "letter", "response", "result", "solution", "reason"))
_OPENING = frozenset("\"'([{<")
LEFT = 160  # characters before an offer in which its cue must begin


class Offer(NamedTuple):
    """A place that names letters: which, from where to where, as a letter (spelled), as an option's text (worded).

    A subject is a letter whose text, word for word, goes on as a sentence: "B. bank is ...", which may end in "no".
    """

    letters: frozenset[str]
    start: int
    end: int
    spelled: bool
    worded: bool
    subject: bool = False


def letters_of(offers: Iterable[Offer]) -> frozenset[str]:
    """Return all the letters that offers name."""
    return frozenset[str]().union(*(offer.letters for offer in offers))


def says_yes_or_no(lower: str, offer: Offer) -> bool:
    """Tell whether an offer ends with an option called yes or no, which may be an interjection as well."""
    return offer.worded and lower[offer.start : offer.end].rpartition(" ")[2] in ("yes", "no")


def find_offers(text: str, lower: str, options: Options) -> list[Offer]:
    """Find what a text offers, in its order; `lower` is the text in lower case."""
    return _join(lower, _targets(text, lower, options))


def _targets(text: str, lower: str, options: Options) -> list[Offer]:
    """Find the letters and the option texts, each letter together with the text beside it."""
    words = list(_texts(lower, options))
    letters = _letters(text, lower, {word.start for word in words}, options)
    targets: list[Offer] = []
    found_in_order = sorted([*words, *letters], key=lambda one: (one.start, -one.end))
    for place, found in enumerate(found_in_order):
        following = found_in_order[place + 1] if place + 1 < len(found_in_order) else None
        last = targets[-1] if targets else None
        if last and found.start < last.end:
            continue
        beside = phrases.LETTER_TO_TEXT if last and last.spelled else phrases.TEXT_TO_LETTER
        apart = not last or last.spelled in (last.worded, found.spelled)
        if (
            apart
            or not last
            or not beside.fullmatch(lower, last.end, found.start)
            or _breaks(lower, last, found, following)
        ):
            targets.append(found)
        elif found.spelled or phrases.AFTER_BOTH.match(lower, found.end) or phrases.VERDICT.match(lower, found.end):
            both = last.letters & found.letters or last.letters | found.letters
            targets[-1] = Offer(both, last.start, found.end, spelled=True, worded=True)
        elif last.letters & found.letters and lower[found.start : found.end] in options.owners:
            targets[-1] = last._replace(worded=True, subject=True)
    return targets


def _breaks(lower: str, last: Offer, found: Offer, following: Offer | None) -> bool:
    """Tell whether another option's text begins an explanation, on the line after a letter's or with its own letter."""
    if not last.letters.isdisjoint(found.letters):
        return False
    if following and last.spelled and following.spelled and following.letters == found.letters:
        return phrases.TEXT_TO_LETTER.fullmatch(lower, found.end, following.start) is not None
    return "\n" in lower[last.end : found.start] and not phrases.LINE_END.match(lower, found.end)


def _texts(lower: str, options: Options) -> Iterator[Offer]:
    """Find the option texts that stand as words of their own."""
    for text, letters in options.owners.items():
        start = lower.find(text)
        while start >= 0:
            end = start + len(text)
            announces = text in _ANNOUNCING and lower.startswith((":", " :"), end)
            if not announces and phrases.WORD_START.match(lower, start) and phrases.WORD_END.match(lower, end):
                article = phrases.ARTICLE_END.search(lower, max(0, start - 4), start)
                yield Offer(letters, article.start() if article else start, end, spelled=False, worded=True)
            start = lower.find(text, end)


def _letters(text: str, lower: str, words: set[int], options: Options) -> Iterator[Offer]:
    """Find the single letters that are meant as such; articles and pronouns are not."""
    for match in phrases.LETTER.finditer(text):
        letter, closing = match.groups()
        start, end = match.span(1)
        if closing and text[start - 1 : start] in _OPENING:
            meant = True
        elif letter.islower() and letter.upper() not in options.labels:  # a variable: "x = 18"
            meant = False
        elif letter in "Iaeiouy":
            if after := phrases.AFTER_WORD_LIKE.match(lower, end):
                named = letter != "a" or after[0].strip() or phrases.BEFORE_A.search(lower, max(0, start - 9), start)
                meant = bool(named)
            else:
                meant = lower.endswith(_CALLED, 0, start) and bool(phrases.AFTER_LETTER.match(lower, end))
        else:
            meant = end + 1 in words or bool(phrases.AFTER_CAPITAL.match(lower, end))
        if meant:
            yield Offer(frozenset(letter.upper()), start, match.end(), spelled=True, worded=False)


def _join(lower: str, targets: list[Offer]) -> list[Offer]:
    """Join the targets that are offered together, and drop ranges of letters."""
    offers: list[Offer] = targets[:1]
    for target in targets[1:]:
        last = offers[-1] if offers else None
        if not last or not (how := _joint(lower, last, target)):
            offers.append(target)
        elif how == "range":
            offers.pop()
        else:
            own = offers[-2] if len(offers) > 1 and target.spelled and not last.spelled else last
            if own.letters == last.letters and phrases.OWN_TEXT.fullmatch(lower, own.end, last.start):
                offers.pop()
            first, worded = offers[-1], last.worded or target.worded
            spelled = first.spelled or target.spelled
            offers[-1] = Offer(last.letters | target.letters, first.start, target.end, spelled, worded)
    return offers


def _joint(lower: str, last: Offer, target: Offer) -> Literal["offer", "range"] | None:
    """Tell whether two neighbours are one offer, the ends of a range, or neither."""
    gap = lower[last.end : target.start]
    ascending = last.spelled and target.spelled and max(last.letters) < min(target.letters)
    if ascending and last.worded and target.worded and not target.subject and not gap.strip(" \n."):
        return "offer"
    joint = phrases.JOINT.fullmatch(gap)
    if joint and (joint[1] or joint[2] or joint[3] or not phrases.SUBJECT.match(lower, target.end)):
        return "offer"
    if _marked(lower, last) and _marked(lower, target) and phrases.OR_ITEM.fullmatch(gap):
        return "offer"
    verdict = phrases.VERDICT.match(lower, target.end)
    if verdict and (" also " in verdict[0] or phrases.AS_WELL.match(lower, verdict.end())):
        return "offer"
    return "range" if ascending and phrases.RANGE.fullmatch(gap) else None


def _marked(lower: str, offer: Offer) -> bool:
    """Tell whether an offer ends like the letter of a list's item: with a bracket, a full stop or a colon."""
    return not set(".:)").isdisjoint(lower[offer.end - 1 : offer.end + 1])


def find_listed(lower: str, offers: list[Offer]) -> set[int]:
    """Return where the items of restated lists start: two or more in the order of the alphabet, or with marks."""
    runs: list[list[Offer]] = [[]]
    kind: str | None = None
    for offer in (one for one in offers if one.spelled):
        last = runs[-1][-1] if runs[-1] else None
        follows = last is not None and not lower[last.end : offer.start].strip(" \n.,;:()[]-/|")
        if (start := _item_start(lower, offer)) or (offer.worded and follows):
            if last and (_begins_anew(lower, last, offer) or (start and kind and start != kind)):
                runs.append([])
            runs[-1].append(offer)
            kind = start or kind
    tally = [one for one in offers if one.spelled and phrases.TALLIED.match(lower, one.end)]
    if len({one.letters for one in tally}) > 1:
        runs.append(tally)
    column = {one.start for one in offers if len(one.letters) > 1 and "\n" in lower[one.start : one.end]}
    return column.union(one.start for run in runs for one in run if len(run) > 1)


def _begins_anew(lower: str, last: Offer, offer: Offer) -> bool:
    """Tell whether an item begins another list: of a letter not after the last, or going on after a whole line."""
    if min(offer.letters) <= max(last.letters):
        return True
    apart = ord(min(offer.letters)) - ord(max(last.letters)) > 1
    whole, goes_on = phrases.LINE_END.match(lower, last.end), not phrases.LINE_END.match(lower, offer.end)
    return apart and whole is not None and goes_on


def _item_start(lower: str, offer: Offer) -> Literal["line", "sentence"] | None:
    """Tell what an offer begins as the item of a list does, with a mark or its text: a line, or a sentence."""
    if not offer.worded and not _marked(lower, offer):
        return None
    before = lower[max(0, offer.start - LEFT) : offer.start]
    if phrases.LINE_START.search(before):
        return "line"
    return "sentence" if phrases.ITEM_START.search(before) else None
