"""Share what was bought: write it to the ledger, and give it to DVC."""

import subprocess
import sys
from pathlib import Path

import click

from stages.errors import InputError, plain_errors
from stages.options import path_option
from stages.teacher.journal import Journal, journal_path
from stages.teacher.ledger import list_segments, publish, read_segment
from stages.teacher.pointer import pointer_of
from stages.teacher.projects import project_id

KEPT = "the segment is kept, run `make publish` again when that is mended"


@click.command()
@path_option("ledger", "Folder for the segments, which DVC tracks.")
def main(ledger: Path) -> None:
    """Write the answers that this project used and nobody published, and push them where DVC has a remote."""
    with plain_errors():
        with Journal(journal_path()) as journal:
            segment = publish(journal, project_id(Path.cwd()), ledger)
        wrote = f"{count_answers(segment)} answers published as {segment}" if segment else "no new answers to publish"
        click.echo(f"{wrote}; {share(ledger)}")


def count_answers(segment: Path) -> int:
    """Count the answers in a segment."""
    return sum(1 for _ in read_segment(segment))


def share(ledger: Path) -> str:
    """Let DVC track the ledger and push it, also what an earlier run did not get to, and say what is left to do."""
    if not list_segments(ledger):
        return "the ledger is empty"
    pointer = str(pointer_of(ledger))
    run_dvc("add", "--quiet", str(ledger))
    commit = f"now `git add {pointer} && git commit`"
    if not run_dvc("config", "core.remote").strip():
        return f"not pushed, since DVC has no default remote: `dvc remote add --default NAME URL`, then again; {commit}"
    run_dvc("push", "--quiet", pointer)
    return f"pushed; {commit}"


def run_dvc(*arguments: str, advice: str = KEPT, timeout_s: float | None = None) -> str:
    """Run DVC and return what it printed; an InputError says in one sentence what went wrong, and what to do."""
    command = [sys.executable, "-m", "dvc", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 (of this project's words)
            command, capture_output=True, text=True, check=False, timeout=timeout_s
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"dvc {' '.join(arguments)}: no answer within {timeout_s:g} s; {advice}") from None
    if done.returncode != 0:
        lines = done.stderr.split("ERROR: ", maxsplit=1)[-1].strip().splitlines() or [f"exit code {done.returncode}"]
        raise InputError(f"dvc {' '.join(arguments)}: {lines[0]}; {advice}")
    return done.stdout


if __name__ == "__main__":
    main()
