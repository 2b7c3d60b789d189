"""A question, its choices and their letters as a prompt shows them. No I/O."""

from collections.abc import Sequence

from potstill.core.catalogues import Prompt
from potstill.core.records import Choice, Message


def render_messages(
    prompt: Prompt, question: str, choices: Sequence[Choice], examples: Sequence[Message]
) -> list[Message]:
    """Return a question with these choices in the prompt's words, after the messages of its examples."""
    values = render_values(question, choices)
    return [
        Message(role="system", content=prompt.system.format(**values)),
        *examples,
        Message(role="user", content=prompt.user.format(**values)),
    ]


def render_values(question: str, choices: Sequence[Choice]) -> dict[str, str]:
    """Return what a prompt's placeholders stand for."""
    return {"question": question, "answer_choices": render_choices(choices), "labels": render_labels(choices)}


def render_choices(choices: Sequence[Choice]) -> str:
    """Return choices one a line, "A. bank"."""
    return "\n".join([f"{choice.label}. {render_text(choice)}" for choice in choices])


def render_text(choice: Choice) -> str:
    """Return a choice's text on one line, one of several lines too, lest it look like further choices."""
    return " ".join(choice.text.split())


def render_labels(choices: Sequence[Choice]) -> str:
    """Return the letters as a person would list them: "A, B, C, D or E"."""
    *firsts, last = [choice.label for choice in choices]
    return f"{', '.join(firsts)} or {last}"
