"""What differs between two versions of params, in short phrases."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

NOTHING, DOTS, ARROW = "nothing", "\N{HORIZONTAL ELLIPSIS}", "\N{RIGHTWARDS ARROW}"
LEAD, WIDTH = 12, 40


def list_differences(name: str, old: Any, new: Any) -> Iterator[str]:
    """Yield a phrase for each value that differs between two params, which may be mappings."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from list_differences(f"{name}.{key}", old.get(key), new.get(key))
    elif old != new:
        before, after = _excerpt_both(old, new)
        yield f"{name} {before} {ARROW} {after}"


def get_param(params: Any, name: str) -> Any:
    """Return the value of a param by its full name, with dots; None if there is none."""
    for part in name.split("."):
        params = params.get(part) if isinstance(params, dict) else None
    return params


def _excerpt_both(old: Any, new: Any) -> tuple[str, str]:
    """Return two values as texts of one line each; of long ones the part where they differ."""
    before, after = (NOTHING if value is None else " ".join(str(value).split()) for value in (old, new))
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = max(alike - LEAD, 0)
    return _excerpt(before, start), _excerpt(after, start)


def _excerpt(text: str, start: int) -> str:
    """Return a long text's part from `start`, with dots where something is left out; a short text whole."""
    if len(text) <= WIDTH:
        return text
    more = DOTS if start + WIDTH < len(text) else ""
    return f"{DOTS if start else ''}{text[start : start + WIDTH]}{more}"
