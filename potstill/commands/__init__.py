"""The commands of `python -m potstill`: a module's `main` is the command of the module's name.

A command is imported when it is run, so that `--help` and the others do not wait for what it needs.
"""

import ast
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import click


class LazyGroup(click.Group):
    """The modules of this package as commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Return the commands' names."""
        return sorted(module.name for module in iter_modules(__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is none of this name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").main
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command's name and the first line of its docstring, read from its source."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, read_help(name)) for name in self.list_commands(ctx)])


def read_help(name: str) -> str:
    """Return the first line of the docstring of a command's `main`, without importing it."""
    tree = ast.parse((Path(__path__[0]) / f"{name}.py").read_text(encoding="utf-8"))
    (function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
    return (ast.get_docstring(function) or "").partition("\n")[0]


@click.group(cls=LazyGroup, chain=True, context_settings={"max_content_width": 100})
def main() -> None:
    """Run, share, trace and check what the pipeline makes; `make help` lists the goals that call these."""
