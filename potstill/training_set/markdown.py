"""Texts of others in Markdown: whatever they hold, they end no cell, no block and no front matter."""

import json
import re
from collections.abc import Mapping
from typing import Any

from potstill.core.documents import Filters
from potstill.core.wording import format_list

MARKUP = re.compile(r"([\\`*\[\]|~])")
FENCE = 3


def format_text(text: object) -> str:
    """Return a text in one line in which nothing is markup."""
    return MARKUP.sub(r"\\\1", " ".join(str(text).split())).replace("<", "&lt;")


def format_code(text: object) -> str:
    """Return a text as code in one line, for sentences; within a table's cell, a bar would end it."""
    line = " ".join(str(text).split())
    ticks = "`" * (_longest_run(line) + 1)
    padding = " " if line[:1] == "`" or line[-1:] == "`" else ""
    return f"{ticks}{padding}{line}{padding}{ticks}" if line else "(empty)"


def format_fence(text: str, language: str = "text") -> str:
    """Return a text as a fenced block, whose fence is longer than any run of backticks in it."""
    fence = "`" * max(FENCE, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def format_settings(settings: Mapping[str, Any]) -> str:
    """Return settings as code, each with its name; None is null."""
    values = {name: json.dumps(value, ensure_ascii=False) for name, value in settings.items()}
    return ", ".join(format_code(f"{name}: {value}") for name, value in values.items())


FILTERS: Filters = {
    "text": format_text,
    "code": format_code,
    "fence": format_fence,
    "settings": format_settings,
    "list": format_list,
}


def _longest_run(text: str) -> int:
    """Return the length of a text's longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
