"""Templates of messages: texts with {placeholders}. No I/O."""

import string
from collections.abc import Sequence


def list_placeholders(template: str) -> list[str]:
    """Return the names in braces, as often as they stand there; {{ and }} are plain braces."""
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


def check_placeholders(template: str, legal: Sequence[str]) -> str:
    """Return the template; raise ValueError if it has other placeholders than the legal ones, or any with a format."""
    names = ", ".join(f"{{{name}}}" for name in legal)
    try:
        fields = [part for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        raise ValueError(f"{error}; write {{{{ and }}}} for braces that are meant as such") from None
    for _, name, spec, conversion in fields:
        if name not in legal or spec or conversion:
            written = f"{name}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}"
            raise ValueError(f"{{{written}}} is no placeholder; legal are {names}, and {{{{ }}}} for plain braces")
    return template
