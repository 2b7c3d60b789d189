"""Check what DVC would stop at late: it removes the outputs of a stage before it runs it."""

from collections.abc import Iterator
from pathlib import Path

import click

from potstill.core.params import Params
from potstill.core.params_file import load_params
from potstill.sharing.history import STUDENT_PARAMS
from potstill.sharing.processes import check_git_repository
from potstill.training_set.settings import check_settings


@click.command()
def main() -> None:
    """Check params and git; prints nothing if all is well.

    A mistake in student/params.yaml stops DVC in both pipelines, without a word of where it is.
    """
    params = load_params()
    check_settings(params)
    if Path(STUDENT_PARAMS).is_file():
        from student.core.params import load_student_params  # noqa: PLC0415 (a project may have no students)

        load_student_params()
    check_git_repository()
    for warning in find_doubts(params):
        click.echo(f"warning: params.yaml: {warning}", err=True)


def find_doubts(params: Params) -> Iterator[str]:
    """Yield a sentence on what can be run, but is hardly meant: replicates that are paid for and come out the same."""
    replicates, teacher = params.prepare.replicates, params.teachers[params.teacher]
    reason = "temperature" if teacher.temperature == 0 else "seed" if teacher.seed is not None else None
    if replicates > 1 and reason:
        yield (
            f"prepare.replicates: {replicates} askings of a request will agree, and each is paid for, since "
            f"teachers.{params.teacher}.{reason} is {getattr(teacher, reason)}; change it, or ask once"
        )
