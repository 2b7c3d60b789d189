"""The keys by which bought answers are found again."""

import hashlib
import json
from collections.abc import Sequence

from potstill.core.catalogues import Teacher
from potstill.core.records import Message

CANONICAL_JSON = json.JSONEncoder(sort_keys=True)


def answer_key(teacher: Teacher, messages: Sequence[Message], replicate: int) -> str:
    """Return the sha256 of all that decides an answer, and of nothing else.

    The token limit is left out, since an answer that ended by itself serves any limit that it fits in; so are the
    endpoint and the credentials, since two resources that serve one model share their answers.
    """
    decisive: dict[str, object] = {
        "provider": teacher.provider,
        "model": teacher.model,
        "temperature": None if teacher.temperature is None else float(teacher.temperature),
        "top_p": teacher.top_p,
        "seed": teacher.seed,
        "messages": [[message.role, message.content] for message in messages],
        "replicate": replicate,
    }
    if teacher.extras:  # left out where empty, so that answers bought before there were extras keep their keys
        decisive["extras"] = teacher.extras
    return hashlib.sha256(CANONICAL_JSON.encode(decisive).encode()).hexdigest()
