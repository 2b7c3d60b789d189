"""Which field of a request an error names. No I/O.

OpenAI often says it in `param`, FastAPI's servers in a list of places, and others within the message alone: quoted
('temperature' does not support 0), after a colon (argument supplied: seed), at its start (max_tokens is too large;
Invalid max_tokens value) or as a path (error at #/seed).
"""

import re
from collections.abc import Collection, Mapping

# Of one request, since the prompt's length decides it: "maximum context length", "must be at least 1, got -186".
OF_ONE_REQUEST = re.compile(r"context[ _](?:length|window)|got -\d|prompt is too long|^Invalid prompt")


def find_refused_field(body: object, message: str, fields: Collection[str]) -> str | None:
    """Return the one of the fields that an error with this body and message is about; None if it names none."""
    if OF_ONE_REQUEST.search(message):
        return None
    if (param := _read_param(body)) in fields:
        return param
    places = {found.start(): name for name in fields if (found := _search(name, message))}
    return places[min(places)] if places else None


def _read_param(body: object) -> str | None:
    """Return the field that an error's `param` names, such as response_format for response_format.type."""
    error = body.get("error", body) if isinstance(body, Mapping) else None
    param = error.get("param") if isinstance(error, Mapping) else None
    return re.split(r"[.\[]", param)[0] if isinstance(param, str) else None


def _search(name: str, message: str) -> re.Match[str] | None:
    """Return where a message names a field as none of its own words."""
    return re.search(rf"(?:^|^Invalid |['\"`]|#/|: ){re.escape(name)}(?![\w-])", message)
