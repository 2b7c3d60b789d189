"""The English by which a text keeps away from a letter that it names: denied, reported, echoed or taken back. No I/O.

A distance is told from the sentence that a commitment stands in ("They claim | the answer is B") and from what follows
it at once ("B. That is wrong."); only another case, or the letter itself called wrong, takes it back from further on.
All of these patterns read lower case.
"""

import re

from potstill.reading.phrases import ELIMINATE, SIGNS

# Before a commitment, in its sentence: who else says so, who said so once, and what is said against it.
_PERSON = (
    r"(?:he|she|they|you|him|her|them|(?:some|every|any)(?:one|body)|some|others|many|few|(?:\w+ )?people|critics"
    r"|my \w+|(?:the |a |an |this |one )?(?:teacher|student|user|human|friend|author|professor|expert|classmate"
    r"|colleague|child|kid|boy|girl|man|woman|person)s?)"
)
_OWN_SOURCE = (
    r"(?:i|we|me|us|to|this|that|it|which|what|let's|sense|logic|reason\w*|context|evidence|intuition|experience"
    r"|knowledge|passage|text|article|question|definition|clues?|hint|sentence|statement|stem|rule)"
)
_SAYING = (
    r"(?:said|says?|saying|claim(?:s|ed|ing)?|thinks?|thinking|believe[sd]?|argue[sd]?|insist(?:s|ed)?|assert(?:s|ed)?"
    r"|suggested|answered|answers|wrote|writes|told \w+|maintain(?:s|ed)?)"
)
_UNSURE = (
    r"(?:(?<!second )(?<!further )(?<!more )thought|used to think|asked|wonder(?:s|ed)?|suppose[sd]?|assume[sd]?"
    r"|assuming|pretend(?:s|ed)?|imagine[sd]?|hope[sd]?|hoping|wish(?:es|ed)?|expected|denied|denies|deny"
    r"|dispute[sd]?)"
)
_THAT = r"(?: that)?[ :\"'(]*\Z"
_AUXILIARY = (
    r"(?:would|will|might|may|can|could|should|must|do|does|also|have|has|had|even"
    r"|still|now|therefore|thus|always|then|\w+ly)"
)
REPORTED = re.compile(
    rf"(?<![\w'])(?!(?:{_OWN_SOURCE}|{_AUXILIARY})\b)[\w']++(?: {_AUXILIARY})* {_SAYING},?{_THAT}|\b{_UNSURE}{_THAT}"
    rf"|\baccording to {_PERSON}\b|\b(?:for|to) (?:him|her|them|some|others|many)\b[ ,]*\Z"
)
UNSURE = re.compile(rf"\b{_UNSURE}\b")
OTHERS_ANSWER = re.compile(
    r"(?:\b(?:his|her|their|someone's|everyone's)|\b(?:student|user|human|teacher|expert|author|friend|classmate"
    r"|colleague|professor|person|participant|people|child|kid)s?(?:'s?)?) (?:own |final |first |correct )?"
    r"(?=(?:answers?|responses?|guess|picks?|votes?|choices?|selections?)\b)"
)
FORMER = re.compile(
    r"\b(?:initially|at first(?: glance| sight)?|originally|previously|formerly|at one point"
    r"|(?:on|upon) first reading)\b(?!.*(?:\bbut\b|;|\bhowever\b|\bnow\b|\byet\b))"
)
DENIED = re.compile(
    r"\b(?:no (?:evidence|proof|indication|hint|sign|reason|chance|way)\b|nothing\b.*\bsuggests?\b"
    r"|(?:little|slight|small) (?:chance|possibility)\b|(?<!not )(?:fail|hard|difficult) to see (?:how|why|that)\b"
    r"|(?:skeptical|sceptical|impossible|improbable|untrue|myth|hardly|scarcely|nobody|no ?one)\b"
    r"|(?<![\d.])[1-4]?\d% (?:sure|confident|certain)\b|(?:ask(?:s|ed|ing)?|wonder(?:s|ed|ing)?) (?:why|whether|if"
    r"|how)\b"
    r"|(?<!no )(?<!without )(?<!without a )(?<!beyond )(?<!any )doubt|disagree|refuse"
    r"|wrong(?:ly)? to (?:say|think|claim|answer)\b|(?:previous|last|next|other|another|earlier) (?:question|example"
    r"|problem|exercise)\b)|\A\W*(?:please |now )?(?:explain|justify|describe|discuss|show|argue|prove) (?:why|how"
    r"|that)\b"
)
ALL_BUT = re.compile(
    r"\b(?:all|every\w*|any\w*)(?: (?:of )?(?:the |these |them)?)?(?:other )?(?:options? |choices? |answers? )?"
    r"(?:but|except|besides|apart from|other than|save)(?: for)?(?: the)?(?: options?| choices?)?\W*\Z"
)
EXCEPTED = re.compile(
    r"\A\W*(?:and |but |so |or )?unless (?!i\b|we\b)|\b(?:otherwise|or else)[ ,]*(?:the |option )*\(?\Z"
)

# A format that is quoted or asked for: "Write your answer like this: Answer: B".
ECHOED = re.compile(
    r"\b(?:format|write|give|provide|state|put|end|finish|conclude|reply|respond|answer|present|submit"
    r"|output)\b[^.\n]{0,60}\b(?:like this|as follows|in (?:the|this) (?:form|format"
    r"|style))\W{0,4}(?:[^.\n:]{0,20}:)?\W*\Z|(?:\A|[.!\n] ?)(?:please |remember to |always |you (?:must|should) "
    r"|make sure to )?(?:write|put|give|respond|end|reply|use|format|state|output|print|present|submit|enter"
    r"|place)\b[^.,\n]{0,40}\b(?:answers?|response|format|form|letter|box|json|tag|line"
    r"|choice)\b[^.,\n]{0,40}(?:\n\W*)?(?:(?:the )?(?:final )?answer(?: is|:)?\W*)?\Z"
    r"|\b(?:(?:output|response|correct|expected|answer) format(?: is)?|must be in the (?:form|format)"
    r"|should be (?:given|written|formatted)(?: as)?)\W*(?:(?:the )?(?:final )?answer(?: is|:)?\W*)?\Z"
    r"|\bexample \d+:[^\n]*\Z|\b(?:like|such as|with|writ(?:e|ing)|say(?:ing)?|form|format"
    r"|as) [\"'](?:\w+ ){0,2}\w+:? ?\W{0,2}\Z"
)

# A line that denies those under it: "Incorrect options:", "We can eliminate", "The answer is not".
DENYING_LINE = re.compile(
    r"(?:\A|\n|[.!?] )(?![^\n]*\b(?:but|so|therefore|leav\w+|remain\w*)\b[^\n]*\n)(?:"
    r"[^.!?,;\n]{0,60}\b(?:not|never|(?!isn't)\w+n't|cannot|incorrect|wrong|false|unlikely|worst|(?<!at )least)\b"
    r"(?! (?:only|sure|certain|to be confused)\b)[^.!?,;:\n]{0,60}:"
    r"|[^.!?,;\n]{0,60}\b(?:(?:is|are|be) not|isn't|aren't)(?: the)?(?: (?:answer|option|one))?|\W*not"
    rf"|[^.!?,;\n]{{0,60}}\b{ELIMINATE}\b[^.!?,;:\n]{{0,60}}:?"
    rf")\W*\n(?:(?:[^\w{SIGNS}]*[a-z{SIGNS}](?:\W*|[).:] [^\n.]{{1,40}}))\n)*[^\w{SIGNS}]*\Z"
)

# After a commitment, at the end of its sentence or as the next one: what takes it back.
_WRONG = (
    r"(?:incorrect|wrong|false|untrue|mistaken|a contradiction|not supported|not mentioned|a mistake|an error|a lie"
    r"|a joke|a trap|nonsense|impossible|ruled out|not (?:the )?(?:right|correct|true|case|answer|it|best)"
    r"|not (?:an? |the )?(?:valid|good|correct|right|best) (?:answer|option|choice))"
)
_ABOUT_ELSE = r"(?! (?:to|that|of|for|in|at|with|about|as|answer|option|choice|place)\b)"
_OPENING_WORDS = r"(?:(?:but|and|however|though|well|oh|no|nope|wait|sorry|actually|hmm)\b[ ,.!-]*)*"
_IS_WRONG = (
    r"(?:this|that|it|which|(?:this|that|the) (?:answer|option|choice))(?:(?:'s| is| was| would be"
    rf"| turns out(?: to be)?| (?:is|was) \w+ly)? {_WRONG}| (?:isn't|wasn't|would not be|wouldn't be)"
    rf" (?:the )?(?:right|correct|true|it)|(?: is not| isn't| was not| wasn't)(?=[.!]))\b{_ABOUT_ELSE}"
    r"|(?:this|that|it) (?:can't|cannot) be(?: (?:right|correct|true|it))?[.!\n]|(?:this|that|which) contradicts\b"
)
_I_DISAGREE = (
    r"(?:i|we) (?:\w+ )?(?:disagree|don't agree|do not agree|don't think so|do not think so|doubt (?:it|that"
    r"|this)(?! \w))\b"
    r"(?! (?:that|with)\b)|i(?:'m| am) (?:just |only )?(?:kidding|joking)\b|just kidding\b"
)
_SECOND_THOUGHT = (
    r"not!|not (?:really|quite)\b|(?:or|but) (?:is it\b[^.?\n]{0,20}\?|(?:maybe|perhaps) not\b|so i (?:thought"
    r"|assumed))"
    rf"|(?<=[.!] )no[.!]?\s*\Z|{_WRONG}(?: answer)?(?:[.!]|\s*\Z)"
)
TAKEN_BACK = re.compile(
    rf"[\"')\]]*\s?[(\[-]+\s?(?:{_WRONG}|not)\s?[)\]\n]"
    rf"|[^.!?\n]{{0,160}}?(?:[.!?\n,;]+[\"')\]]*|\s[(\[-]|\s-\s)\s*[(\[]?{_OPENING_WORDS}(?:{_IS_WRONG}|{_I_DISAGREE}"
    rf"|{_SECOND_THOUGHT})"
)
CALLED_WRONG = re.compile(
    rf"[\"')\],]* (?:(?:is|was) (?:\w+ly )?{_WRONG}|isn't (?:right|correct))\b(?! (?:if|when|to)\b)"
)
NOT_THE_ANSWER = re.compile(r"\banswer (?:is not|isn't|cannot be|can't be) (?:option )?\(?\Z")
SUBJECT_WRONG = re.compile(
    rf"\W*(?:[\w'-]+ ){{0,6}}?(?:(?:is|are|was|would be) (?:\w+ly )?(?:not\b|{_WRONG}\b)|\w+n't\b|does not\b)"
)
REPORTED_AFTER = re.compile(
    rf"[^.!?\n]{{0,60}}? according to {_PERSON}\b"
    r"|[^.!?\n]{0,40}? (?:in|for|of) (?:the|an?) (?:earlier|previous|old|older|original|prior)"
    r" (?:version|edition|question|example|draft|attempt|test|exam|one|problem)\b"
)

# A second letter that a text lets stand beside the one it commits to: "C also works", "as is C", "Alternatively, C".
ADDED_BEFORE = re.compile(
    r"\b(?:another (?:correct|right|good|valid|acceptable) (?:answer|option|choice) (?:is|would be)"
    r"|the same (?:goes|holds) for|also (?:accept|choose|select|pick)) ?\(?\Z"
    r"|(?:\A|[.,;(!?-]\s?|\n|\b(?:or|and) )(?:but |though |although )?(?:alternatively|or (?:maybe|perhaps|possibly)"
    r"|(?:so|as) (?:is|does|are|would be))\W*(?:(?:the )?(?:option|choice|letter|answer) )?\(?\Z"
)
_GOOD = (
    r"(?:correct|right|valid|true|acceptable|suitable|appropriate|fitting|good|likely"
    r"|(?:a|the) (?:correct|valid|good|right) (?:answer|option|choice))"
)
ADDED_AFTER = re.compile(
    r"[\"'),\]]*\s(?:also (?:works?|fits?|applies)"
    rf"|(?:is|are|being|would be|seems) (?:also|equally|just as) {_GOOD}"
    rf"|(?:works?|fits?|would (?:also )?(?:work|fit)|(?:is|are|would be) {_GOOD}) (?:too|as well|also|equally well"
    rf"|just as well)|would also (?:work|fit|be {_GOOD}))\b"
)
CONCEDED = re.compile(r"\A(?:while|although|even (?:though|if)|whereas|though)\b")

# Commitments of the same kind, of which the last is no correction of the others: one for each case, or each "correct".
CASE = re.compile(
    r"(?:and |but |so )?(?:if|when|in case|assuming|for (?:question|case|scenario|part|problem|item) \(?\d)\b"
)
CASES = ("but if ", "in which case")
ANOTHER_CASE = re.compile(r"[.;,] (?:(?:but|and|however),? )?(?:if|otherwise|in the (?:second|other) case)\b")
PLAIN_VERDICT = re.compile(r"[\"')\],]*(?: (?:option|choice|answer))? (?:is|are) (?:correct|right)\b")

# What may stand between an option's text and the letter that it is given: "Library. So the answer is A".
BRIDGE = re.compile(
    r"[\"')\].,:;!]*\s*(?:(?:is|was|would be) (?:the|my) (?:\w+ ){0,2}(?:answer|choice|option)\W*)?"
    r"(?:(?:so|thus|hence|therefore|then|the|my|final|correct|best|right|answer|option|choice|letter|is|it is|it's"
    r"|that is|which is|would be|are|should be|must be)\b[\s,:.\"'(\[*-]*)*"
)
