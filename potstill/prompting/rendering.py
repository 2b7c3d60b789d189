"""Choices and their letters as a prompt shows them. No I/O."""

from collections.abc import Sequence

from potstill.core.records import Choice


def render_choices(choices: Sequence[Choice]) -> str:
    """Return choices one a line, "A. bank", a text of several lines too, lest it look like further choices."""
    return "\n".join(f"{choice.label}. {' '.join(choice.text.split())}" for choice in choices)


def render_labels(choices: Sequence[Choice]) -> str:
    """Return the letters as a person would list them: "A, B, C, D or E"."""
    *firsts, last = [choice.label for choice in choices]
    return f"{', '.join(firsts)} or {last}"
