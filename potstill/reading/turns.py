"""Where a text leaves its question: the places at which a base model goes on to a question of its own. No I/O."""

import re
from collections.abc import Iterator
from itertools import islice

from potstill.reading.labels import Options
from potstill.reading.phrases import CORRECTIVE, FIRST_SIGN

_MOST = 4  # questions before which an answer is sought
_LABEL = rf"\W?[aA1{FIRST_SIGN}][.):]"
_ASKING = r"(?:what|which|who|whom|whose|where|when|how many|how much)"
_OWN_WORDS = (  # by which a question is about the answer that was given
    r"\b(?:that|this|these|those|then|not|about|else|answer|options?|choices?|correct|right|really|wait|let's|let"
    r"|correction|each|check|verify)\b"
)
_NEXT_QUESTION = re.compile(
    r"(?i:\n(?:(?:next|another|new) (?:question|example|problem)\b|(?:here(?:'s| is| are) )?(?:another|the next)"
    r" (?:example|question|problem)s?\b|the following (?:is|are) (?:a )?(?:multiple|question)|follow-?up\b"
    r"|let's try another|(?:q|question|problem|exercise|example) ?#?\d+ ?[.:)])"
    r"|[.!)] (?:next )?question ?\d*: "
    rf"|\n(?:\d{{1,3}}[.)] )?(?![^\n]*{_OWN_WORDS})[^\n]{{8,}}[?:_]\s*\n(?={_LABEL})"
    rf"|\n(?:\d{{1,3}}[.)] )?(?![^\n]*{_OWN_WORDS}){_ASKING}\b[^\n?]{{12,}}\?)"
)
_ITEM = re.compile(rf"\A{_LABEL} ?")


def find_next_questions(text: str, options: Options) -> Iterator[int]:
    """Find the first places where another question may begin, after something that may be the answer to this one."""
    for match in islice(_NEXT_QUESTION.finditer(text), _MOST):
        before, after = text[: match.start()].strip(), text[match.end() :].lower()
        if before and not CORRECTIVE.search(after) and not _discusses(match[0], after, options):
            yield match.start()


def _discusses(question: str, after: str, options: Options) -> bool:
    """Tell whether what follows a line talks of an option of this question, and is no item of a list under a "?"."""
    first = _ITEM.sub("", after, count=1)
    item = first.partition("\n")[0].strip()
    return any(first.startswith(text) and not ("?" in question and item == text) for text in options.owners)
