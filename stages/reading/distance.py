"""The English by which a text keeps away from a letter that it names: denied, reported, echoed or taken back. No I/O.

A distance is told from what stands right before a commitment ("They claim | the answer is B") or right after it ("B.
That is wrong."), so that explanations elsewhere take nothing back. All of these patterns read lower case.
"""

import re

# Before a commitment, in its sentence: who else says so, who said so once, and what is said against it.
_PERSON = (
    r"(?:he|she|they|you|him|her|them|(?:some|every|any)(?:one|body)|some|others|many|few|(?:\w+ )?people|critics"
    r"|my \w+|(?:the |a |an |this |one )?(?:teacher|student|user|human|friend|author|professor|expert|classmate"
    r"|colleague|child|kid|boy|girl|man|woman|person)s?)"
)
_OWN_SOURCE = (
    r"(?:i|we|me|us|to|this|that|it|which|what|let's|sense|logic|reason\w*|context|evidence|intuition|experience"
    r"|knowledge"
    r"|passage|text|article|question|definition)"
)
_SAYING = (
    r"(?:said|says?|saying|claim(?:s|ed|ing)?|thinks?|thinking|believe[sd]?|argue[sd]?|insist(?:s|ed)?|assert(?:s|ed)?"
    r"|suggested|answered|answers|wrote|writes|told \w+|maintain(?:s|ed)?)"
)
_UNSURE = (
    r"(?:(?<!second )(?<!further )(?<!more )thought|used to think|asked|wonder(?:s|ed)?|suppose[sd]?|assume[sd]?"
    r"|assuming|pretend(?:s|ed)?"
    r"|imagine[sd]?|hope[sd]?|hoping|wish(?:es|ed)?|expected|had expected|denied|denies|deny|dispute[sd]?)"
)
_THAT = r"(?: that)?[ :\"'(]*\Z"
_AUXILIARY = r"(?:would|will|might|may|can|could|should|must|do|does|also|have|has|had|even|\w+ly)"
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
    r"\b(?:initially|at first(?: glance| sight)?|originally|previously|formerly|at one point|(?:on"
    r"|upon) first reading)\b"
    r"(?!.*(?:\bbut\b|;|\bhowever\b|\bnow\b|\byet\b))"
)
DENIED = re.compile(
    r"\b(?:no (?:evidence|proof|indication|hint|sign|reason|chance|way)\b|nothing\b.*\bsuggests?\b"
    r"|(?:little|slight|small) (?:chance|possibility)\b|(?<!not )(?:fail|hard|difficult) to see (?:how|why|that)\b"
    r"|(?:skeptical|sceptical|impossible|improbable|untrue|myth|hardly|scarcely|nobody|no ?one)\b"
    r"|[1-4]?\d% (?:sure|confident|certain)\b|(?:ask(?:s|ed|ing)?|wonder(?:s|ed|ing)?) (?:why|whether|if|how)\b"
    r"|(?<!no )(?<!without )(?<!without a )(?<!beyond )(?<!any )doubt|disagree|refuse"
    r"|wrong(?:ly)? to (?:say|think|claim|answer)\b"
    r"|(?:previous|last|next|other|another|earlier) (?:question|example|problem|exercise)\b)"
    r"|\A\W*(?:please |now )?(?:explain|justify|describe|discuss|show|argue|prove) (?:why|how|that)\b"
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
    r"\b(?:format|write|give|provide|state|put|end|finish|conclude|reply|respond|answer|present|submit|output)\b"
    r"[^.\n]{0,60}\b(?:like this|as follows|in (?:the|this) (?:form|format|style))\W{0,4}(?:[^.\n:]{0,20}:)?\W*\Z"
    r"|(?:\A|[.!\n] ?)(?:please |remember to |always |you (?:must|should) |make sure to )?(?:write|put|give|respond"
    r"|end|reply|use|format"
    r"|state|output|print|present|submit|enter|place)\b[^.,\n]{0,40}\b(?:answers?|response|format|form|letter|box|json"
    r"|tag|line|choice)\b"
    r"[^.,\n]{0,40}(?:\n\W*)?(?:(?:the )?(?:final )?answer(?: is|:)?\W*)?\Z"
    r"|\b(?:(?:output|response|correct|expected|answer) format(?: is)?|must be in the (?:form|format)"
    r"|should be (?:given|written|formatted)(?: as)?)"
    r"\W*(?:(?:the )?(?:final )?answer(?: is|:)?\W*)?\Z|\bexample \d+:[^\n]*\Z"
    r"|\b(?:like|such as|with|writ(?:e|ing)|say(?:ing)?|saying|form|format|as) [\"'](?:\w+ ){0,2}\w+:? ?\W{0,2}\Z"
)

# A line that denies those under it: "Incorrect options:", "We can eliminate", "The answer is not".
_ELIMINATE = (
    r"(?:eliminat\w+|rul(?:e|es|ed|ing) out|exclud\w+|cross\w* out|reject\w*|discard\w*|dismiss\w*|disregard\w*)"
)
DENYING_LINE = re.compile(
    r"(?:\A|\n|[.!?] )(?![^\n]*\b(?:but|so|therefore|leav\w+|remain\w*)\b[^\n]*\n)(?:"
    r"[^.!?,;\n]{0,60}\b(?:not|never|(?!isn't)\w+n't|cannot|incorrect|wrong|false|unlikely|worst|(?<!at )least)\b"
    r"(?! (?:only|sure|certain|to be confused)\b)[^.!?,;:\n]{0,60}:"
    r"|[^.!?,;\n]{0,60}\b(?:(?:is|are|be|isn't) ?(?:not)?(?: the)?(?<=not|n't|the)(?: (?:answer|option|one))?)|\W*not"
    rf"|[^.!?,;\n]{{0,60}}\b{_ELIMINATE}\b[^.!?,;:\n]{{0,60}}:?"
    r")\W*\n(?:(?:\W*[a-z]\W*|\W*[a-z][).:] [^\n.]{1,40})\n)*\W*\Z"
)

# After a commitment, at the end of its sentence or as the next one: what takes it back.
_WRONG = (
    r"(?:incorrect|wrong|false|untrue|mistaken|a contradiction|not supported|not mentioned|a mistake|an error|a lie"
    r"|a joke|a trap|nonsense|impossible|ruled out"
    r"|not (?:the )?(?:right|correct|true|case|answer|it|best)|not (?:a )?(?:valid|good|correct|right) (?:answer"
    r"|option))"
)
_ABOUT_ELSE = r"(?! (?:to|that|of|for|in|at|with|about|as|answer|option|choice|place)\b)"
_TURN = r"(?:(?:but|and|however|though|well|oh|no|nope|wait|sorry|actually|hmm)\b[ ,.!-]*)*"
TAKEN_BACK = re.compile(
    rf"[\"')\]]*\s?[(\[-]+\s?(?:{_WRONG}|not)\s?[)\]\n]"
    rf"|[^.!?\n]{{0,160}}?(?:[.!?\n,;]+[\"')\]]*|\s[(\[-]|\s-\s)\s*[(\[]?{_TURN}"
    rf"(?:(?:this|that|it|which|(?:this|that|the) (?:answer|option|choice))"
    rf"(?:(?:'s| is| was| would be| turns out(?: to be)?| (?:is|was) \w+ly)? {_WRONG}|(?: is|'s|)n't (?:right|correct"
    rf"|true"
    rf"|it))\b{_ABOUT_ELSE}"
    rf"|(?:this|that|it) (?:can't|cannot) be(?: (?:right|correct|true|it))?[.!\n]|(?:this|that|which) contradicts\b"
    rf"|not!"
    r"|(?:or|but) (?:is it\b[^.?\n]{0,20}\?|(?:maybe|perhaps) not\b|so i (?:thought|assumed))|(?<=[.!] )no[.!]?\s*\Z"
    rf"|{_WRONG}(?:[.!]|\s*\Z)|just kidding\b|i(?:'m| am) (?:just |only )?(?:kidding|joking)\b"
    r"|(?:i|we) (?:\w+ )?(?:disagree|don't agree|do not agree|don't think so|do not think so|doubt (?:it|that|this))\b"
    r"(?! (?:that|with|\w+)\b))"
)
CALLED_WRONG = re.compile(
    rf"[\"')\],]* (?:(?:is|was) (?:\w+ly )?{_WRONG}|isn't (?:right|correct))\b(?! (?:if|when"
    rf"|to)\b)"
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
    r"\b(?:another (?:correct|right|good|valid|acceptable) (?:answer|option|choice) (?:is|would be)|the same (?:goes"
    r"|holds) for"
    r"|also (?:accept|choose|select|pick)) ?\(?\Z|"
    r"(?:\A|[.,;(!?-]\s?|\n|\b(?:or|and) )(?:but |though |although )?"
    r"(?:alternatively|or (?:maybe|perhaps|possibly)|(?:so|as) (?:is|does|are|would be))\W*"
    r"(?:(?:the )?(?:option|choice|letter|answer) )?\(?\Z"
)
_GOOD = (
    r"(?:correct|right|valid|true|acceptable|suitable|appropriate|fitting|good|likely|(?:a|the) (?:correct|valid|good"
    r"|right)"
    r" (?:answer|option|choice))"
)
ADDED_AFTER = re.compile(
    r"[\"'),\]]*\s(?:also (?:works?|fits?|applies)"
    rf"|(?:is|are|being|would be|seems) (?:also|equally|just as) {_GOOD}"
    rf"|(?:works?|fits?|would (?:also )?(?:work|fit)|(?:is|are|would be) {_GOOD}) (?:too|as well|also|equally well"
    rf"|just as well)"
    rf"|would also (?:work|fit|be {_GOOD}))\b"
)
CONCEDED = re.compile(r"\A(?:while|although|even (?:though|if)|whereas|though)\b")

# Commitments of the same kind, of which the last is no correction of the others: one for each case, or each "correct".
CASE = re.compile(
    r"(?:and |but |so )?(?:if|when|in case|assuming|for (?:question|case|scenario|part|problem"
    r"|item) \(?\d)\b"
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
