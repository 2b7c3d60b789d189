"""Share what was bought: write it to the ledger, and give it to DVC."""

from pathlib import Path

import click
from dvc.exceptions import DvcException
from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.sharing.history import outputs_at, outputs_of_workspace
from potstill.sharing.objects import Cache, TransferStats, push
from potstill.sharing.remotes import Remote, find_remote
from potstill.sharing.repository import open_project
from potstill.sharing.services import NONE_SET
from potstill.sharing.storage_errors import first_line
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.ledger import list_segments, publish, read_segment
from potstill.teacher.store.pointer import pointer_of
from potstill.teacher.store.projects import project_id


@click.command()
@project_path_option("ledger", "Folder for the segments, which DVC tracks.")
def main(ledger: Path) -> None:
    """Write the answers that this project used and nobody published, and push them where DVC has a remote."""
    click.echo(f"{write_segment(ledger)}; {share(ledger)}")


def write_segment(ledger: Path) -> str:
    """Write the answers that this project used and nobody published, and say how many there were."""
    with Journal(journal_path()) as journal:
        segment = publish(journal, project_id(Path.cwd()), ledger)
    return f"{count_answers(segment):,} answers published as {segment}" if segment else "no new answers to publish"


def count_answers(segment: Path) -> int:
    """Count the answers in a segment."""
    return sum(1 for _ in read_segment(segment))


def share(ledger: Path) -> str:
    """Let DVC track the ledger and push it, also what an earlier run did not get to, and say what is left to do."""
    if not list_segments(ledger):
        return "the ledger is empty"
    commit = f"now `git add {pointer_of(ledger)} && git commit`"
    with open_project() as repo:
        track(repo, ledger)
        try:
            remote = find_remote(repo)
            if remote is None:
                return f"not pushed, since {NONE_SET}; {commit}"
            return f"{push_ledger(Cache(repo), remote, ledger)} pushed; {commit}"
        except InputError as error:
            raise InputError(f"{error}; the segment is kept, run `make publish` again when that is mended") from None


def track(repo: Repo, ledger: Path) -> None:
    """Let DVC track what is in the ledger's folder."""
    try:
        repo.add(str(ledger))
    except DvcException as error:
        raise InputError(f"{ledger}: DVC could not take it ({first_line(error)}); what was published is kept") from None


def push_ledger(cache: Cache, remote: Remote, ledger: Path) -> TransferStats:
    """Copy to the remote what it has not of the ledger."""
    return push(cache, remote, cache.parts_of(outputs_at(outputs_of_workspace(), ledger)))
