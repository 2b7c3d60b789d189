"""What keeps a text away from a letter that it names: negation, doubt, attribution, retraction, refusal. No I/O."""

import re

from potstill.reading.rules import SO
from potstill.reading.words import NOT

# Before a mention, in its clause.
NEGATED = re.compile(
    r"(?<![a-z])(?:(?:not|no|never|cannot)(?![a-z-])(?! (?:only|sure|doubt))|[a-z]+n't|nor|neither|wrong|incorrect"
    r"|false|(?<!at )least|less|worst|unlikely|eliminat(?:e|es|ed|ing)|rul(?:e|es|ed|ing) out|exclud\w+|reject\w*"
    r"|discard\w*|dismiss\w*|avoid|except|fails?|irrelevant|invalid|impossible|cross\w* out|odd one|nothing|nobody"
    r"|little|(?<!no )doubt|disagree|refuse|ask(?:s|ed|ing)|all but)(?![a-z])"
)
NEGATED_CUE = re.compile(rf"(?<![a-z])(?:{NOT})(?![a-z])")
DOUBTED = re.compile(
    r"\b(?:whether|unless|may|might|could|maybe|perhaps|possible|possibly|plausible|potential|tempting|suppose|assum\w+"
    r"|which of|if(?! (?:(?:i|we) (?:had to|have to|must|were)|forced|pressed)))\b"
)
SUPPOSED = re.compile(
    r"\bif (?!(?:i|we) (?:had|have|must|were)\b|forced|pressed)[^.\n]*\b(?:were|weren't|had been|would|'d)\b"
    r"|\A\W*(?:had|were) (?:it|the|this)\b"
)
# Right before a cue: whose answer it is, or which of several.
OTHERS = re.compile(
    r"\b(?:another|other|alternative|alternate|runner-?up|second|next|first|initial|previous|earlier|original|old"
    r"|former|worst|wrong|incorrect|poor\w*|trap|bad|backup|his|her|their|(?:user|student|human|question"
    r"|someone)(?:'?s)?|example|sample|possible|good|popular|tempting|weak\w*|distractor|each|every"
    r"|least)(?: [a-z']+){0,2}[\s_]?\Z|\b(?:an|a \w+) \Z"
)
_PEOPLE = (
    r"(?:some|many|most|few|people|others|everyone|someone|critics|you|he|she|they|(?:student|user|human|teacher|expert"
    r"|author|friend|person|child)s?)"
)
ATTRIBUTED = re.compile(
    rf"\b{_PEOPLE}(?: (?:would|will|might|may|could|can|also|still|have|had|people|of \w+|\w+ly))* (?:say|said|think"
    rf"|thought|believe|claim|argue|insist|answer|choose|chose|pick|suggest|select|assert|told \w+)(?:s|d"
    rf"|ed)?(?: that)?(?: the| it)?(?: correct| right| best)?\W*\Z|\b(?:i|we) (?:(?:initially|first|originally"
    rf"|previously) \w+|thought|assumed|wondered|was going to|used to)\b"
)
QUOTED = re.compile(
    r"(?:\b(?:please|always|remember to|you (?:must|should)|like this|template|such as|e\.g\."
    r"|starts? with(?: the)?(?: letter)?|example|(?:correct|expected) format|(?:reply|respond|end|answer) with)\b|(?:\A"
    r"|[.!\n] ?)(?:write|give|respond|reply|end|finish|conclude|use|put|state|provide)\b)[^.\n]{0,60}(?::\s*)?"
    r"[^.\s\w]*\Z|\blike\W*\Z"
)

# After a mention: what dismisses it at once, what takes it back, and what takes back all that came before.
DISMISSED = re.compile(
    rf"(?![.,\s]*(?:and |but )?not \(?[A-Z])[.:)\]\s-]*(?:\d+(?:\.\d+)?\s?%|\d+/\d"
    rf"|[^.!?\n;]{{0,80}}?(?:{NEGATED.pattern}|\b(?:lacks|out|too|plausible|possible|might|may|could)\b))"
)
CONDITIONED = re.compile(
    r"[)\]\"']* (?:if|unless|when)\b|[^.!?\n]{0,80}\?|[)\]\"']* as (?:the|an?|my) (?:worst|odd|wrong|least|second"
    r"|backup|poor)"
)
TAKEN_BACK = re.compile(
    r"[)\]]* ?[(\[](?:wrong|incorrect|not(?! [A-Z]))\b|[^.!?\nA-Z]{0,160}?[.!?\n,;(-]+ ?(?:(?:but|and|however|well|oh"
    r"|no|wait|sorry|actually|hmm)[ ,.!-]+)*(?:(?:this|that|it|which|the (?:answer|option))(?:'s| is| was| would be"
    r"|) (?:\w+ly )?(?:wrong|incorrect|false|not(?=\.)|not(?: be)?(?: the)? (?:right|correct|true|it)(?: answer| option"
    r"| choice)?+|a mistake)\b(?! (?:to|that|for|answer|option))|(?:this|that|it) (?:isn't|wasn't|can't be|cannot be"
    r"|would not be|contradicts)\b|just kidding|not!|not (?:really|quite)|or is it\b|no\.|wrong\b|(?:i"
    r"|we) (?:\w+ )?(?:disagree|doubt)|(?:or )?so i (?:thought|assumed))"
)
BESIDE = re.compile(
    r"(?:(?! not )[^.\n]){0,40}?[)\]\"'.,;]* \(?(?:or|also|alternatively|along with|with|plus|(?:so|as) (?:is|does)"
    r"|another (?:correct|good|valid|right) (?:answer|option|choice) (?:is|would be)|i would also \w+"
    r"|less likely)[ ,]+\(?([A-Z])(?![a-z'])|[)\]\"'.,;]* (?:(?:but|though|and) )?\(?([A-Z])\)? (?:also|is (?:also"
    r"|equally)|(?:works|fits) (?:too|as well|equally))"
)
RETRACTED = re.compile(
    r"(?:[.!?\n)] ?|, )(?:(?:but|hmm|oh|no|actually|sorry|apologies|oops),? )*(?:wait|hold on|scratch that|strike that"
    r"|on second thought|actually,? no|never ?mind|(?:forget|ignore|disregard) (?:that|this|it|the above)|i (?:misread"
    r"|was mistaken|was wrong|(?:have )?made an? (?:mistake|error)|take that back)|let me (?:re-?\w+)|(?:my"
    r"|the) (?:previous|earlier|above) (?:answer|response) (?:was|is) (?:wrong|incorrect))\b(?! (?:in|for|at|until"
    r"|times?)\b)"
)

# Between two statements: what lets the second one replace the first, or stand beside it.
CORRECTING = re.compile(
    rf"\b(?:actually|wait|correct(?:ion|ed)|edit|instead|sorry|mistake\w*|i mean|make that|scratch that|reflection"
    rf"|thought|reconsider\w*|re-?evaluat\w+|re-?check\w*|re-?examin\w+|however|but|{SO}|final\w*|conclu\w+|based on"
    rf"|given|revised|hmm|no(?=,)|closest|rather|changed my mind)\b"
)
ADDED = re.compile(r"\b(?:(?:and|or) so|as (?:is|well)|also|too|alternatively|another|equally|likewise)\b|\u4e5f")
CASE = re.compile(r"\b(?:if|when|in case|assuming|for (?:question|case|scenario|part|problem) \(?\d)\b")

REFUSED = re.compile(
    r"\bi(?:'m| am) (?:sorry|unable|afraid|not (?:able|comfortable|sure|allowed))\b|\bi (?:can(?:'t|not| not)|won't"
    r"|will not|could(?:n't| not)|do(?:n't| not) (?:know|have|feel|want)|must decline|decline|apologi[sz]e|refuse)\b"
    r"|\bas an? (?:ai|(?:large )?language model)\b|\bunable to (?:determine|answer|choose|provide)\b|\bno idea\b"
    r"|\bnone of (?:the (?:[a-z]+ )?(?:above|options|choices|answers)|these(?! [a-z]+ (?!is|are))|them)|(?:\A\W*"
    r"|\banswer(?: is|:)\W{0,3}|boxed: \W*)(?:none|nothing|no answer|n/a)\b|\bsorry\b[^.]{0,20}\bcan(?:not|'t)\b|(?:n't"
    r"|not|no|in) ?(?:enough|sufficient) (?:information|data|context)|\bcan(?:not|'t) be (?:determined|answered"
    r"|inferred)|\bcan(?:not|'t) (?:determine|answer|choose)\b|\bnot possible to (?:answer|determine|choose)"
    r"|\bno (?:correct|right|good|suitable|clear|valid) (?:answer|option|choice)|\u65e0\u6cd5"
    r"|\u65e0\u6b63\u786e\u7b54\u6848|\u6ca1\u6709\u6b63\u786e"
)
