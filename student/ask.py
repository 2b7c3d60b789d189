"""Stage ask: put the questions that no student has seen to a chat student, as they were put to the teacher."""

import asyncio
import sys
from pathlib import Path

import click

from potstill.core.errors import StoppedError
from potstill.core.options import path_option
from potstill.core.params_file import load_params
from student.asking.answering import answer_split
from student.asking.student_teacher import put_in_place
from student.core.params import load_student_params
from student.core.runs import Run, run_option

STOPPED_BY_SIGNAL = 130


@click.command()
@run_option
@path_option("raw", "Folder with the questions and their gold answers.")
@path_option("requests", "Folder with what the teacher was asked.")
@path_option("ledger", "Folder with what others bought and published.")
@path_option("served", "Folder with the student's model.gguf.")
@path_option("answers", "Folder for answers.jsonl and facts.json.")
def main(run: Run, raw: Path, requests: Path, ledger: Path, served: Path, answers: Path) -> None:
    """Ask a chat student the questions of `ask.split`, each once."""
    ask = load_student_params().ask
    params = put_in_place(load_params(), run, served, ask)
    try:
        answer_split(params, ask.split, raw, requests, ledger, answers)
    except (StoppedError, asyncio.CancelledError, KeyboardInterrupt):
        click.echo("stopped; every answer that came is kept, and `make student` asks only the rest", err=True)
        sys.exit(STOPPED_BY_SIGNAL)


if __name__ == "__main__":
    main()
