"""Fetch what others made: the outputs of this commit, the ledger, and its answers into the journal."""

from collections.abc import Set
from pathlib import Path

import click
from dvc.exceptions import DvcException
from dvc.repo import Repo

from stages.errors import InputError, plain_errors
from stages.options import path_option
from stages.push import chosen_outputs, git_remote
from stages.sharing.complaints import first_line
from stages.sharing.history import WORKSPACE, Output, outputs_of_history, outputs_of_workspace
from stages.sharing.left import list_lost, tell_left, tell_lost
from stages.sharing.objects import Cache, fetch
from stages.sharing.remotes import Remote
from stages.sharing.repository import opened
from stages.sharing.words import tell_names
from stages.teacher.journal import Journal, journal_path
from stages.teacher.ledger import import_segments, list_segments, read_segment, record_uses
from stages.teacher.pointer import pointer_of, read_pointer
from stages.teacher.projects import project_id


@click.command()
@path_option("ledger", "Folder for the segments, which DVC tracks.")
@click.option("--all-commits", is_flag=True, help="Fetch the outputs of every branch's and tag's commits as well.")
@click.option("--experiments", is_flag=True, help="Fetch experiments as well, their outputs and their commits.")
@click.option("--force", is_flag=True, help="Overwrite files of outputs that nothing else has a copy of.")
def main(ledger: Path, *, all_commits: bool, experiments: bool, force: bool) -> None:
    """Fetch outputs and the ledger, and import its answers; say how much moved and what is still only here."""
    with plain_errors():
        with opened() as repo:
            read_pointer(pointer_of(ledger))
            remote = Remote(repo)
            remote.check_readable()
            cache = Cache(repo)
            if experiments:
                click.echo(pull_experiments(repo))
            outputs = chosen_outputs(all_commits=all_commits, experiments=experiments)
            click.echo(f"{fetch(cache, remote, outputs)} fetched from {remote.url}")
            keep_segments(ledger)
            check_out(repo, force=force)
            click.echo(import_answers(ledger))
            lost, today = list_lost(cache, remote, outputs), outputs_of_workspace()
            for line in tell_lost(outputs, lost - today.keys()):
                click.echo(line, err=True)
            if lost & today.keys():
                raise InputError(tell_missing(lost & today.keys(), ledger))
            left = tell_left(repo, remote, ledger)
        for line in left or ["nothing is only here"]:
            click.echo(line)


def keep_segments(ledger: Path) -> None:
    """Take into the journal what the ledger's folder has before DVC writes in it, so that nothing there is lost.

    A segment that DVC does not know, as `make publish` leaves one when it is killed, is removed from the folder: its
    answers are noted as this project's, and published again.
    """
    with Journal(journal_path()) as journal:
        import_segments(journal, ledger)
        for segment in list_segments(ledger):
            answers = ((answer.key, answer.max_tokens) for answer in read_segment(segment))
            record_uses(journal, project_id(Path.cwd()), answers)


def check_out(repo: Repo, *, force: bool) -> None:
    """Put the outputs into the workspace; an InputError names files of which nothing else has a copy."""
    try:
        repo.checkout(force=force, allow_missing=True)
    except DvcException as error:
        complaint, *files = str(error).splitlines()
        if "unsaved" not in complaint:
            raise InputError(f"dvc checkout: {first_line(error)}") from None
        raise InputError(
            f"{tell_names([str(Path(file).relative_to(repo.root_dir)) for file in files])}: changed by hand since they "
            "were made, and nowhere saved; `dvc commit` keeps them as they are, or `make pull FORCE=1` overwrites them"
        ) from None


def import_answers(ledger: Path) -> str:
    """Take the ledger's answers into the journal, and say how many were new to it."""
    with Journal(journal_path()) as journal:
        added = import_segments(journal, ledger)
    return f"{added:,} answers of {ledger} imported into the journal, in {len(list_segments(ledger)):,} segments"


def tell_missing(missing: Set[Output], ledger: Path) -> str:
    """Say what of this commit is not in the remote, who made it, and how it comes back."""
    makers = outputs_of_history("HEAD")
    made = tell_names([f"{output.path}, made by {makers.get(output, WORKSPACE)}" for output in sorted(missing)])
    if any(Path(output.path) == ledger for output in missing):
        return (
            f"not in the remote: {made}; of the ledger all that is there was imported: whoever has the rest must run "
            "`make push ALL=1`, or its answers will be bought again"
        )
    return f"not in the remote: {made}; `make repro` makes it again from the ledger, and asks only what is not there"


def pull_experiments(repo: Repo) -> str:
    """Fetch the commits of all experiments from git's remote, and say how many came."""
    upstream = git_remote()
    try:
        names = list(repo.experiments.pull(upstream, all_commits=True))
    except DvcException as error:
        raise InputError(f"experiments: git's remote {upstream} did not give them: {first_line(error)}") from None
    return f"{len(names)} experiments fetched from git's remote {upstream}: `dvc exp show` lists them"


if __name__ == "__main__":
    main()
