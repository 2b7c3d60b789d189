"""How many tokens a text has, before a server has counted them. Pure."""

from collections.abc import Iterable

from potstill.core.records import Message

CHARACTERS_PER_TOKEN = 4  # about, in English
MESSAGE_TOKENS = 8  # what frames a message, at most


def count_most_tokens(messages: Iterable[Message]) -> int:
    """Return how many tokens a prompt takes at most: one for each character, and what frames its messages."""
    return sum([len(message.content) + MESSAGE_TOKENS for message in messages])
