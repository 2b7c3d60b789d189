"""What is wrong in a file of sections, said in one sentence: which key, what it may be, and what it was."""

import difflib
import re
import types
from typing import Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails


def format_validation_error(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Say in one sentence which key is wrong, what it may be and what it was."""
    *parents, last = error["loc"] or ("the whole file",)
    key = ".".join(str(part) for part in error["loc"]) or last
    match error["type"]:
        case "extra_forbidden":
            legal = _legal_keys(tuple(parents), model)
            close = difflib.get_close_matches(str(last), legal, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            return f"{key}: unknown key; {hint}Legal keys here are {', '.join(legal)}"
        case "model_type":
            legal = _legal_keys(error["loc"], model)
            return f"{key}: expected the keys {', '.join(legal)}, got {error['input']!r:.80}"
        case "missing":
            return f"{key}: missing; add it"
        case "value_error":
            return f"{key}: {error['ctx']['error']}"
        case "string_pattern_mismatch":
            return f"{key}: expected to match {error['ctx']['pattern']}, got {error['input']!r}"
        case _:
            said = re.sub("^(Input should be|List should have)", "expected", error["msg"]).partition(
                " after validation"
            )
            return f"{key}: {said[0]}, got {error['input']!r}"


def _legal_keys(path: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """List the keys that the section at this path of params.yaml may have."""
    annotation: object = model
    for part in path:
        section = _section_in(annotation)
        annotation = get_args(annotation)[1] if section is None else section.model_fields[str(part)].annotation
    section = _section_in(annotation)
    return list(section.model_fields) if section else []


def _section_in(annotation: object) -> type[BaseModel] | None:
    """Return the section that an annotation allows, also inside `Section | None`."""
    options = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    return next((option for option in options if isinstance(option, type) and issubclass(option, BaseModel)), None)
