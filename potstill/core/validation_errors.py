"""What pydantic found wrong in a file of sections as one sentence: which key, what it may be, and what it was."""

import difflib
import types
from collections.abc import Iterable
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic.fields import FieldInfo

# What a value must be, by pydantic's name of the error; for any other name its type says it.
EXPECTATIONS = {
    "finite_number": "a finite number",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "less than {lt:,}",
    "less_than_equal": "{le:g} or less",
    "literal_error": "{expected}",
    "string_pattern_mismatch": "text that matches {pattern}",
    "too_short": "at least {min_length} entry",
}
TYPES: dict[object, str] = {
    str: "text",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "a list of names",
    dict: "a mapping",
    JsonValue: "a value that JSON has (a date needs quotes)",
}


def format_validation_error(error: ValidationError, model: type[BaseModel]) -> str:
    """Return one sentence on what is wrong; an unknown key goes first, since it may be a missing one, misspelt."""
    detail = min(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    path, annotation = _follow(detail["loc"], model)
    key = ".".join(path) or "the whole file"
    match detail["type"]:
        case "extra_forbidden":
            unknown, legal = str(detail["loc"][-1]), _list_keys(annotation)
            unknown_key = ".".join([*path, unknown])
            return f"{unknown_key}: unknown key{suggest(unknown, legal) or '.'} Legal keys here are {', '.join(legal)}"
        case "missing":
            return f"{key}: missing; add it"
        case "value_error":
            return f"{key}: {detail['ctx']['error']}"
    template = EXPECTATIONS.get(detail["type"])
    words = [] if detail["type"] == "literal_error" else _list_words(annotation)
    expected = " or ".join([template.format(**detail.get("ctx", {})), *words]) if template else _describe(annotation)
    null = ", or null" if type(None) in get_args(annotation) else ""
    return f"{key}: expected {expected}{null}, got {detail['input']!r:.80}"


def suggest(word: str, legal: Iterable[str]) -> str:
    """Return "; did you mean X?" with the legal word that is most like this one; empty if none is."""
    close = difflib.get_close_matches(word, legal, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _follow(location: tuple[int | str, ...], model: type[BaseModel]) -> tuple[list[str], object]:
    """Return as much of an error's location as is a path of keys, and the annotation of what stands there."""
    path: list[str] = []
    annotation: object = model
    for part, following in zip(location, (*location[1:], None), strict=False):
        options = _list_options(annotation)
        if issubclass(get_origin(options[0]) or object, (dict, list)):
            annotation = get_args(options[0])[0 if following == "[key]" else -1]
        elif part in (fields := _fields(options[0])):
            annotation = fields[str(part)].annotation
        else:
            break
        path.append(str(part))
    return path, annotation


def _list_options(annotation: object) -> list[object]:
    """Return the members of a union but None, or the one that is no union, without their constraints."""
    members = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    plain = [get_args(member)[0] if get_origin(member) is Annotated else member for member in members]
    return [member for member in plain if member is not type(None)]


def _fields(annotation: object) -> dict[str, FieldInfo]:
    """Return the fields of a section; none where the annotation is no section."""
    return annotation.model_fields if isinstance(annotation, type) and issubclass(annotation, BaseModel) else {}


def _list_keys(annotation: object) -> list[str]:
    """Return the keys that the section which an annotation allows may have."""
    return [name for option in _list_options(annotation) for name in _fields(option)]


def _describe(annotation: object) -> str:
    """Return what an annotation allows but None, in words."""
    keys = _list_keys(annotation)
    if keys:
        return f"the keys {', '.join(keys)}"
    kinds = [get_origin(option) or option for option in _list_options(annotation)]
    return " or ".join([*(TYPES[kind] for kind in kinds if kind is not Literal), *_list_words(annotation)])


def _list_words(annotation: object) -> list[str]:
    """Return the words that an annotation allows, quoted."""
    literals = [option for option in _list_options(annotation) if get_origin(option) is Literal]
    return [repr(word) for literal in literals for word in get_args(literal)]
