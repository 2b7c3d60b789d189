"""The README's tables, rendered from what they are about: dvc.yaml, the Makefile, the params model and the commands.

cog writes them: `make docs`; `make lint` fails where one is out of date.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin

import click
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from potstill.commands import main as commands
from potstill.core.params import Params
from potstill.core.sections import Section

ROOT = Path(__file__).parents[1]


def render_table(*rows: tuple[str, ...]) -> str:
    """Return a Markdown table; the first row is its head."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *body))


def render_stages() -> str:
    """Return what each stage reads, writes and depends on, by dvc.yaml."""
    rows = []
    for name, stage in YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"].items():
        read = [path for path in stage["deps"] if path.split("/")[0] in ("data", "reports")]
        outputs = [path for out in (*stage["outs"], *stage.get("metrics", ())) for path in list_paths(out)]
        params = [re.sub(r"\$\{(\w+)\}", r"<\1>", param) for param in stage["params"]]
        rows.append((name, stage["desc"], render_codes(read), render_codes(outputs), render_codes(params)))
    return render_table(("stage", "what it does", "reads", "writes", "reruns when you edit"), *rows)


def list_paths(output: str | dict[str, object]) -> list[str]:
    """Return the paths of an output of a stage, which stand before their settings where it has any."""
    return [output] if isinstance(output, str) else list(output)


def render_goals() -> str:
    """Return the Makefile's goals and what each does."""
    goals = re.findall(r"^([a-z-]+):.*## (.*)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return render_table(("goal", "what it does"), *((f"`make {goal}`", meaning) for goal, meaning in goals))


def render_commands() -> str:
    """Return the commands of `python -m potstill` with their options, by click's help."""
    context = click.Context(commands)
    rows = []
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        options = [option.opts[0] for option in command.params] if command else []
        rows.append((f"`{name}`", command.get_short_help_str(200) if command else "", render_codes(options)))
    return render_table(("command", "what it does", "options"), *rows)


def render_params() -> str:
    """Return each param with its meaning and what it is where it is left out."""
    return render_table(("param", "meaning", "left out"), *_list_params("", Params))


def _list_params(prefix: str, section: type[Section]) -> Iterator[tuple[str, str, str]]:
    """Yield a row for each field below a section; NAME stands for an entry of a catalogue."""
    for name, field in section.model_fields.items():
        inner, path = _find_section(field), f"{prefix}{name}"
        if field.description:
            yield f"`{path}`", field.description, _render_default(field)
        if inner:
            is_catalogue = get_origin(field.annotation) is dict
            yield from _list_params(f"{path}.NAME." if is_catalogue else f"{path}.", inner)


def _find_section(field: FieldInfo) -> type[Section] | None:
    """Return the section that a field holds, also in a catalogue or where it may be None."""
    annotation = field.annotation
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType, dict) else (annotation,)
    return next((option for option in options if isinstance(option, type) and issubclass(option, Section)), None)


def _render_default(field: FieldInfo) -> str:
    """Return a field's default as params.yaml would have it."""
    if field.is_required():
        return "an error"
    return "" if isinstance(field.default, Section) else f"`{json.dumps(field.default)}`"


def render_codes(words: list[str]) -> str:
    """Return words as code, with commas between."""
    return ", ".join(f"`{word}`" for word in words)
