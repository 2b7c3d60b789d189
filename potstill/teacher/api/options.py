"""What each request of a teacher says beside its messages. No I/O."""

import json
import re
from collections.abc import Collection

from potstill.core.catalogues import Teacher
from potstill.core.errors import RefusedFieldError

JSON = json.JSONEncoder()  # which escapes what UTF-8 cannot hold
TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
RESPONSE_FORMAT = "response_format"
# OpenAI's reference of chat completions calls max_tokens "not compatible with o-series models", and gpt-5 refuses it
# likewise. A deployment of another name, and a model yet to come, is learned from its refusal.
WANTS_THE_NEWER = re.compile(r"(?:.*/)?(?:o[1-9]|gpt-5)(?![0-9a-z])")
OF_ITS_VALUE = re.compile(r"too large|too long|at most|maximum|exceeds?\b|less than|greater than", re.IGNORECASE)
UNKNOWN = re.compile(
    r"unsupported|not supported|unrecognized|unknown|unexpected|not permitted|not allowed", re.IGNORECASE
)


class RequestOptions:
    """What params.yaml sets for a teacher's requests, and no more, with the token limit by the name that it takes."""

    def __init__(self, teacher: Teacher) -> None:
        """Choose the token limit's name: as `extras` has it, else by the model's."""
        self.provider = teacher.provider
        self._teacher = teacher
        self._extras = list_extras(teacher)
        self._refused: set[str] = set()
        self._limit = TOKEN_LIMITS[WANTS_THE_NEWER.match(teacher.model) is not None]
        self.encoded = self._encode()

    @property
    def fields(self) -> Collection[str]:
        """The fields of a request that a server may refuse, the model and the messages not among them."""
        return {"temperature", "top_p", "seed", self._limit, RESPONSE_FORMAT, *self._extras, *self._refused}

    def learn(self, error: RefusedFieldError) -> bool:
        """Return whether to ask again at once: the token limit was refused by its name, and now has its other one.

        A limit that stands in `extras`, or is refused for its value, stays as it is; so does one refused by both names.
        """
        if error.field not in TOKEN_LIMITS or any(name in self._extras for name in TOKEN_LIMITS):
            return False
        other = TOKEN_LIMITS[error.field == TOKEN_LIMITS[0]]
        if (
            other in self._refused
            or OF_ITS_VALUE.search(error.text)
            or not (other in error.text or UNKNOWN.search(error.text))
        ):
            return False
        self._refused.add(error.field)
        self._limit = other
        self.encoded = self._encode()
        return True

    def _encode(self) -> str:
        """Return the end of each body, with its closing brace."""
        teacher = self._teacher
        options = {
            "model": teacher.model,
            "temperature": teacher.temperature,
            "top_p": teacher.top_p,
            "seed": teacher.seed,
            self._limit: None if any(name in self._extras for name in TOKEN_LIMITS) else teacher.max_tokens,
        }
        return JSON.encode({name: value for name, value in options.items() if value is not None} | self._extras)[1:]


def list_extras(teacher: Teacher) -> dict[str, object]:
    """Return the fields that stand beside the usual ones: `extras`, and what has become a field of its own since.

    Keys of answers are made of it, so that whoever moves a field out of `extras` buys nothing again.
    """
    effort = {} if teacher.reasoning_effort is None else {"reasoning_effort": teacher.reasoning_effort}
    return {**teacher.extras, **effort}


def build_response_format(letters: str) -> dict[str, object]:
    """Return the response_format of an object with one of these letters as its answer, and nothing else.

    An object at the root, all of it required and nothing more allowed: OpenAI takes no other strict schema.
    """
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": list(letters)}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
