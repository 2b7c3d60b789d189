"""The keys by which bought answers are found again."""

import hashlib
import json
from collections.abc import Sequence

from potstill.core.catalogues import Teacher
from potstill.core.records import Message

CANONICAL_JSON = json.JSONEncoder(sort_keys=True)


class Keys:
    """The keys of one teacher's answers.

    A key is the sha256 of all that decides an answer, as JSON with sorted names, and of nothing else. The token limit
    is left out, since an answer that ended by itself serves any limit that it fits in; so are the endpoint and the
    credentials, since two resources that serve one model share their answers.
    """

    def __init__(self, teacher: Teacher) -> None:
        """Write down what all keys are made of."""
        decisive: dict[str, object] = {
            "provider": teacher.provider,
            "model": teacher.model,
            "temperature": None if teacher.temperature is None else float(teacher.temperature),
            "top_p": teacher.top_p,
            "seed": teacher.seed,
        }
        if teacher.extras:  # left out where empty, so that answers bought before there were extras keep their keys
            decisive["extras"] = teacher.extras
        before, between, after = (
            {name: value for name, value in decisive.items() if first < name < last}
            for first, last in (("", "messages"), ("messages", "replicate"), ("replicate", "~"))
        )
        self._before = CANONICAL_JSON.encode(before | {"messages": ""})[:-3]
        self._between = "], " + CANONICAL_JSON.encode(between | {"replicate": ""})[1:-3]
        self._after = ", " + CANONICAL_JSON.encode(after)[1:]

    def key(self, messages: Sequence[Message], replicate: int) -> str:
        """Return the key of the answer to these messages."""
        encode = CANONICAL_JSON.encode
        texts = ", ".join(f'["{message.role}", {encode(message.content)}]' for message in messages)
        decisive = f"{self._before}[{texts}{self._between}{replicate}{self._after}"
        return hashlib.sha256(decisive.encode()).hexdigest()
