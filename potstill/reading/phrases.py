"""The English by which a text names a letter, commits to it, doubts it, takes it back or refuses. No I/O.

Of these patterns all but LETTER and BARE_LETTER read lower case.
"""

import re

# Where a label is no Latin letter, a sign of the private use area stands for it. Vowel marks are no letters to Python.
FIRST_SIGN = "\ue000"
SIGNS = "\ue000-\uf8ff"
IN_WORD = "[\\w\u0300-\u036f\u05b0-\u05c7\u0610-\u061a\u0670\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f]"

# Letters and option texts: what may follow them, what joins them.
_VERB = (
    r"(?:is|are|was|were|do|does|did|can|cannot|could|would|may|might|has|have|seems?|\w+n't|refers|makes"
    r"|fits|works|remains|best)\b"
)
_FOREIGN_OR = "oder|ou|o|u|lub|albo|veya|ya da|atau|eller|nebo|hoặc|или|或|또는|または|या|أو|او"
_FOREIGN_AND = "und|et|e|ed|y|en|i|oraz|ve|dan|och|og|và"
_STOP = r"[\"')\]}>]*(?:\s*\Z|\n|\s?[.,;:!]+(?![\w?])|\s?--|\s-\s|\s?[(/]|\s(?:because|since|as|due|given|based|but"
_STOP_LETTER = (
    rf"{_STOP}|(?:or|and)(?!\s*\Z)(?! \(?(?:[b-hj-z]\b|[{SIGNS}]))|which|over|rather|instead|not|so|for|in"
    rf"|with|from|then|here|on|option|(?:obviously|clearly|definitely|probably|i (?:think|guess|believe))(?=\W*\Z)"
)
AFTER_TEXT = re.compile(rf"{_STOP}|rather|instead|which)\b)")
AFTER_LETTER = re.compile(rf"{_STOP_LETTER})\b|\s\(?[b-z{SIGNS}][.)])|(?<=[)\]}}>])(?!\s{_VERB}|\s?\?)")
AFTER_BOTH = re.compile(rf"{AFTER_LETTER.pattern}|\s(?:and|or) \(?(?:option )?[b-hj-z{SIGNS}]\b[.):]?")
AFTER_CAPITAL = re.compile(
    rf"{_STOP_LETTER}|or|and|nor|to|through|thru|also|equally|being|it is|{_VERB}|(?:{_FOREIGN_OR}"
    rf"|{_FOREIGN_AND})(?= [(\[]?[a-z]\b))\b)|[)\]]|\s?[-?&+=]"
)
AFTER_WORD_LIKE = re.compile(r"[.):](?!\w)|\n|\s?\Z|\sis\b|\s(?:and|or)\s\(?[b-hj-z]\b(?!')")
BEFORE_A = re.compile(r"(?:\A|[:\n=-]|\b(?:option|choice|answer|letter))\s?\Z")
LETTER = re.compile(rf"(?<![\w&])([A-Za-z{SIGNS}])(?!\w)(?!['&]\w)(?<![\w']'.)(?<!\b[ieIE]\..)([\"')\]}}>]*)")
WORD_START = re.compile(rf"(?<!{IN_WORD})(?<!\d[.,])(?<![-+$](?=\d))")
WORD_END = re.compile(rf"(?!{IN_WORD}|'\w|[.,:/^]\d|%|(?<=\d)\s?[-+*/]\s?\d)")
ARTICLE_END = re.compile(r"\b(?:the|an?) \Z")
_ARTICLE = r"(?:(?:the|an?) )?[\"'(\[]*"
LETTER_TO_TEXT = re.compile(rf"[\s.:,;)\]}}>\"'(=-]*(?:(?:i\.e\.|that is|namely|meaning|which is)[ ,:]*)?{_ARTICLE}")
TEXT_TO_LETTER = re.compile(
    r"[\"'.,]*\s?[-:,]?\s?(?:(?:which|that|this) (?:is|corresponds to|matches|equals) |i\.e\.,? |namely )?(?:[(\[]"
    r"|\(?(?:option|choice|letter) \(?)|\s?(?:-+>?|=+>?|:)\s"
)
OWN_TEXT = re.compile(r"[\"')\].:]*\s?(?:\w+ ){1,3}")
OR_ITEM = re.compile(r"[.:] [^.;:\n]{1,60} or \(?")
RANGE = re.compile(r"\s?(?:-+|to|through|thru|\.\.+)\s?[\"'(\[]*")
JOINT = re.compile(
    rf"[\"')\]]*(?:\.\.\.)?\s?(?:[,;]\s?(?:and/or|and)?|and/or|(?:[,;] ?)?[(\[]?(or|{_FOREIGN_OR})|and|{_FOREIGN_AND}"
    r"|&|\+|/|,? ?(?:along |together )?with|plus|as well as|[(\[]?(?:but )?also|[(\[]and"
    r"|[.,;]\s{0,3}(?:oh, )?(?:but )?(?:also|and also|and|likewise|equally|(or)),?"
    r"|[^.;:\n]{1,60}[ ,.](or|so is|as is|as are)),?\s?(?:(?:then|also|is it|maybe|perhaps|less likely|more likely"
    r"|\w+ly)[, ] ?)*"
    rf"(?:the )?(?:(?:option|choice|answer|letter) )?{_ARTICLE}"
)
INTERJECTION = re.compile(
    r"(?:yes|no|true|false)(?:[.,!;](?=\s)|\s?-)(?!\s(?:i\b(?! (?:think|believe))|let|sorry|sure|please|thank|here\b))"
)
ALONE = re.compile(
    r"[\"')\]]*(?:[.!]\s|,? (?:because|since|as)\b|(?P<rival>, not (?!an?\b|likely|really|sure|correct|right|good"
    r"|the (?:best|right))))"
)
SUBJECT = re.compile(rf"\s(?!are\b){_VERB}")

# What makes a commitment of an offer: a cue on its left ("I would choose", then hedges) without doubt in its clause, a
# verdict on its right ("is the best choice"), or a line; and what takes it back.
_BE = (
    r"(?:is|was|are|(?:would|should|must|will|has to|have to|seems? to|appears? to)(?: \w+ly)? be|seems(?: like)?"
    r"|remains)"
)
_HEDGE = (
    r"(?>[\s:,\"'(\[{<=#]|(?:the|most|more|very|likely|\w+ly|thus|then|therefore|indeed|still|just|both|either|best"
    r"|to be|quite|without (?:a |any )?doubt|that|it is|it's|i (?:think|believe|guess|would say)|of course|yes|well"
    r"|final|correct|right|option|choice|answer|letter|number|easy|simply)\b)*+"
)
_CORRECTION = (
    r"(?:(?:\A|[.?!,;:(\[-] ?|\b)(?:no(?= ?[,:])|sorry|wait|actually|hmm|edit|correction|update|scratch that"
    r"|(?:or )?rather|i meant?|make (?:that|it)|(?:on|upon) (?:second|further) thought"
    r"|(?:i've )?changed my mind)\b[ ,:.!-]*)+"
)
CUE = re.compile(
    r"(?:\b(?P<strong>(?:answer|ans|choice|option|solution|response|output|result|pick|selection|conclusion|guess|vote"
    r"|bet|match|fit|letter|(?:correct|right|best) one)\b(?! (?:choices|options|key)\b)"
    rf"(?:(?: \([^()]{{0,20}}\))?(?: choice| option| letter)?\]? ?(?:[:=]>?|->?|(?<=\]))|[^.?!;\n]{{0,120}}?\b{_BE}\b)"
    r"|(?:(?:i|we)(?:'d| would| will|'ll| am|'m| have| must)?(?: (?:\w+ly|thus|still|going to|have to))*|let's"
    r"|let me) (?:recommend|suggest|cho(?:ose|sen|osing|se)|pick(?:ed|ing)?|select(?:ed|ing)?"
    r"|(?:go|went|going|gone|opt|opted|settle) (?:with|for|on)|lean(?:ing)?(?: (?:towards?|to|on))?|vote for|meant?"
    r"|say|answer)\b|\bshould (?:choose|pick|select|go (?:with|for))\b"
    r"|\b(?:nothing|none(?: of [^.;\n]{1,40}?)?) (?:other than|but|except(?: for)?)\b"
    r"|\b(?:i|we)(?:'m|'re| am| are) left with(?: only)?\b|\b(?:(?:which|that) )?leav(?:es"
    r"|ing)(?: (?:us|me))?(?: with)?(?: only)?\b|\b(?:not|\w+n't) [^.;:\n]{1,60}?(?:,? but(?: rather| instead)?"
    r"|[,;] is)\b)"
    rf"|\b(?:(?:i|we)(?:'d| would)? (?:think|believe|guess|conclude)|(?:it|that|this|which|(?:the|this"
    rf"|that) (?:statement|claim|sentence|assertion|proposition))(?:'s| {_BE})"
    rf"|(?:correct|right|best) (?:place|thing|way|word)\b[^.?!;\n]{{0,80}}?\b{_BE})\b"
    r"|(?P<short>\A|[,;] )(?:must be|has to be|should be|therefore|thus|hence|so|consequently|in conclusion|finally"
    r"|most likely|probably|definitely|clearly|choose|select|pick|go with|going with"
    r"|(?:correct|correction|edit|final|right|verdict) ?:|by (?:process of )?elimination"
    r"|if (?:i|we) (?:had to|have to|must) (?:guess|choose|pick|answer|say)(?: one)?))"
    rf"{_HEDGE}\Z|(?P<corrected>{_CORRECTION}){_HEDGE}\Z"
)
CUE_OPENING = re.compile(r"(?:(?:the|my|our|final|correct|best|right|most|\w+ly) )*\Z")
_POOR = (
    r"(?:worst|worse|poor(?:est)?|weak(?:est)?|bad|trap|trick|decoy|distractor|odd|irrelevant|unrelated|unsuitable"
    r"|invalid|inappropriate|absurd|mistaken|misleading|reject\w+|discard\w+|alternat\w+|runner-?up|back-?up|fallback"
    r"|opposite|rival|previous|prior|former|old|original|stereotyp\w+|initial|popular|sample|last(?!ing))"
)
_FAILS = (
    r"(?:irrelevant|unrelated|unsuitable|inappropriate|invalid|impossible|absurd|nonsens\w+|fail(?:s|ed)?|lacks|worst)"
)
ELIMINATE = (
    r"(?:eliminat\w+|rul(?:e|es|ed|ing) out|exclud\w+|cross\w* out|reject\w*|discard\w*|dismiss\w*|disregard\w*)"
)
DOUBT = re.compile(
    rf"\b(?:not(?! \(?(?:[b-hj-z]\b|[{SIGNS}]))(?! (?:hard|difficult) to see)|never|\w+n't|cannot|nor|neither|wrong"
    rf"|incorrect"
    r"|(?<!at )least|less|unlikely|false|may|(?<!best )possible|plausible|potential|tempting|another|other|first"
    r"|second|next|each|every|whether|unless|which of|if(?! (?:(?:i|we) (?:had to|have to|must)|forced|pressed"
    r"|pushed)\b)|suppose|assum\w+|might|maybe|perhaps|could|like this"
    r"|example|format|an? (?:\w+ )?(?:answer|option|choice|solution)"
    rf"|{ELIMINATE}|{_POOR}(?: \w+)? (?:answer|option|choice|solution|pick|selection|guess|bet|match|fit|one)"
    r"|(?:answer|option|choice|one)(?: that)?(?: (?:you|we|i))? (?:to|should|can|must) (?:avoid|ignore|skip"
    r"|remove)|no sense|odd one|mistake is|misconception|(?:start|begin|end)(?:s"
    r"|ing)? with (?:the )?letter|(?:some|others|many|few)(?: \w+)? (?:say|think|argue|claim|believe|answer))\b"
)
EITHER = re.compile(r"\beither(?: \w+)?[ (\"']*\Z")
NEGATED = re.compile(rf"\b(?:not|never|\w+n't|{ELIMINATE})\b")
TURN = re.compile(r"\bbut\b|;|\bhowever\b")
DISCUSSED = re.compile(
    r"\W*[^.!?\n]*(?:\?|\b(?:not|never|\w+n't|cannot|no|nor|neither|wrong|incorrect|unlikely|less|least|but|however"
    r"|though|although|may|might|could|possible|plausible|tempting|if)\b)"
)
CLAUSE_END = re.compile(r"[,;]|\.(?!\d)|:(?! ?\")|\bbut\b")
_ABOUT_IT = (
    r"(?:(?:this|that|it|which|option|choice|answer|the|is|are|was|were|would|be|seems?|looks|can|could|very|just|too"
    r"|also|quite|much|most|more|far|\w+ly|\w{1,20}'s)\b[^\w,.;:]+){0,4}?"
)
_NOT_ABOUT_IT = (
    r"(?!\W*(?:because|since|as)\b|\W*(?:i|we)(?:'m| am| may| might| could| cannot| can't)\b"
    rf"|\W*not \(?(?:[a-z]\b(?!\s\w)|[{SIGNS}])|,\s?not (?:the|in|at|to) (?!best|right|correct|answer|most))"
)
_DISMISSAL = rf"(?:{DOUBT.pattern}|\b(?:{_FAILS}\b|no\b(?! \w)))"
DISMISSED = re.compile(rf"{_NOT_ABOUT_IT}\W*{_ABOUT_IT}{_DISMISSAL}")
TEXT_DISMISSED = re.compile(rf"{_NOT_ABOUT_IT}(?:[^\w.!?]*|\W*(?=(?:this|that|it|which)\b)){_ABOUT_IT}{_DISMISSAL}")
POOR = re.compile(rf"[\"')\]}}>]*(?: as (?:the|an?|my)(?: \w+)? (?:{_POOR}|wrong|least)| (?:as )?{_FAILS})\b")
_FITTING = (
    r"(?:likely|probable|plausible|appropriate|suitable|logical|accurate|reasonable|correct|fitting|relevant|sensible"
    r"|apt|obvious|natural|practical|consistent|convincing|precise|direct|common|typical)"
)
VERDICT = re.compile(
    rf"[\"',)\]]*(?: (?:option|choice|answer))? (?:{_BE} (?:(?:(?:most )?likely|\w+ly|indeed|thus|both"
    rf"|also) )*(?:(?:the|my|our) (?:(?!wrong|incorrect|least|less|{_POOR}|other|first|second|next"
    rf"|possible)\w+ ){{0,3}}"
    r"(?:answer|choice|option|fit|match|one|pick|selection|guess|bet)\b|(?:the )?(?:correct|right|best|better|closest"
    r"|strongest|safest|likeliest"
    rf"|an? better|one left|left|most {_FITTING}"
    r"|more (?:appropriate|suitable|likely|accurate|fitting|precise))(?=\s?(?:\Z|[.,;!)\n]|because|since|as\b|here|for"
    r"|and)|\s(?:answer|option|choice|fit|match|place|thing|way|word)\s?(?:\Z|[.,;!\n])))"
    r"|(?:would )?(?:makes? (?:the )?(?:most )?sense|(?:fits?|works?|matches) (?:the )?best"
    r"|remains(?=\s?(?:\Z|[.,;!\n])))|best (?:fits|answers|matches|completes)"
    r"|it is\b)(?!\s?\?)(?! (?:that|which|to)\b[^.\n]{0,40}?(?:not|n't|wrong|incorrect|least|excluded|eliminated"
    r"|ruled out|rejected)\b| (?:if|when)\b| for (?!th[ei]))"
)
AS_WELL = re.compile(r",? (?:as well|too)\b(?! \w)")
CLAUSE_START = re.compile(rf"(?:\A|[,:\"(]|\b(?:so|that|thus|think|say|hence|and|since|because)) ?{_ARTICLE}\Z")
LINE_START = re.compile(rf"(?:\A|\n|! )(?:[=>\u2022-]+ |ans\. ?)?{_HEDGE}\Z")
SENTENCE_START = re.compile(r"(?:\w{2}|\bno[tr] [a-z])[\"')\]]*[.!?] (?:\(|option |choice |answer )?\(?\Z")
LIST_OPENING = re.compile(
    r"(?<! is)(?<! be)(?<! are)[:?]\Z|\b(?:options|choices|answers|each|one by one)\b[^\n?]*[.:]?\Z"
)
ITEM_START = re.compile(r"[.;:!?][\"')\]]* \(?\Z")
LINE_END = re.compile(r"[.,:;!)\]}>\"' -]*(?:\n|\Z)")
RETRACTED = re.compile(
    r"[.!?\n] ?(?:(?:but|hmm|oh|no|actually|sorry|apologies|oops),? )*(?:(?:i (?:made|have made) (?:an?|some)"
    r" (?:error|mistake)s?|please disregard|maybe not)\b|(?:wait|hold on|scratch that|strike that|on second thought"
    r"|actually,? no|never ?mind|(?:forget|ignore|disregard) (?:that|this|it|the above)"
    r"|i (?:misread|misunderstood|was mistaken|was wrong|take (?:that|it) back)|i apologi[sz]e, (?:but )?(?:my|the)"
    r"|(?:my|the) (?:previous|earlier|above) (?:answer|response) (?:was|is|contain\w*) (?:wrong|incorrect|an error"
    r"|a mistake)|let me (?:reconsider|re-?(?:think|check|evaluate)))\b(?! (?:in|for|at|until|times?)\b))"
    r"|, (?:wait,? no|no,? wait|scratch that|actually,? no)\b"
)
REPLACED = re.compile(
    r"[\"')\].,;!]*\s?[(\[-]? ?(?:or rather\b|(?:edit|correction|update)\b ?:|i mean\b|make that\b"
    rf"|(?:no|sorry|actually),? (?:(?:it's|it is|i mean|make that|rather) )?\(?(?:[b-hj-z]\b|[{SIGNS}]|[ai](?!\s?\w)))"
    r"|, no, [\w ]{1,30}[.!]?\Z"
)

# What a text says without committing to it: a case that is not the question's, a format's example, an aside that a
# formal answer outranks unless it corrects or concludes; and a mark beside a letter, as in a tally of all of them.
SUPPOSED = re.compile(
    r"\bif (?:we|i|you) (?:assume|suppose)\b|\A(?:had|were) (?:the|it|this)\b"
    r"|\bif\b(?! (?:forced|pressed|pushed|anything)\b| (?:i|we|you|one)(?:'re"
    r"| (?:had to|have to|must|want|need|wish|like|are|were (?:to|forced)))\b)(?![^.]*, (?:so|thus|hence"
    r"|therefore)\b)(?:[^.]*\b(?:were|weren't|had been)\b|[^.]*,[^,]*(?:\bwould\b|'d\b)[^,]*\Z)"
)
EXAMPLE = re.compile(
    r"\b(?:example|sample|template|(?:please|use"
    r"|follow)\b[^.\n]{0,40}\bformat)\b[^.\n]{0,20}:[\s{]*(?:[^.\n:]{0,20}:)?\W*\Z|\blike \{\W*answer:\W*\Z"
)
DESCRIBED = re.compile(
    r"\A(?:note|aside|n\.?b\.?)\b|\b(?:option|choice|answer|one) (?:that|which|with|for)\b"
    r"(?!.*\b(?:best|most|correct\w*|right)\b)|\byour (?:\w+ )?(?:answer|choice|response)\b"
)
_CORRECTIVE = (
    r"actually|(?:on|upon) (?:\w+ )?(?:reflection|thought)|correction|corrected|edit|wait|mistaken?|instead|sorry"
    r"|scratch that|i meant?|changed my mind"
)
CORRECTIVE = re.compile(rf"\b(?:{_CORRECTIVE}|no, it's)\b")
CORRECTING = re.compile(
    rf"\b(?:{_CORRECTIVE}|(?:so|thus|therefore|hence|final\w*|conclu\w+|overall)\b[^.!?\n]{{0,200}}\Z)"
)
_BESIDE = r"[\s\"')\]:.,=-]*\(?"
JUDGED = re.compile(
    rf"{_BESIDE}(?:is |this is |that is )?(?:(?P<yes>yes|true|correct|right)|no|false|incorrect|wrong"
    r"|not (?:correct|right|true))\b(?! (?:answer|option|choice|of|to|that|for|in)\b)"
)
TALLIED = re.compile(rf"{JUDGED.pattern}|{_BESIDE}\d+(?:\.\d+)?\s?(?:%|[,;)\n]|\Z)")
REFUSAL = re.compile(
    r"\bi(?:'m| am) (?:sorry|unable|afraid|not (?:able|comfortable|sure))\b|\bi (?:can(?:'t|not| not)|won't|will not"
    r"|could(?:n't| not)|do(?:n't| not) (?:know|have|feel|want|see)|must decline|decline|apologi[sz]e)\b"
    r"|\bas an? (?:ai|(?:large )?language model)\b|\b(?:unable to|none of (?:the|these|them)|insufficient)\b"
    r"|(?:\A|\banswer(?: is|:)\W{0,3})(?:none|nothing|no answer)\b|\b(?:have|with) no (?:idea|answer|opinion)\b"
    r"|\bnot possible to (?:answer|determine|choose|say|tell)\b|\Asorry\b[^.]{0,20}\bcan(?:not|'t)\b"
    r"|(?:n't|not|no) (?:enough|sufficient)|\bcan(?:not|'t) be (?:determined|answered|inferred)"
    r"|\bno (?:correct|right|good|suitable|clear|single) (?:answer|option|choice)"
    r"|\bnot appropriate for me to\b|\bi(?:'d| would) (?:rather|prefer) not\b|\bi refuse to\b"
    r"|\bi(?:'m| am) not (?:allowed|permitted|going) to\b"
)
BARE_LETTER = re.compile(
    rf"[\"'(\[{{< ]*(?!A:)([A-Za-z{SIGNS}])[\"')\]}}>.:,;! ]*(?:[ ,\n][\"'(\[{{<]*\1[\"')\]}}>.:,;! ]*)*"
)


def find_retraction(lower: str) -> int:
    """Return where a text last takes back what it said before, or -1."""
    return max((match.start() for match in RETRACTED.finditer(lower)), default=-1)
