"""Check the set-up: a line for each part of it, which says what to do where something is wrong."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import click

from potstill.core.options import project_path_option
from potstill.sharing.remotes import find_remote
from potstill.sharing.repository import open_project
from potstill.sharing.services import NONE_SET
from potstill.teacher.checks import FAILURES, NOTE, OK, CheckResult, Checks

FAIL = "FAIL"
MARKS = {OK: "\N{CHECK MARK}", FAIL: "\N{BALLOT X}", NOTE: "-"}


def check_remote(_: Checks) -> CheckResult:
    """List the default remote, and name what opens it."""
    with open_project() as repo:
        remote = find_remote(repo)
        if remote is None:
            return NOTE, f"nothing bought is shared, since {NONE_SET}"
        return OK, f"{remote.name} ({remote.url}) can be listed, {remote.describe_credentials()}"


# What is checked, which other check must have succeeded before, and how.
CHECKS: tuple[tuple[str, str | None, Callable[[Checks], CheckResult]], ...] = (
    ("params.yaml", None, Checks.check_params),
    ("provider", "params.yaml", Checks.check_provider),
    ("credentials", "params.yaml", Checks.check_credentials),
    ("journal", None, Checks.check_journal),
    ("endpoint", "credentials", Checks.check_endpoint),
    ("call", "endpoint", Checks.check_call),
    ("logprobs", "call", Checks.check_logprobs),
    ("remote", None, check_remote),
    ("ledger", "journal", Checks.check_ledger),
)


@click.command()
@project_path_option("ledger", "Folder with what was bought and published.")
def main(ledger: Path) -> None:
    """Check what the pipeline needs, with one small call to the teacher.

    The call is paid where the teacher is.
    """
    causes: dict[str, str] = {}  # of each check that failed or was not tried, the one that failed
    with ExitStack() as running:
        checks = Checks(ledger, running)
        for subject, need, check in CHECKS:
            if need in causes:
                causes[subject] = causes[need]
                print_line(NOTE, subject, f"not tried, since {causes[need]} failed")
                continue
            try:
                sign, sentence = check(checks)
            except FAILURES as error:
                sign, sentence = FAIL, str(error)
                causes[subject] = subject
            print_line(sign, subject, sentence)
    sys.exit(1 if causes else 0)


def print_line(sign: str, subject: str, sentence: str) -> None:
    """Print one line, whatever a server put into the sentence and whatever stdout can encode."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        "".join(MARKS.values()).encode(encoding)
        shown = MARKS[sign]
    except UnicodeEncodeError:
        shown = f"{sign:4}"
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in sentence).split())
    line = f"{shown} {subject}: {text.removeprefix(f'{subject}: ')}"
    click.echo(line.encode(encoding, "replace").decode(encoding))
