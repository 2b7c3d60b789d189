"""From a response's logprobs to the probability of each letter. No I/O."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from math import exp
from typing import NamedTuple

LEAST = 1e-10  # what a letter has at least, so that it has a logarithm; Zheng et al.'s code adds as much to each
# A letter by itself, with the marks that tokenizers and models put around it: "A", " A", "(A", "A.", "**A".
SPELLING = re.compile(r"[\s(\[{\"'*_`$#:]*([A-Z])[\s)\]}\"'*_`$.,:;]*")

Entry = Mapping[str, object]  # a token with its logprob, as chat completions list them


class LetterProbabilities(NamedTuple):
    """The probability of each letter shown, of 1 for all of them, and the share of all tokens that are no letter."""

    letters: dict[str, float]
    outside: float


def read_probabilities(
    logprobs: Sequence[Entry], content: str, span: tuple[int, int], letter: str, shown: Sequence[str]
) -> LetterProbabilities | None:
    """Return the probabilities of the letters shown at the token in which the letter was read.

    None where no token of the passage is that letter, as where an option's text was read, or where the tokens are not
    those of the content: another token's letters, such as an article "A", would be no answer.
    """
    token = _find_token(logprobs, content, span, letter)
    return _weigh(token, shown) if token else None


def _find_token(logprobs: Sequence[Entry], content: str, span: tuple[int, int], letter: str) -> Entry | None:
    """Return the first token that reaches into the passage and is the letter.

    The content is looked for from the end, since thoughts, which it does not hold, have tokens before it. Offsets are
    bytes, since a token may hold a part of a character.
    """
    texts, sought = [_read_bytes(token) for token in logprobs], content.encode()
    whole, starts = b"".join(texts), [0, *accumulate(map(len, texts))]
    begin = max((start for start in starts if whole.startswith(sought, start)), default=whole.rfind(sought))
    if begin < 0:
        return None
    first, last = (begin + len(content[:place].encode()) for place in span)
    for token, text, start in zip(logprobs, texts, starts, strict=False):
        if start < last and start + len(text) > first and _spelled(text.decode(errors="replace")) == letter:
            return token
    return None


def _weigh(token: Entry, shown: Sequence[str]) -> LetterProbabilities | None:
    """Return the probabilities of the letters shown, all spellings of each added up.

    A letter that is not listed is no likelier than the least of the tokens that are, nor than its part of what these
    leave over: it gets the smaller of the two.
    """
    listed = dict(_list_probabilities(token))
    masses = dict.fromkeys(shown, 0.0)
    for text, probability in listed.items():
        if (letter := _spelled(text)) in masses:
            masses[letter] += probability
    missing, outside = [letter for letter, mass in masses.items() if not mass], 1 - sum(masses.values())
    if len(missing) == len(masses):
        return None
    if missing:
        left_over = (1 - sum(listed.values())) / len(missing)
        masses |= dict.fromkeys(missing, min(*listed.values(), left_over))
    floored = {letter: max(mass, LEAST) for letter, mass in masses.items()}
    total = sum(floored.values())
    return LetterProbabilities({letter: mass / total for letter, mass in floored.items()}, max(outside, 0.0))


def _list_probabilities(token: Entry) -> Iterator[tuple[str, float]]:
    """Yield the text and the probability of a token and of those that might have stood in its place."""
    others = token.get("top_logprobs")
    for one in (token, *(others if isinstance(others, list) else ())):
        if isinstance(one, Mapping):
            text, logprob = one.get("token"), one.get("logprob")
            if isinstance(text, str) and isinstance(logprob, int | float):
                yield text, exp(min(logprob, 0))


def _read_bytes(token: Entry) -> bytes:
    """Return a token's bytes: those that are listed, or else those of its text."""
    listed = token.get("bytes")
    try:
        return bytes(listed) if isinstance(listed, list) else str(token.get("token", "")).encode()
    except (TypeError, ValueError):
        return b""


def _spelled(text: str) -> str:
    """Return the letter that a token's text is and nothing else, or an empty text."""
    spelled = SPELLING.fullmatch(text)
    return spelled[1] if spelled else ""
