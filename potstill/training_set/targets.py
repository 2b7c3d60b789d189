"""What a student learns to say: a letter, a letter with its option, or the teacher's own words. No I/O."""

from collections.abc import Sequence

from potstill.core.params import Target
from potstill.core.records import AnswerFormat, Choice, Response
from potstill.prompting.rendering import render_text
from potstill.reading.extraction import read_as


def render_choice(target: Target, choices: Sequence[Choice], letter: str) -> str:
    """Return the letter of a choice, or the letter with the choice's text."""
    if target == "letter":
        return letter
    (choice,) = (choice for choice in choices if choice.label == letter)
    return f"{letter}. {render_text(choice)}"


def render_response(
    target: Target, response: Response, choices: Sequence[Choice], letter: str, answer_format: AnswerFormat | None
) -> str | None:
    """Return the teacher's text as it is, or its reasoning before a line that names the letter; None without any."""
    content = response.content or ""
    if target == "verbatim":
        return content
    reasoning = (response.reasoning or "").strip() or drop_statement(content, choices, answer_format)
    return f"{reasoning}\n\nAnswer: {letter}" if reasoning else None


def drop_statement(content: str, choices: Sequence[Choice], answer_format: AnswerFormat | None) -> str:
    """Return a text without the line in which its letter is read; nothing of JSON, which would be broken."""
    if answer_format == "json":
        return ""
    span = read_as(content, choices, answer_format).span
    if span is None:
        return ""
    start, end = content.rfind("\n", 0, span[0]) + 1, content.find("\n", span[1])
    return (content[:start] + (content[end:] if end >= 0 else "")).strip()
