"""The commands as one group: what `--help` lists, and what the Makefile calls."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from potstill.commands import main, read_help
from tests.clones import Clone, set_remote

ROOT = Path(__file__).parents[2]
NAMES = main.list_commands(click.Context(main))
LIST_COMMANDS = """
import sys
from potstill.commands import main
main(["--help"], standalone_mode=False)
print("imported:", *{name.split(".")[0] for name in sys.modules} & {"dvc", "azure", "pydantic"})
"""


def test_help_lists_each_command_with_a_line_and_imports_none() -> None:
    done = subprocess.run([sys.executable, "-c", LIST_COMMANDS], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("imported:\n")
    listed = dict(re.findall(r"^  (\w+) +(\S.*)$", done.stdout.partition("Commands:")[2], re.MULTILINE))
    assert list(listed) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_commands_help_is_a_short_sentence(name: str) -> None:
    line = read_help(name)
    assert len(line) < 75
    assert re.fullmatch(r"[A-Z][a-z]+ .*\.", line)


def test_the_makefile_calls_every_command_with_options_that_it_has() -> None:
    calls = re.findall(r"python -m potstill ((?:[a-z_]+ ?)+)(.*)", (ROOT / "Makefile").read_text())
    assert {name for names, _ in calls for name in names.split()} == set(NAMES)
    for names, options in calls:
        *_, name = names.split()
        command = main.get_command(click.Context(main), name)
        assert command
        known = {flag for param in command.params for flag in param.opts}
        assert set(re.findall(r"--[\w-]+", options)) <= known


def test_a_name_that_is_no_command_is_refused() -> None:
    assert main.get_command(click.Context(main), "nope") is None


def summarize(clone: Clone) -> list[str]:
    command = [sys.executable, "-X", "importtime", "-m", "potstill", "summary", "--reports", "r", "--export", "e"]
    done = subprocess.run(command, cwd=clone.folder, env=clone.environment, capture_output=True, text=True, check=True)
    assert not re.search(r"\| +dvc", done.stderr)
    return done.stdout.splitlines()


def test_a_run_ends_with_where_its_results_are_and_what_to_commit_and_push(local: Clone) -> None:
    places = ["report page:  r/index.html (`make report` opens it)", "training set: e"]
    assert summarize(local) == places
    (local.folder / "dvc.lock").write_text("")
    (local.folder / "reports").mkdir()
    (local.folder / "reports/metrics.json").write_text("{}")
    advice = "not committed: `git add dvc.lock reports/metrics.json && git commit`"
    assert summarize(local) == [*places, advice]
    set_remote(local, "../../remote")
    assert summarize(local) == [*places, f"{advice}, then `make push`"]
