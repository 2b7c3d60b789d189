r"""The rules by which a text states its answer, each with the kind of answer it is there for. No I/O.

A cue ends where a mention begins: "the answer is" (B). A verdict begins where a mention ends: (B) "is correct". All of
them read what `mark_letters` returns.
"""

from dataclasses import dataclass
from typing import Literal

from potstill.reading.words import ANSWER, CHOOSE, CORRECT, IS, OPTION

Strength = Literal["judged", "stated", "formal"]


@dataclass(frozen=True)
class Rule:
    """How an answer is stated: a cue before a mention, and what the mention must be to count.

    `marked` asks for a marked mention, `ends` for one that ends its sentence.
    """

    name: str
    strength: Strength
    cue: str
    example: str
    marked: bool = False
    ends: bool = False


BEST = rf"(?:{CORRECT}|most [a-z]+|[a-z]{{3,}}est|likel[a-z]+)"
IS_WORD = (
    rf"(?:(?<![a-z])(?:{IS})(?![a-z\u5426])|'s(?![a-z])|(?<![a-z])(?:would|should|must|will|has to|have to|seems? to"
    rf"|appears? to)(?: [a-z]+ly)? be(?![a-z]))"
)
SO = r"(?:therefore|thus|hence|so|consequently|conclusion|conclude|finally|overall|\u6240\u4ee5|\u56e0\u6b64|\u6545)"
# What may stand between a cue and a mention.
_HEDGE = (
    r"(?:[\s:,\"'(\[{}<=]|(?:the|most|more|very|likely|(?!hardly|scarcely|barely|unlikely)[a-z]+ly|thus|then|therefore"
    r"|indeed|just|best|to be|that|it is|it's|i (?:think|believe|guess|would say)|final|correct|right|only|as follows"
    r"|both|either|following|of course|la|le|die|il|o|el)(?![a-z])){0,12}+"
)
_I = r"(?:(?:i|we)(?:'d|'ll|'m| would| will| am| have| must| should| can)?(?: [a-z]+ly)?|let's|let us)"
_DECIDE = (
    r"(?:cho(?:ose|sen|osing|se)|pick(?:ed|ing)?|select(?:ed|ing)?|(?:go|went|going|opt|settle) (?:with|for|on)"
    r"|lean(?:ing)?(?: (?:towards?|to))?|answer|say|conclude(?: that)?|guess|meant?)"
)

_SUBJECT = (
    rf"(?:(?:{ANSWER})s?|{OPTION}|one|statement|(?<!\u4e0d)\u6b63\u786e\u7684(?=\u662f)"
    r"|(?:closest|nearest|best|exception)(?= (?:is|would|one|match)\b))"
)

_FIELD = (
    rf"(?:{ANSWER}|{OPTION})(?:[ _](?:{OPTION}))?(?:\([^()\n]{{1,12}}\))?[\"'\])]{{0,3}} ?(?:[:=]>?|->?\s|-{{2,}}>?"
    rf"|(?<=\])|(?=\n)(?<=answer)){_HEDGE}"
)
_STATED = rf"{_SUBJECT}(?![a-z])(?![^\w\s]*:)[^.?!;\nA-Z\u7b54]{{0,80}}?(?<!so )(?<!as ){IS_WORD}{_HEDGE}"
_CHOSEN = rf"(?:{_I} {_DECIDE}|{CHOOSE}|leaves us with)(?![a-z]){_HEDGE}"
_SUPERLATIVE = rf"{BEST}(?![a-z])[^.?!;\nA-Z]{{0,120}}?{IS_WORD}{_HEDGE}"
_SO = (
    rf"(?:{SO}|it is|it's|that's|this is|by (?:process of )?elimination|(?:i|we) (?:think|believe)|most likely|clearly"
    rf"|definitely|probably|certainly|(?:it|that|this|they) (?:would|must|should|has to) be)(?![a-z]),?{_HEDGE}"
)

# A line of its own under a colon: a letter and what it says, in one sentence.
_BELOW = r"(?<=:)\n(?=[(\[]?[A-Z][).:\]] [^\n.]{1,200}\.?(?:\n|\Z))"

# Of two rules that find a cue at the same place the first one counts.
RULES = (
    Rule("boxed", "formal", r"boxed: ", r"Thus \boxed{\text{B}}"),
    Rule("field", "formal", _FIELD, "**Final answer:** B"),
    Rule("stated", "stated", _STATED, "So the answer is most likely (B) bank."),
    Rule("chosen", "stated", _CHOSEN, "I would choose B."),
    Rule("superlative", "stated", _SUPERLATIVE, "The most likely explanation of the door is B) bank.", marked=True),
    Rule("so", "stated", _SO, "Therefore, (B).", ends=True),
    Rule("below", "stated", _BELOW, "Where money is kept:\n\nB. bank", marked=True),
)
CUE = rf"(?<![a-z])(?:{'|'.join(f'(?P<{rule.name}>{rule.cue})' for rule in RULES)})"

# What makes a mention the answer by what follows it: "B is the best choice", "makes B correct", "选项B是正确的".
_POOR = r"(?:worst|wrong|incorrect|least|less|other|first|second|next|previous|trap|poor|weak|odd|not|an?)"
_ADVERB = (
    rf"(?: (?:(?!hardly|barely|unlikely|possibly|part)[a-z]+ly|indeed|thus|also|the|my|our|la|le|el|die|{ANSWER}))"
)
VERDICT = (
    rf"[\"',)\]]*(?: (?:{OPTION}|{ANSWER}))?(?:,? (?:which|that))?(?:"
    rf" ?\u4e5f?{IS_WORD}{_ADVERB}* ?(?:{BEST}|one left|only [a-z]+ that)(?![a-z])"
    rf"| ?{IS_WORD} (?:the|my|our)(?: (?!{_POOR} )[a-z]+){{0,2}} (?:answer|choice|option|one|match|fit)(?![a-z])"
    r"| (?:fits?|matches|works|answers|makes)(?: the)?(?: most)? (?:best|sense)(?![a-z])"
    r"| best (?:answers|fits|matches|completes|describes|explains)"
    rf"| ?(?:{CORRECT})(?=[\u7684.,;!\n]|\u9009\u9879|\u7b54\u6848|\Z)|\u9879? ?\u6700\u7b26\u5408"
    r"| (?:as|being) (?:the )?(?:[a-z]+ )?(?:correct|right|best|valid|most)(?![a-z])| remains(?=[.\n]))"
)
