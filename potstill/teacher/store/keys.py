"""The keys by which bought answers are found again."""

import hashlib
import json
from functools import cache

from potstill.core.catalogues import Teacher
from potstill.core.records import Chat
from potstill.teacher.api.options import RESPONSE_FORMAT, build_response_format, list_extras

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
        if extras := list_extras(teacher):  # left out where empty, so that answers from before extras keep their keys
            decisive["extras"] = extras
        if teacher.sha256:  # likewise; two students may have one name
            decisive["sha256"] = teacher.sha256
        before, between, after = (
            {name: value for name, value in decisive.items() if first < name < last}
            for first, last in (("", "messages"), ("messages", "replicate"), ("replicate", "~"))
        )
        self._before = CANONICAL_JSON.encode(before | {"messages": ""})[:-3]
        self._between = "], " + CANONICAL_JSON.encode(between | {"replicate": ""})[1:-3]
        self._after = after

    def key(self, chat: Chat, replicate: int) -> str:
        """Return the key of the answer to this chat."""
        encode = CANONICAL_JSON.encode
        texts = ", ".join(f'["{message.role}", {encode(message.content)}]' for message in chat.messages)
        decisive = f"{self._before}[{texts}{self._between}{replicate}, {self._encode_after(chat.letters)}"
        return hashlib.sha256(decisive.encode()).hexdigest()

    @cache  # noqa: B019 (one of these lives as long as the run, and there are few sets of letters)
    def _encode_after(self, letters: str | None) -> str:
        """Return the end of what a key is made of, with what a structured answer is held to."""
        held = {RESPONSE_FORMAT: build_response_format(letters)} if letters else {}
        return CANONICAL_JSON.encode(self._after | held)[1:]
