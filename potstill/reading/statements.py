"""The statements of a text: where it gives its answer by a cue, a verdict, its opening or its last line. No I/O."""

import re
from dataclasses import dataclass

from potstill.reading import attitudes, rules
from potstill.reading.mentions import Mention, Options, read_mention
from potstill.reading.normalizing import skip
from potstill.reading.rules import RULES, Rule, Strength
from potstill.reading.words import OPTION

_MOST_CUES = 200  # of a text that is read
_BEFORE = 200  # characters before a cue in which its sentence begins
_CUE = re.compile(rules.CUE)
_RULES = {rule.name: rule for rule in RULES}
_VERDICT = re.compile(rules.VERDICT)
_JOINED_BEFORE = re.compile(r"[A-Z][)\]]*,? (?:and|or) (?:option )?\(?\Z")
_SO = re.compile(rules.SO)
_OPTION_WORD = re.compile(OPTION)
_CHOSEN_BY = re.compile(r"correct|right|best|most [a-z]+|likeliest")
_CHOSEN = re.compile(rf"(?:{rules.BEST}|my|our|only|final) ?\Z")
CAPITAL = re.compile("[A-Z]")

SENTENCE_END = re.compile(r"[.!?;](?=[\s\"')]|[^\x00-\x7f]|\Z)|\n")
_SENTENCE = re.compile(r"[\"')\]]*(?:[.!;]|\s*\Z|\n)")
LINE_END = re.compile(r"[.,:;!)\]}>\"' -]*(?:\n|\Z)")
_ENDING = re.compile(r"[\"')\]}]*(?:\s*\Z|\n|[.,;!](?![a-z0-9])|\s(?:because|since|as|due|-)\b)")
_CLAUSE_END = re.compile(r"[,;:]|\b(?:but|so|because|since|therefore|thus|hence|as)\b")
# A word before a letter of which it may be the name: "fund A is the best one".
_SUBJECT = re.compile(
    rf"(?<![a-z])(?!(?:{OPTION}|that|so|thus|hence|therefore|think|believe|and|but|only|say|conclude|then|however|is"
    rf"|answer) )[a-z]+ \Z"
)
_INTERJECTION = re.compile(
    r"(?:\u2713 ?|(?:sure|certainly|yes|of course|among a through [a-z]|okay|ok|assistant|model|ai|bot)[!.,:] ?"
    r"|A: ?(?=[(\[]?[A-Z](?![a-z'])))?"
)
_ITEM = re.compile(r"(?:\A|\n)[(\[]?([A-Z])(?:[)\].:]| -)")
_MARK = re.compile(r"[A-Z](?:[)\]\"']*(?:[.,:)\]]| -| \(|\s*\Z|\n)|,? (?:because|since|as)\b)")
_VERB = re.compile(r"[)\]\"']*\s(?:is|was|would|can|could|cannot|does|do|has|may|might|seems?|\w+n't)\b")


@dataclass(frozen=True)
class Statement:
    """A place where a text gives its answer: what it names, where the cue or the mention starts, how strongly."""

    mention: Mention
    start: int
    strength: Strength


def find_statements(text: str, options: Options) -> list[Statement]:
    """Return what a text states, in its order; where two rules find one mention, the first found counts."""
    found: dict[int, Statement] = {}
    for statement in (*_find_cued(text, options), _find_opening(text, options), _find_last_line(text, options)):
        if statement:
            found.setdefault(statement.mention.start, statement)
    judged_from = max((one.mention.end for one in found.values()), default=0)
    for statement in _find_judged(text, judged_from, options):
        found.setdefault(statement.mention.start, statement)
    return sorted(found.values(), key=lambda one: one.mention.start)


def find_lead(text: str, start: int) -> str:
    """Return the beginning of the sentence that goes on at a place."""
    before = text[max(0, start - _BEFORE) : start]
    ends = list(SENTENCE_END.finditer(before))
    return before[ends[-1].end() :] if ends else before


def _find_cued(text: str, options: Options) -> list[Statement]:
    """Return the mentions that stand behind a cue; none of a text that consists of cues."""
    found, place = list[Statement](), 0
    for _ in range(_MOST_CUES):
        match = _CUE.search(text, place)
        if not match:
            return found
        rule = _RULES[match.lastgroup or ""]
        mention = read_mention(text, match.end(), options)
        stated = mention is not None and _is_stated(text, match.start(), mention, rule, options)
        if mention and stated:
            found.append(Statement(mention, match.start(), rule.strength))
        place = mention.end if mention and stated else match.start() + 1
    return []


def _is_stated(text: str, start: int, mention: Mention, rule: Rule, options: Options) -> bool:
    """Return whether a cue and a mention are a statement of the text's own, and not denied, doubted or quoted."""
    lead, cue = find_lead(text, start), text[start : mention.start]
    clause = _CLAUSE_END.split(lead.rstrip(":"))[-1]
    if rule.marked and (not mention.marked or (mention.text and not _CHOSEN_BY.match(text, start))):
        return False
    if mention.text and _OPTION_WORD.match(text, start) and not _CHOSEN.search(lead):
        return False
    unended = (rule.ends or (rule.marked and mention.text)) and not _ENDING.match(text, mention.end)
    if unended or attitudes.CONDITIONED.match(text, mention.end) or _is_listed(text, mention, options, below=start):
        return False
    if rule.name == "below" and _is_listed(text, mention, options):
        return False
    quoted = attitudes.QUOTED.search(text, max(0, start - _BEFORE), start)
    if quoted or attitudes.OTHERS.search(clause) or attitudes.ATTRIBUTED.search(clause):
        return False
    supposed = attitudes.SUPPOSED.search(_SO.split(lead)[-1] + cue)
    denied = attitudes.NEGATED.search(clause + cue) or attitudes.NEGATED_CUE.search(cue)
    return rule.strength == "formal" or not (supposed or denied or attitudes.DOUBTED.search(clause + cue))


def _find_judged(text: str, start: int, options: Options) -> list[Statement]:
    """Return the letters that a verdict follows, such as "B is the best choice"; none of a text that lists letters."""
    found, place = list[Statement](), start
    for _ in range(_MOST_CUES):
        match = CAPITAL.search(text, place)
        if not match:
            return found
        mention = read_mention(text, match.start(), options)
        mention = mention or Mention(frozenset(match[0]), *match.span(), marked=False)
        own = mention.letters <= options.labels and _VERDICT.match(text, mention.end)
        if own and _is_judged(text, match.start(), mention):
            found.append(Statement(mention, match.start(), "judged"))
        place = mention.end
    return []


def _is_judged(text: str, start: int, mention: Mention) -> bool:
    """Return whether a verdict on a mention is the text's own, not denied, doubted or about a thing's name."""
    lead = find_lead(text, start)
    clause = _CLAUSE_END.split(lead)[-1]
    if attitudes.CONDITIONED.match(text, mention.end) or _JOINED_BEFORE.search(lead):
        return False
    if not mention.marked and _SUBJECT.search(clause):
        return False
    patterns = (attitudes.NEGATED, attitudes.DOUBTED, attitudes.OTHERS, attitudes.ATTRIBUTED)
    return not any(pattern.search(clause) for pattern in patterns)


def _find_opening(text: str, options: Options) -> Statement | None:
    """Return the mention that opens a text as its answer, such as "B. bank" before an explanation."""
    start = skip(text, 0, _INTERJECTION)
    mention = read_mention(text, start, options, texts=False)
    if mention is None or _is_listed(text, mention, options):
        return None
    following = text[start : mention.start] + chr(ord(max(mention.letters)) + 1)
    if len(following) > 1 and re.search(r"[\n.;:] ?" + re.escape(following), text[mention.end :]):
        return None
    if LINE_END.match(text, mention.end):
        return Statement(mention, start, "formal")
    own = mention.marked and _SENTENCE.match(text, mention.end) is not None
    dismissed = not own and not options.begins(mention, text) and attitudes.DISMISSED.match(text, mention.end)
    unclear = not _MARK.match(text, mention.start) or _VERB.match(text, mention.end)
    return None if dismissed or unclear else Statement(mention, start, "stated")


def _is_listed(text: str, mention: Mention, options: Options, *, below: int | None = None) -> bool:
    """Return whether a mention begins a list of the options; `below` a cue, whether the next line goes on with it."""
    end = len(text) if below is None else text.find("\n", mention.end) + 4
    item = _ITEM.search(text, mention.end, end)
    if (below is not None and "\n" not in text[below : mention.start]) or not item or item[1] in mention.letters:
        return False
    goes_on = below is not None or item[1] == chr(ord(max(mention.letters)) + 1)
    return item[1] in options.labels and (goes_on or _read_whole(text, item.start(1), options) is not None)


def _find_last_line(text: str, options: Options) -> Statement | None:
    """Return the mention that is all of the last line, where the line is no item of a list."""
    stripped = text.rstrip()
    start = stripped.rfind("\n") + 1
    mention = _read_whole(stripped, start, options) if start else None
    if not mention:
        return None if start else _find_after_remark(stripped, options)
    previous = stripped[:start].rstrip().rpartition("\n")[2]
    item = _ITEM.match(previous)
    apart = mention.end <= mention.start + 2 or any(one[1] in mention.letters for one in _ITEM.finditer(text, 0, start))
    listed = item and item[1] in options.labels - mention.letters and (not apart or item[1] < min(mention.letters))
    return None if listed else Statement(mention, start, "formal")


def _find_after_remark(text: str, options: Options) -> Statement | None:
    """Return the mention that is all of what follows the first sentence of a line, such as "Let's see. B"."""
    end = SENTENCE_END.search(text)
    mention = _read_whole(text, end.end(), options) if end else None
    remark = text[: end.start()] if end else ""
    if not mention or "I" in mention.letters or CAPITAL.search(remark) or attitudes.NEGATED.search(remark):
        return None
    return Statement(mention, mention.start, "stated")


def _read_whole(text: str, place: int, options: Options) -> Mention | None:
    """Return the mention of a letter of the options that is all of a line from a place on."""
    mention = read_mention(text, place, options, texts=False)
    whole = mention and LINE_END.match(text, mention.end)
    return mention if mention and whole and mention.letters <= options.labels else None
