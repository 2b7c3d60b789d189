r"""From a teacher's text to a letter or to the reason there is none. No I/O.

A misread answer is worse than a missing one, so a letter is read only where the text commits to it:

    target      = letter [option text] | option text [letter]           "(B) bank", "the bank"
    offer       = target {("or" | "and" | ",") target}                  "A or D"
    commitment  = the whole text | cue offer | offer verdict | a line that is an offer | an offer that opens the text

The last commitment decides, and gives a letter only if all its targets name the same one: an offer of two letters,
or a letter beside another letter's text, is ambiguous. Ranges, eliminations and restated lists match no commitment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from stages import phrases
from stages.records import Choice
from stages.undressing import undress, undress_turn


@dataclass(frozen=True)
class Extraction:
    """What was read: `letter` is set if and only if the outcome is "read"."""

    letter: str | None
    outcome: Literal["read", "refused", "ambiguous", "unparsed"]


class _Options(NamedTuple):
    """The choices of one question: their letters, and whose each text is, the longest text first."""

    labels: frozenset[str]
    owners: dict[str, frozenset[str]]


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


_LEFT = 160  # characters before an offer in which its cue must begin
_SHORT = 160  # characters of a text in which two letters without a cue are an offer, and not part of reasoning


def extract_answer(text: str, choices: Sequence[Choice]) -> Extraction:
    """Return the letter that the text commits to, or the reason there is none; no text is an error."""
    options = _options(tuple(choices))
    plain = undress_turn(text)
    if letter := phrases.BARE_LETTER.fullmatch(plain):
        return _judge(frozenset(letter[1].upper()), options)
    if owners := options.owners.get(_bare(plain)):
        return _judge(owners, options)
    return _read(plain, plain.lower(), options)


@lru_cache(maxsize=1024)
def _options(choices: tuple[Choice, ...]) -> _Options:
    """Prepare the choices of one question for looking up; a text that is a label is left to the label."""
    bare = {choice.label: _bare(undress(choice.text)) for choice in choices}
    texts = sorted({text for text in bare.values() if text and text.upper() not in bare}, key=len, reverse=True)
    return _Options(frozenset(bare), {text: frozenset(one for one in bare if bare[one] == text) for text in texts})


def _bare(text: str) -> str:
    """Return an undressed text as option texts are compared: no case, article or punctuation around it."""
    bare = text.lower().strip(" \n.,;:!?\"'()[]")
    return bare.removeprefix("the ").removeprefix("an ").removeprefix("a ")


def _read(text: str, lower: str, options: _Options) -> Extraction:
    """Read one answer: its last commitment, or else a refusal, or else what stands for want of a better."""
    offers = _join(lower, _targets(text, lower, options))
    listed = _listed(lower, offers)
    lines = weak = frozenset[str]()
    settled = False
    for offer in reversed(offers):
        standing = _standing(lower, offer, listed)
        if standing and standing != "weak" and not lines and phrases.RETRACTED.search(lower, offer.end):
            return Extraction(None, "unparsed")
        if standing == "said" and offer.spelled:
            return _judge(lines if settled else lines | offer.letters, options)
        if standing in ("line", "last") or (standing == "said" and not lines):
            lines |= offer.letters
        weak |= offer.letters if standing == "weak" else frozenset()
        settled = settled or standing == "last"
    if not lines and phrases.REFUSAL.search(lower):
        return Extraction(None, "refused")
    return _judge(lines or weak, options)


def _judge(letters: frozenset[str], options: _Options) -> Extraction:
    """Read a single known letter; several are ambiguous, none or an unknown one is unparsed."""
    if len(letters) > 1:
        return Extraction(None, "ambiguous")
    letter = min(letters & options.labels, default=None)
    return Extraction(letter, "read" if letter else "unparsed")


def _targets(text: str, lower: str, options: _Options) -> list[_Offer]:
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


def _words(lower: str, options: _Options) -> Iterator[_Offer]:
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
            firm = after and (
                letter != "a" or after[0].strip() or phrases.BEFORE_A.search(lower, max(0, start - 9), start)
            )
            meant = bool(firm)
        else:
            meant = end + 1 in words or bool(phrases.AFTER_CAPITAL.match(lower, end))
        if meant:
            yield _Offer(frozenset(letter.upper()), start, match.end(), spelled=True, worded=False)


def _join(lower: str, targets: list[_Offer]) -> list[_Offer]:
    """Join the targets that are offered together, and drop ranges of letters."""
    offers: list[_Offer] = targets[:1]
    for target in targets[1:]:
        last = offers[-1] if offers else target
        gap = lower[last.end : target.start]
        ascending = last.spelled and target.spelled and max(last.letters) < min(target.letters)
        item = ascending and last.worded and target.worded and not gap.strip(" \n.")
        joint = phrases.JOINT.fullmatch(gap)
        if item or (joint and (joint[1] or joint[2] or not phrases.SUBJECT.match(lower, target.end))):
            spelled, worded = last.spelled or target.spelled, last.worded or target.worded
            offers[-1] = _Offer(last.letters | target.letters, last.start, target.end, spelled, worded)
        elif ascending and phrases.RANGE.fullmatch(gap):
            offers.pop()
        else:
            offers.append(target)
    return offers


def _listed(lower: str, offers: list[_Offer]) -> set[int]:
    """Return where the items of restated lists start: two or more in the order of the alphabet."""
    runs: list[list[_Offer]] = [[]]
    for offer in (one for one in offers if one.spelled):
        marked = not set(".:)").isdisjoint(lower[offer.end - 1 : offer.end + 1])
        if offer.worded or (marked and phrases.LINE_START.search(lower[max(0, offer.start - 20) : offer.start])):
            if runs[-1] and min(offer.letters) <= max(runs[-1][-1].letters):
                runs.append([])
            runs[-1].append(offer)
    column = {one.start for one in offers if len(one.letters) > 1 and "\n" in lower[one.start : one.end]}
    return column.union(one.start for run in runs for one in run if len(run) > 1)


def _standing(lower: str, offer: _Offer, listed: set[int]) -> Literal["said", "last", "line", "weak"] | None:
    """Tell how the text stands by an offer: by a cue or a verdict, by giving it a line or its opening, or barely."""
    before = lower[max(0, offer.start - _LEFT) : offer.start]
    left = before.rstrip()
    left = left[max(left.rfind(end) for end in ("\n", ". ", "? ", "! ")) + 1 :].lstrip()
    verdict = phrases.VERDICT.match(lower, offer.end)
    if not verdict and not (phrases.AFTER_LETTER if offer.spelled else phrases.AFTER_TEXT).match(lower, offer.end):
        return None
    if not offer.worded and lower.startswith("a:", offer.start):  # it may stand for "answer"
        return None
    if cue := verdict or phrases.CUE.search(left):
        clear = offer.spelled or (phrases.CLAUSE_START.search(f"{left} ") if verdict else cue["strong"])
        clear = clear and not (offer.subject and cue.lastgroup == "short")
        return "said" if clear and not phrases.DOUBT.search(phrases.CLAUSE_END.split(left.rstrip(" :"))[-1]) else None
    return None if offer.start in listed else _standing_alone(lower, offer, before)


def _standing_alone(lower: str, offer: _Offer, before: str) -> Literal["last", "line", "weak"] | None:
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
