"""Where a text leaves its question: the places at which a base model goes on to a question of its own. No I/O."""

import re
from collections.abc import Iterator
from itertools import islice

_MOST = 4  # questions before which an answer is sought
_ASKING = (
    r"(?:what|which|who|whom|whose|where|when|why|how|in which|on which|for which|of the following|is|are|does|do|can)"
)
_NEXT_QUESTION = re.compile(
    r"(?i:\n(?:(?:next|another|new) (?:question|example|problem)\b|(?:here(?:'s| is| are) )?(?:another|the next)"
    r" (?:example|question|problem)s?\b|the following (?:is|are) (?:a )?(?:multiple|question)|follow-?up\b"
    r"|let's try another"
    r"|(?:q|question|problem|exercise|example) ?#?\d+ ?[.:)])"
    r"|[.!)] (?:next )?question ?\d*: "
    rf"|\n(?:\d{{1,3}}[.)] )?[^\n]{{8,}}[?:_]\s*\n\W?[a1][.):]"
    rf"|\n(?:\d{{1,3}}[.)] )?{_ASKING}\b(?! (?:about|not|else)\b)[^\n?]{{12,}}\?)"
)


def find_next_questions(text: str) -> Iterator[int]:
    """Find the first places where another question may begin, after something that may be the answer to this one."""
    for match in islice(_NEXT_QUESTION.finditer(text), _MOST):
        if text[: match.start()].strip():
            yield match.start()
