r"""From a teacher's text to a letter or to the reason there is none. No I/O.

A misread answer is worse than a missing one, so a letter is read only where the text commits to it:

    target      = letter [option text] | option text [letter]           "(B) bank", "the bank"
    offer       = target {("or" | "and" | ",") target}                  "A or D"
    commitment  = the whole text | cue offer | offer verdict | a line that is an offer | an offer that opens the text

The last commitment decides, and gives a letter only if all its targets name the same one: an offer of two letters,
or a letter beside another letter's text, is ambiguous. Ranges, eliminations and restated lists match no commitment.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

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


# Letters and option texts: what may follow them, what joins them. From here on all but _LETTER read lower case.
_VERB = r"(?:is|are|was|were|do|does|did|can|cannot|could|would|may|might|has|have|seems?|\w+n't|refers|makes|fits)\b"
_STOP = r"[\"')\]}>]*(?:\s*\Z|\n|\s?[.,;:!]+(?![\w?])|\s?--|\s-\s|\s?[(/]|\s(?:because|since|as|due|given|based|but"
_STOP_LETTER = rf"{_STOP}|(?:or|and)(?! \(?[b-hj-z]\b)|which|over|rather|instead|not|so|for|in|with|from|then|here"
_AFTER_TEXT = re.compile(rf"{_STOP}|rather|instead|which)\b)")
_AFTER_LETTER = re.compile(rf"{_STOP_LETTER})\b|\s\(?[b-z][.)])|(?<=[)\]}}>])(?!\s{_VERB}|\s?\?)")
_AFTER_CAPITAL = re.compile(rf"{_STOP_LETTER}|or|and|nor|to|through|thru|it is|{_VERB})\b)|[)\]]|\s?[-?&+]")
_AFTER_WORD_LIKE = re.compile(r"[.):](?!\w)|\n|\s?\Z|\sis\b")
_BEFORE_A = re.compile(r"(?:\A|[:\n=-]|\b(?:option|choice|answer|letter))\s?\Z")
_LETTER = re.compile(r"(?<![\w'&])([\"'(\[{<]{0,3})([A-Za-z])(?!\w|'\w|&\w)([\"')\]}>]*)")
_WORD_START, _WORD_END = re.compile(r"(?<!\w)(?<!\d[.,])(?<![-+$](?=\d))"), re.compile(r"(?!\w|'\w|[.,:]\d|%)")
_ARTICLE_END = re.compile(r"\b(?:the|an?) \Z")
_ARTICLE = r"(?:(?:the|an?) )?[\"'(\[]*"
_LETTER_TO_TEXT = re.compile(rf"[\s.:,;)\]}}>\"'(=-]*{_ARTICLE}")
_TEXT_TO_LETTER = re.compile(r"[\"'.,]*\s?[-:,]?\s?(?:[(\[]|\(?(?:option|choice|letter) \(?)")
_RANGE = re.compile(r"\s?(?:-+|to|through|thru|\.\.+)\s?[\"'(\[]*")
_JOINT = re.compile(
    r"[\"')\]]*\s?(?:[,;]\s?(?:and/or|or|and)?|and/or|(or)|and|&|\+|/|[^.;:\n]{1,60} (or))\s?"
    rf"(?:(?:then|also|is it|\w+ly) )*(?:the )?(?:(?:option|choice|answer|letter) )?{_ARTICLE}"
)
_SUBJECT = re.compile(rf"\s(?!are\b){_VERB}")

# What makes a commitment of an offer: a cue on its left ("I would choose", then hedges) without doubt in its clause, a
# verdict on its right ("is the best choice"), or a line; and what takes it back.
_BE = r"(?:is|was|are|(?:would|should|must|will|has to|have to|seems? to|appears? to)(?: \w+ly)? be|seems|remains)"
_HEDGE = (
    r"(?:[\s:,\"'(\[]|(?:the|most|more|very|likely|\w+ly|thus|then|therefore|indeed|still|just|both|either|best|to be"
    r"|that|it is|it's|i (?:think|believe|guess|would say)|of course|yes|well|final|correct|right|option|choice|answer"
    r"|letter)\b)*"
)
_CUE = re.compile(
    r"(?:\b(?P<strong>(?:answer|ans|choice|option|solution|response|output|result|pick|selection|conclusion|guess|vote"
    r"|bet|match|fit|letter|(?:correct|right|best) one)\b(?! (?:choices|options|key)\b)"
    rf"(?:(?: \([^()]{{0,20}}\))?(?: choice| option| letter)? ?(?:[:=]>?|->?)|[^.?!;\n]{{0,120}}?\b{_BE}\b)"
    r"|(?:(?:i|we)(?:'d| would| will|'ll| am|'m| have| must)?(?: (?:\w+ly|thus|still|going to|have to))*|let's)"
    r" (?:cho(?:ose|sen|osing|se)|pick(?:ed|ing)?|select(?:ed|ing)?|(?:go|went|going|gone) (?:with|for)|say|answer)\b)"
    rf"|\b(?:(?:i|we)(?:'d| would)? (?:think|believe|guess|conclude)|(?:it|that|this|which)(?:'s| {_BE}))\b"
    r"|(?P<short>\A|, )(?:therefore|thus|hence|so|consequently|in conclusion|finally|most likely|probably|definitely"
    rf"|clearly|choose|select|pick|go with|(?:correct|final|right|verdict) ?:)){_HEDGE}\Z"
)
_DOUBT = re.compile(
    r"\b(?:not(?! \(?[b-hj-z]\b)|never|\w+n't|cannot|nor|neither|wrong|incorrect|(?<!at )least|less|unlikely|false|may"
    r"|(?<!best )possible|plausible|potential|tempting|another|other|first|second|next|each|every|whether|unless|if"
    r"|suppose|assum\w+|might|maybe|perhaps|could|eliminat\w+|rul(?:e|ed|ing) out|exclud\w+|like this|example|format"
    r"|an? (?:\w+ )?(?:answer|option|choice|solution))\b"
)
_CLAUSE_END = re.compile(r"[,;.]|:(?! ?\")|\bbut\b")
_DISMISSED = re.compile(rf"(?!\W*(?:because|since|as)\b)\W*(?:\w+[^\w,.;:]+){{0,3}}?{_DOUBT.pattern}")
_VERDICT = re.compile(
    rf"[\"',)\]]* (?:{_BE} (?:(?:(?:most )?likely|\w+ly|indeed|thus|both) )*(?:(?:the|my|our)"
    r" (?:(?!wrong|incorrect|least|less|worst|other|first|second|next|possible)\w+ ){0,3}"
    r"(?:answer|choice|option|fit|match|one|pick|selection)\b|(?:the )?(?:correct|right|best|most \w+)"
    r"(?=\s?(?:\Z|[.,;!\n]|because|since|as\b|here|for|and)))"
    r"|(?:would )?(?:makes? (?:the )?(?:most )?sense|fits? (?:the )?best)|it is\b)(?!\s?\?)"
    r"(?! (?:that|which|to)\b[^.\n]{0,40}?(?:not|n't|wrong|incorrect|least)\b| (?:if|when)\b| for (?!th[ei]))"
)
_CLAUSE_START = re.compile(rf"(?:\A|[,:\"(]|\b(?:so|that|thus|think|say|hence|and|since|because)) ?{_ARTICLE}\Z")
_LINE_START = re.compile(rf"(?:\A|\n|! )(?:[=>\u2022-]+ )?{_HEDGE}\Z")
_LINE_END = re.compile(r"[.,:;!)\]}>\"' -]*(?:\n|\Z)")
_RETRACTED = re.compile(
    r"[.!?\n] ?(?:(?:but|hmm|oh|no|actually),? )*(?:wait|hold on|scratch that|on second thought|actually,? no"
    r"|i was wrong|let me (?:reconsider|re-?(?:think|check|evaluate)))\b(?! (?:in|for|at|until|times?)\b)"
)
_REFUSAL = re.compile(
    r"\bi(?:'m| am) (?:sorry|unable|afraid|not (?:able|comfortable|sure))\b|\bi (?:can(?:'t|not| not)|won't|will not"
    r"|could(?:n't| not)|do(?:n't| not) (?:know|have|feel|want|see)|must decline|decline|apologi[sz]e)\b"
    r"|\bas an? (?:ai|(?:large )?language model)\b|\b(?:unable to|none of (?:the|these|them)|insufficient)\b|\Anone\b"
    r"|(?:n't|not|no) (?:enough|sufficient)|\bcan(?:not|'t) be (?:determined|answered|inferred)"
    r"|\bno (?:correct|right|good|suitable|clear|single) (?:answer|option|choice)"
)
_BARE_LETTER = re.compile(r"[\"'(\[{< ]*(?!A:)([A-Za-z])[\"')\]}>.:,;! ]*")
_LEFT = 160  # characters before an offer in which its cue must begin
_SHORT = 160  # characters of a text in which two letters without a cue are an offer, and not part of reasoning


def extract_answer(text: str, choices: Sequence[Choice]) -> Extraction:
    """Return the letter that the text commits to, or the reason there is none; no text is an error."""
    options = _options(tuple(choices))
    plain = undress_turn(text)
    if letter := _BARE_LETTER.fullmatch(plain):
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
        if standing and standing != "weak" and not lines and _RETRACTED.search(lower, offer.end):
            return Extraction(None, "unparsed")
        if standing == "said" and offer.spelled:
            return _judge(lines if settled else lines | offer.letters, options)
        if standing in ("line", "last") or (standing == "said" and not lines):
            lines |= offer.letters
        weak |= offer.letters if standing == "weak" else frozenset()
        settled = settled or standing == "last"
    if not lines and _REFUSAL.search(lower):
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
        beside = _LETTER_TO_TEXT if last and last.spelled else _TEXT_TO_LETTER
        apart = not last or last.spelled in (last.worded, found.spelled)
        if apart or not last or not beside.fullmatch(lower, last.end, found.start):
            targets.append(found)
        elif found.spelled or _AFTER_LETTER.match(lower, found.end) or _VERDICT.match(lower, found.end):
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
            if _WORD_START.match(lower, start) and _WORD_END.match(lower, end):
                article = _ARTICLE_END.search(lower, max(0, start - 4), start)
                yield _Offer(letters, article.start() if article else start, end, spelled=False, worded=True)
            start = lower.find(text, end)


def _letters(text: str, lower: str, words: set[int]) -> Iterator[_Offer]:
    """Find the single letters that are meant as such; articles and pronouns are not."""
    for match in _LETTER.finditer(text):
        opening, letter, closing = match.groups()
        start, end = match.span(2)
        if opening and closing:
            meant = True
        elif letter == "I" or letter.islower():
            after = _AFTER_WORD_LIKE.match(lower, end)
            firm = after and (letter != "a" or after[0].strip() or _BEFORE_A.search(lower, max(0, start - 9), start))
            meant = bool(firm)
        else:
            meant = end + 1 in words or bool(_AFTER_CAPITAL.match(lower, end))
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
        joint = _JOINT.fullmatch(gap)
        if item or (joint and (joint[1] or joint[2] or not _SUBJECT.match(lower, target.end))):
            spelled, worded = last.spelled or target.spelled, last.worded or target.worded
            offers[-1] = _Offer(last.letters | target.letters, last.start, target.end, spelled, worded)
        elif ascending and _RANGE.fullmatch(gap):
            offers.pop()
        else:
            offers.append(target)
    return offers


def _listed(lower: str, offers: list[_Offer]) -> set[int]:
    """Return where the items of restated lists start: two or more in the order of the alphabet."""
    runs: list[list[_Offer]] = [[]]
    for offer in (one for one in offers if one.spelled):
        marked = not set(".:)").isdisjoint(lower[offer.end - 1 : offer.end + 1])
        if offer.worded or (marked and _LINE_START.search(lower[max(0, offer.start - 20) : offer.start])):
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
    verdict = _VERDICT.match(lower, offer.end)
    if not verdict and not (_AFTER_LETTER if offer.spelled else _AFTER_TEXT).match(lower, offer.end):
        return None
    if not offer.worded and lower.startswith("a:", offer.start):  # it may stand for "answer"
        return None
    if cue := verdict or _CUE.search(left):
        clear = offer.spelled or (_CLAUSE_START.search(f"{left} ") if verdict else cue["strong"])
        clear = clear and not (offer.subject and cue.lastgroup == "short")
        return "said" if clear and not _DOUBT.search(_CLAUSE_END.split(left.rstrip(" :"))[-1]) else None
    return None if offer.start in listed else _standing_alone(lower, offer, before)


def _standing_alone(lower: str, offer: _Offer, before: str) -> Literal["last", "line", "weak"] | None:
    """Tell whether an offer without cue is a line or opens the text, or is a text or two letters that may do."""
    line, end = _LINE_START.search(before), _LINE_END.match(lower, offer.end)
    opens = line and offer.start <= len(line[0])
    if not offer.spelled:
        return "weak" if line and end and (opens or end.end() == len(lower)) else None
    if line and end and not (offer.worded and before[: line.start()].endswith((":", "?"))):
        return "last" if end.end() == len(lower) else "line"
    if opens and not offer.subject and not _DISMISSED.match(lower, offer.end):
        return "line"
    return "weak" if len(offer.letters) > 1 and len(lower) < _SHORT else None
