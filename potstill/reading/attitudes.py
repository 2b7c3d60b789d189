"""What keeps a text away from a letter that it names: negation, doubt, attribution, retraction, refusal. No I/O."""

import re

from potstill.reading.rules import SO
from potstill.reading.words import NOT

# Before a mention, in its clause: "the answer is not", "it is unlikely that", "rule out".
NEGATED = re.compile(
    r"(?<![a-z])(?:(?:not|no|never|cannot)(?![a-z-])(?! (?:only|sure|doubt))|[a-z]+n't|nor|neither|wrong|incorrect"
    r"|false|(?<!at )least|less|worst|unlikely|impossible|irrelevant|(?:eliminat|exclud|reject|dismiss)\w+"
    r"|rul(?:e|es|ed|ing) out|avoid|except|fails?|nothing|little|disagree|refuse|all but)(?![a-z])"
)
NEGATED_CUE = re.compile(rf"(?<![a-z])(?:{NOT})(?![a-z])")
DOUBTED = re.compile(
    r"\b(?:whether|unless|may|might|could|maybe|perhaps|possibl[ey]|plausible|potential|tempting|suppose|which of)\b"
)
# In its sentence: the answer holds in a case that is not so. "If I had to choose, it would be" is no such case.
SUPPOSED = re.compile(
    r"\bif (?!(?:i|we) (?:had|have|must|were)\b|forced|pressed)[^.\n]*\b(?:were|would|had been)\b"
    r"|\A\W*had (?:it|the)\b"
)
# Right before a cue: another answer than the text's own, "the second best answer is".
OTHERS = re.compile(
    r"\b(?:another|other|alternative|second|next|first|initial|previous|earlier|original|worst|wrong|incorrect|his|her"
    r"|their|(?:user|student|someone)(?:'?s)?|possible|good|popular|tempting|each|every|least)(?: [a-z']+){0,2}[\s_]?\Z"
    r"|\b(?:an|a \w+) \Z"
)
# Right before a cue: someone else thinks so, or the writer once did.
ATTRIBUTED = re.compile(
    r"\b(?:some|many|most|people|others|everyone|critics|you|he|she|they|(?:student|user|teacher|expert|author|friend)s?)"
    r"(?: \w+){0,2}? (?:say|said|think|thought|believe|claim|argue|answer|choose|chose|pick|suggest|told)\w*"
    r"(?: \w+){0,4}\W*\Z|\b(?:i|we) (?:initially|first|originally|previously|thought|assumed|used to)\b"
)
# Before a cue: the form of an answer is prescribed or shown, "end with a line like this: Answer: A".
QUOTED = re.compile(
    r"\b(?:please|always|template|e\.g\.|example|like this|(?:reply|respond|end|answer|starts?) with)\b[^.\n]{0,60}"
    r"(?::\s*)?[^.\s\w]*\Z"
)

# After a mention: what dismisses it at once, "C: this is wrong".
DISMISSED = re.compile(
    rf"(?![.,\s]*(?:and |but )?not \(?[A-Z])[.:)\]\s-]*[^.!?\n;]{{0,80}}?"
    rf"(?:{NEGATED.pattern}|\b(?:lacks|out|too|plausible|possible|might|may|could)\b)"
)
# After a mention: a condition or a question: "B if it were cold", "B?".
CONDITIONED = re.compile(r"[)\]\"']* (?:if|unless|when)\b|[^.!?\n]{0,80}\?")
# After a mention: "which is wrong", "this is not the correct answer", or another beside it: "so is C".
TAKEN_BACK = re.compile(
    r"[^.!?\nA-Z]{0,160}?[.!?\n,;(-]+ ?(?:(?:but|and|however|well|oh|no|sorry)[ ,.!-]+)*(?:so (?:is|does) \(?[A-Z]"
    r"|(?:this|that|it|which|the answer)(?:'s| is| was| would be|) (?:\w+ly )?(?:wrong|incorrect|false"
    r"|not(?: the)? (?:right|correct|true))\b(?! (?:to|that|for))|(?:this|that|it) (?:isn't|can't be|cannot be)\b"
    r"|not!|no\.|wrong\b|(?:i|we) (?:\w+ )?(?:disagree|doubt))"
)
# Anywhere after a mention: "Wait, ...", "Never mind.", "Actually, C".
RETRACTED = re.compile(
    r"(?:[.!?\n)(] ?|, )(?:(?:but|hmm|oh|no|actually|sorry),? )*(?:wait|hold on|scratch that|make that|edit|i mean"
    r"|on second thought|never ?mind|i (?:misread|was (?:mistaken|wrong)|(?:have )?made an? \w+)|let me re-?\w+"
    r"|(?:actually|no|sorry|correction)[,:]? \(?(?=[A-Z](?![a-z'])))\b(?! (?:in|for|at|until|times?)\b)"
)

# Between two statements: what lets the second one replace the first.
CORRECTING = re.compile(
    rf"\b(?:actually|wait|correct(?:ion|ed)|edit|instead|sorry|mistake\w*|i mean|make that|scratch that|reflection"
    rf"|thought|re-?(?:consider|evaluat|check|examin)\w*|however|but|{SO}|final\w*|conclu\w+|based on|given|revised|hmm"
    rf"|no(?=,)|closest|rather)\b"
)

REFUSED = re.compile(
    r"\bi(?:'m| am) (?:sorry|unable|afraid|not (?:able|comfortable|sure|allowed))\b|\bi (?:can(?:'t|not| not)|won't"
    r"|will not|could(?:n't| not)|do(?:n't| not) (?:know|have|feel|want)|(?:must )?decline|apologi[sz]e|refuse)\b"
    r"|\bas an? (?:ai|(?:large )?language model)\b|\bunable to (?:determine|answer|choose|provide)\b"
    r"|\bnone of (?:the (?:[a-z]+ )?(?:above|options|choices|answers)|these(?! [a-z]+ (?!is|are))|them)"
    r"|(?:\A\W*|\banswer(?: is|:)\W{0,3}|boxed: \W*)(?:none|nothing|no answer|n/a)\W*(?:\n|\Z)"
    r"|(?:n't|not|no|in) ?(?:enough|sufficient) (?:information|data|context)"
    r"|\bcan(?:not|'t) (?:be )?(?:determine|answer|infer|choose)|\bno (?:correct|right|good|valid) (?:answer|option"
    r"|choice)|\u65e0\u6cd5|\u65e0\u6b63\u786e\u7b54\u6848|\u6ca1\u6709\u6b63\u786e"
)
