"""Say what training the students would run, and why."""

from pathlib import Path

import click

from potstill.sharing.history import STUDENT_LOCK, STUDENT_PIPELINE, list_workspace_outputs
from potstill.sharing.repository import open_project
from potstill.sharing.reruns import describe_reruns


@click.command()
def main() -> None:
    """Describe what `make student` would run; it changes nothing."""
    if not Path(STUDENT_LOCK).is_file():
        click.echo("no student was trained here yet; `make student` does it all, `make pull` brings what others pushed")
        return
    with open_project() as repo:
        list_workspace_outputs()  # first, since its sentence of an unreadable lock is better than DVC's
        _, lines = describe_reruns(repo, Path(STUDENT_PIPELINE))
    click.echo("\n".join(lines))
