r"""From a teacher's text to a letter or to the reason there is none. No I/O.

A misread answer is worse than a missing one, so a letter is read only where the text commits to it:

    target      = letter [option text] | option text [letter]           "(B) bank", "the bank"
    offer       = target {("or" | "and" | ",") target}                  "A or D"
    commitment  = the whole text | cue offer | offer verdict | a line that is an offer | an offer that opens the text

The last commitment decides, and gives a letter only if all its targets name the same one: an offer of two letters,
or a letter beside another letter's text, is ambiguous. But a formal commitment ("Answer: B", a line that is an offer)
outranks an aside after it, and prose that contradicts it without correcting or concluding leaves both ambiguous.
Ranges, eliminations, tallies ("A - no, B - yes"), suppositions and restated lists match no commitment.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from stages import phrases
from stages.records import Choice
from stages.undressing import Options, bare, undress_options, undress_turn


@dataclass(frozen=True)
class Extraction:
    """What was read: `letter` is set if and only if the outcome is "read"."""

    letter: str | None
    outcome: Literal["read", "refused", "ambiguous", "unparsed"]


class _Offer(NamedTuple):
    """A place that names letters: which, from where to where, as a letter (spelled), as an option's text (worded).

    A subject is a letter whose text, word for word, goes on as a sentence: "B. bank is ...", which may end in "no".
    """

    letters: frozenset[str]
    start: int
    end: int
    spelled: bool
    worded: bool
    subject: bool = False


_Standing = Literal["formal", "said", "aside", "last", "line", "weak"]
_LEFT = 160  # characters before an offer in which its cue must begin
_SHORT = 160  # characters of a text in which two letters without a cue are an offer, and not part of reasoning


def extract_answer(text: str, choices: Sequence[Choice]) -> Extraction:
    """Return the letter that the text commits to, or the reason there is none; no text is an error."""
    options = undress_options(tuple(choices))
    plain = undress_turn(text)
    if letter := phrases.BARE_LETTER.fullmatch(plain):
        return _judge(frozenset(letter[1].upper()), options)
    if owners := options.owners.get(bare(plain)):
        return _judge(owners, options)
    return _read(plain, plain.lower(), options)


def _read(text: str, lower: str, options: Options) -> Extraction:
    """Read one answer: its last commitment, or else a refusal, or else what stands for want of a better."""
    offers = _join(lower, _targets(text, lower, options))
    listed = _listed(lower, offers)
    stood = [(offer, standing) for offer in offers if (standing := _standing(lower, offer, listed))]
    lines = weak = frozenset[str]()
    settled = False
    for place, (offer, standing) in reversed(list(enumerate(stood))):
        if standing != "weak" and not lines and phrases.taken_back(lower, offer.end):
            return Extraction(None, "unparsed")
        if standing in ("formal", "said", "aside") and offer.spelled:
            return _judge(lines if settled else lines | _weigh(lower, stood[: place + 1]), options)
        if standing in ("line", "last") or (standing in ("formal", "said", "aside") and not lines):
            lines |= offer.letters
        weak |= offer.letters if standing == "weak" else frozenset()
        settled = settled or standing == "last"
    if not lines and phrases.REFUSAL.search(lower):
        return Extraction(None, "refused")
    return _judge(lines or weak, options)


def _weigh(lower: str, stood: list[tuple[_Offer, _Standing]]) -> frozenset[str]:
    """Return what the last commitment of these leaves standing of a formal one, which only a formal one replaces."""
    last, standing = stood[-1]
    own_line = phrases.LINE_END.match
    formal = [one for one, how in stood if how == "formal" or (how == "line" and own_line(lower, one.end))]
    letters = frozenset[str]().union(*(one.letters for one in formal))
    if standing == "formal" or len(letters) != 1 or phrases.CORRECTING.search(lower, formal[-1].end, last.start):
        return last.letters
    return letters if standing == "aside" else letters | last.letters


def _judge(letters: frozenset[str], options: Options) -> Extraction:
    """Read a single known letter; several are ambiguous, none or an unknown one is unparsed."""
    if len(letters) > 1:
        return Extraction(None, "ambiguous")
    letter = min(letters & options.labels, default=None)
    return Extraction(letter, "read" if letter else "unparsed")


def _targets(text: str, lower: str, options: Options) -> list[_Offer]:
    """Find the letters and the option texts, each letter together with the text beside it."""
    words = list(_words(lower, options))
    letters = _letters(text, lower, {word.start for word in words})
    targets: list[_Offer] = []
    for found in sorted([*words, *letters], key=lambda one: (one.start, -one.end)):
        last = targets[-1] if targets else None
        if last and found.start < last.end:
            continue
        beside = phrases.LETTER_TO_TEXT if last and last.spelled else phrases.TEXT_TO_LETTER
        apart = not last or last.spelled in (last.worded, found.spelled)
        if apart or not last or not beside.fullmatch(lower, last.end, found.start):
            targets.append(found)
        elif found.spelled or phrases.AFTER_LETTER.match(lower, found.end) or phrases.VERDICT.match(lower, found.end):
            both = last.letters & found.letters or last.letters | found.letters
            targets[-1] = _Offer(both, last.start, found.end, spelled=True, worded=True)
        elif last.letters & found.letters and lower[found.start : found.end] in options.owners:
            targets[-1] = last._replace(worded=True, subject=True)
    return targets


def _words(lower: str, options: Options) -> Iterator[_Offer]:
    """Find the option texts that stand as words of their own."""
    for text, letters in options.owners.items():
        start = lower.find(text)
        while start >= 0:
            end = start + len(text)
            if phrases.WORD_START.match(lower, start) and phrases.WORD_END.match(lower, end):
                article = phrases.ARTICLE_END.search(lower, max(0, start - 4), start)
                yield _Offer(letters, article.start() if article else start, end, spelled=False, worded=True)
            start = lower.find(text, end)


def _letters(text: str, lower: str, words: set[int]) -> Iterator[_Offer]:
    """Find the single letters that are meant as such; articles and pronouns are not."""
    for match in phrases.LETTER.finditer(text):
        opening, letter, closing = match.groups()
        start, end = match.span(2)
        if opening and closing:
            meant = True
        elif letter == "I" or letter.islower():
            after = phrases.AFTER_WORD_LIKE.match(lower, end)
            named = letter != "a" or phrases.BEFORE_A.search(lower, max(0, start - 9), start)
            meant = bool(after and (named or after[0].strip()))
        else:
            meant = end + 1 in words or bool(phrases.AFTER_CAPITAL.match(lower, end))
        if meant:
            yield _Offer(frozenset(letter.upper()), start, match.end(), spelled=True, worded=False)


def _join(lower: str, targets: list[_Offer]) -> list[_Offer]:
    """Join the targets that are offered together, and drop ranges of letters."""
    offers: list[_Offer] = targets[:1]
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
            offers[-1] = _Offer(last.letters | target.letters, first.start, target.end, spelled, worded)
    return offers


def _joint(lower: str, last: _Offer, target: _Offer) -> Literal["offer", "range"] | None:
    """Tell whether two neighbours are one offer, the ends of a range, or neither."""
    gap = lower[last.end : target.start]
    ascending = last.spelled and target.spelled and max(last.letters) < min(target.letters)
    if ascending and last.worded and target.worded and not gap.strip(" \n."):
        return "offer"
    joint = phrases.JOINT.fullmatch(gap)
    if joint and (joint[1] or joint[2] or not phrases.SUBJECT.match(lower, target.end)):
        return "offer"
    if _marked(lower, last) and _marked(lower, target) and phrases.OR_ITEM.fullmatch(gap):
        return "offer"
    verdict = phrases.VERDICT.match(lower, target.end)
    if verdict and (" also " in verdict[0] or phrases.AS_WELL.match(lower, verdict.end())):
        return "offer"
    return "range" if ascending and phrases.RANGE.fullmatch(gap) else None


def _marked(lower: str, offer: _Offer) -> bool:
    """Tell whether an offer ends like the letter of a list's item: with a bracket, a full stop or a colon."""
    return not set(".:)").isdisjoint(lower[offer.end - 1 : offer.end + 1])


def _listed(lower: str, offers: list[_Offer]) -> set[int]:
    """Return where the items of restated lists start: two or more in the order of the alphabet, or with marks."""
    runs: list[list[_Offer]] = [[]]
    for offer in (one for one in offers if one.spelled):
        starts = phrases.LINE_START.search(lower, max(0, offer.start - _LEFT), offer.start)
        if offer.worded or (starts and _marked(lower, offer)):
            if runs[-1] and min(offer.letters) <= max(runs[-1][-1].letters):
                runs.append([])
            runs[-1].append(offer)
    tally = [one for one in offers if one.spelled and phrases.TALLIED.match(lower, one.end)]
    if len({one.letters for one in tally}) > 1:
        runs.append(tally)
    column = {one.start for one in offers if len(one.letters) > 1 and "\n" in lower[one.start : one.end]}
    return column.union(one.start for run in runs for one in run if len(run) > 1)


def _standing(lower: str, offer: _Offer, listed: set[int]) -> _Standing | None:
    """Tell how the text stands by an offer: by a cue or a verdict, by giving it a line or its opening, or barely."""
    before = lower[max(0, offer.start - _LEFT) : offer.start]
    left = before.rstrip()
    left = left[max(left.rfind(end) for end in ("\n", ". ", "? ", "! ")) + 1 :].lstrip()
    verdict = phrases.VERDICT.match(lower, offer.end)
    after = phrases.AFTER_LETTER if offer.spelled else phrases.AFTER_TEXT
    if not verdict and not after.match(lower, offer.end):
        return None
    if not offer.worded and lower.startswith("a:", offer.start):  # it may stand for "answer"
        return None
    if phrases.POOR.match(lower, offer.end) or phrases.SUPPOSED.search(left) or phrases.EXAMPLE.search(before):
        return None
    if cue := verdict or phrases.CUE.search(left):
        return _standing_by(cue, left, offer)
    return None if offer.start in listed else _standing_alone(lower, offer, before)


def _standing_by(cue: re.Match[str], left: str, offer: _Offer) -> _Standing | None:
    """Tell whether a cue or a verdict commits to an offer: formally, in prose, in an aside, or not, being in doubt."""
    strong = cue.groupdict(default="").get("strong")  # a verdict has no such group
    clear = offer.spelled or strong or (strong is None and phrases.CLAUSE_START.search(f"{left} "))
    clear = clear and not (offer.subject and cue.lastgroup == "short")
    if not clear or phrases.DOUBT.search(phrases.CLAUSE_END.split(left.rstrip(" :"))[-1]):
        return None
    if strong and strong.endswith((":", "=", ">", "-")):
        return "formal"
    return "aside" if phrases.DESCRIBED.search(left) else "said"


def _standing_alone(lower: str, offer: _Offer, before: str) -> _Standing | None:
    """Tell whether an offer without cue is a line or opens the text, or is a text or two letters that may do."""
    line, end = phrases.LINE_START.search(before), phrases.LINE_END.match(lower, offer.end)
    opens = line and offer.start <= len(line[0])
    if not offer.spelled:
        return "weak" if line and end and (opens or end.end() == len(lower)) else None
    if line and end and not (offer.worded and before[: line.start()].endswith((":", "?"))):
        return "last" if end.end() == len(lower) else "line"
    if opens and not offer.subject and not phrases.DISMISSED.match(lower, offer.end):
        return "line"
    return "weak" if len(offer.letters) > 1 and len(lower) < _SHORT else None
