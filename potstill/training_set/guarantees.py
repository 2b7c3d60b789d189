"""What every row that is exported is sure to be. No I/O.

The rows are built so that they are; what is checked here is that nothing upstream, however it came about, gets through.
"""

import os
import re
from collections.abc import Sequence
from operator import eq

from potstill.core.params import Target
from potstill.core.records import READ_OUTCOMES, Message
from potstill.training_set.building import Example

LEAST_SECRET = 8  # characters; shorter values of variables are no keys, and would be found in any text
_ERROR = re.compile(r"\s*(?:\w*(?:Error|Exception)\b\s*:|Traceback \(most recent call last\))")
_REASONING = re.compile(r"</?(?:think|thinking|reasoning)>", re.IGNORECASE)
_CREDENTIAL = re.compile(
    r"\b(?:sk-[\w-]{20,}|hf_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|xox[abp]-[\w-]{20,})"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_MARKS = ("sk-", "_", "AKIA", "xox", "-----BEGIN")  # of which each credential has one: ten times as fast to look for
_SECRET_NAME = re.compile(r"(?:_KEY|_TOKEN|_SECRET|_PASSWORD)$")


def list_secrets() -> list[str]:
    """Return the values of the environment's variables that are named like keys."""
    return [
        value for name, value in os.environ.items() if _SECRET_NAME.search(name) and len(value.strip()) >= LEAST_SECRET
    ]


def check_example(example: Example, target: Target, max_tokens: int | None, secrets: Sequence[str]) -> None:
    """Raise ValueError with what was expected of an example and what came, if it is none that may be exported."""
    if example.outcome not in READ_OUTCOMES:
        raise ValueError(f"expected an answer that was read, got outcome {example.outcome}")
    if example.letter not in [choice.label for choice in example.choices]:
        raise ValueError(f"expected the letter of one of its choices, got {example.letter!r}")
    for text in (example.target, *([] if example.rejected is None else [example.rejected])):
        check_text(text)
    if not states(target, example.target, example.letter):
        raise ValueError(f"expected a text that names {example.letter}, got {example.target!r:.80}")
    if example.rejected == example.target:
        raise ValueError(f"expected a rejected text that differs from the chosen one, got {example.target!r:.80} twice")
    check_roles(example.messages)
    texts = (*(message.content for message in example.messages), example.target, example.rejected or "")
    check_characters("\n".join(texts), secrets)
    if max_tokens is not None and example.tokens > max_tokens:
        raise ValueError(f"expected {max_tokens} tokens at most (export.max_tokens), got {example.tokens}")


def states(target: Target, text: str, letter: str) -> bool:
    """Return whether a text is one that `target` allows for a letter; the teacher's own words were read before."""
    if target == "letter":
        return text == letter
    if target == "letter_and_text":
        return text.startswith(f"{letter}. ")
    return target == "verbatim" or text.endswith(f"\nAnswer: {letter}")


def check_text(text: str) -> None:
    """Raise ValueError if what a student is to say is empty, an error, or holds the marks of hidden reasoning."""
    if not text.strip():
        raise ValueError("expected text to learn, got none")
    if _ERROR.match(text):
        raise ValueError(f"expected an answer, got the text of an error, {text!r:.80}")
    if _REASONING.search(text):
        raise ValueError(f"expected an answer without marks of reasoning such as <think>, got {text!r:.80}")


def check_roles(messages: Sequence[Message]) -> None:
    """Raise ValueError unless messages are a system's, if any, then a user's and an assistant's in turn to a user's."""
    roles = [message.role for message in messages]
    turns = roles[1:] if roles[:1] == ["system"] else roles
    if turns[:1] != ["user"] or turns[-1] != "user" or "system" in turns or any(map(eq, turns, turns[1:])):
        raise ValueError(
            f"expected a user's and an assistant's messages in turn, after a system's if any, got {', '.join(roles)}"
        )
    if not all(map(str.strip, [message.content for message in messages])):
        raise ValueError("expected messages with text, got an empty one")


def check_characters(text: str, secrets: Sequence[str]) -> None:
    """Raise ValueError if a text is no valid Unicode or holds a credential, which is not quoted."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"expected valid Unicode, got {text[error.start : error.end]!r}") from None
    has_mark = any(map(text.__contains__, _MARKS))
    if (has_mark and _CREDENTIAL.search(text)) or any(secret in text for secret in secrets):
        raise ValueError("expected no credential, got a text with one (not shown here)")
