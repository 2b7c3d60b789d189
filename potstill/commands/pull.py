"""Fetch what others made: the outputs of this commit, the ledger, and its answers into the journal."""

import os
import shutil
from collections.abc import Collection, Set
from pathlib import Path

import click
from dvc.exceptions import DvcException
from dvc.repo import Repo

from potstill.commands.push import chosen_outputs, experiments_remote
from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.core.records import replacing
from potstill.sharing.formatting import format_names
from potstill.sharing.history import (
    COMMITS,
    FOLDER_SUFFIX,
    WORKSPACE,
    Output,
    outputs_at,
    outputs_of_history,
    outputs_of_workspace,
)
from potstill.sharing.objects import Cache, fetch, md5_of
from potstill.sharing.remotes import Remote
from potstill.sharing.repository import open_project
from potstill.sharing.storage_errors import first_line
from potstill.sharing.unshared import describe_lost, describe_unshared
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.ledger import import_segments, list_segments
from potstill.teacher.store.pointer import pointer_of, read_pointer


@click.command()
@project_path_option("ledger", "Folder for the segments, which DVC tracks.")
@click.option("--all-commits", is_flag=True, help="Fetch the outputs of every branch's and tag's commits as well.")
@click.option("--experiments", is_flag=True, help="Fetch experiments as well, their outputs and their commits.")
@click.option("--force", is_flag=True, help="Overwrite files of outputs that nothing else has a copy of.")
def main(ledger: Path, *, all_commits: bool, experiments: bool, force: bool) -> None:
    """Fetch outputs and the ledger, and import its answers; say how much moved and what is still only here."""
    with open_project() as repo:
        read_pointer(pointer_of(ledger))
        remote = Remote(repo)
        remote.check_readable()
        cache = Cache(repo)
        if experiments:
            click.echo(pull_experiments(repo))
        today = outputs_of_workspace()
        outputs = today | chosen_outputs(all_commits=all_commits, experiments=experiments)
        ledgers, declared = outputs_at(today, ledger), list_declared(repo)
        drop_damaged(cache, ledgers)
        moved = fetch(cache, remote, outputs)
        click.echo(f"{moved} fetched from {remote.url}")
        if moved.damaged:
            click.echo(describe_damaged(cache, remote, outputs, moved.damaged), err=True)
        place_segments(cache, ledger, ledgers)
        click.echo(import_answers(ledger))
        clear_segments(cache, ledger, ledgers)
        check_out(repo, [path for path in declared if Path(path) != ledger], force=force)
        lost = cache.find_incomplete(outputs)
        missing = {output for output in lost & today.keys() if output.path in declared}
        for line in describe_lost(outputs, lost - missing):
            click.echo(line, err=True)
        if missing:
            raise InputError(describe_missing(missing, ledger))
        left = describe_unshared(repo, remote, ledger)
    for line in left or ["nothing is only here"]:
        click.echo(line)


def drop_damaged(cache: Cache, outputs: Collection[Output]) -> None:
    """Remove from the cache what of these outputs is not what it is named by, so that it is fetched again."""
    for md5 in cache.parts_of(outputs):
        if cache.holds(md5) and md5_of(cache.path(md5)) != md5.removesuffix(FOLDER_SUFFIX):
            cache.objects.delete(md5)


def place_segments(cache: Cache, ledger: Path, named: Collection[Output]) -> None:
    """Put the segments that the cache has into the ledger's folder, also where some are missing."""
    listed = {name: md5 for output in named for name, md5 in cache.list_folder(output.md5).items()}
    for name, md5 in listed.items():
        segment = ledger / name
        if cache.holds(md5) and not (segment.is_file() and md5_of(segment) == md5):
            copy_whole(cache.path(md5), segment)


def clear_segments(cache: Cache, ledger: Path, named: Collection[Output]) -> None:
    """Remove from the ledger's folder the segments that the cache has and only other commits name.

    One that no commit names stays, as `make publish` leaves it when it is killed: the next one tracks it.
    """
    listed = {name for output in named for name in cache.list_folder(output.md5)}
    others = [segment for segment in list_segments(ledger) if segment.name not in listed]
    if not others or not all(cache.holds(output.md5) for output in named):
        return
    elsewhere = cache.parts_of(outputs_at(outputs_of_history("HEAD", *COMMITS), ledger)).keys()
    for segment in others:
        md5 = md5_of(segment)
        if md5 in elsewhere and cache.holds(md5):
            segment.unlink()


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file, and give it its name when it is whole and on the disk."""
    with replacing(target) as unfinished, source.open("rb") as read, unfinished.open("wb") as written:
        shutil.copyfileobj(read, written)
        written.flush()
        os.fsync(written.fileno())


def list_declared(repo: Repo) -> list[str]:
    """Return the paths of the outputs that dvc.yaml and the .dvc files declare; dvc.lock may hold older ones."""
    outs = (out for out in repo.index.outs if out.use_cache and out.is_in_repo)
    return [str(Path(out.fs_path).relative_to(repo.root_dir)) for out in outs]


def check_out(repo: Repo, paths: list[str], *, force: bool) -> None:
    """Put outputs into the workspace; an InputError names files of which nothing else has a copy."""
    try:
        if paths:
            repo.checkout(paths, force=force, allow_missing=True)
    except DvcException as error:
        complaint, *files = str(error).splitlines()
        if "unsaved" not in complaint:
            raise InputError(f"dvc checkout: {first_line(error)}") from None
        raise InputError(
            f"{format_names([str(Path(file).relative_to(repo.root_dir)) for file in files])}: changed by hand since "
            "they were made, and nowhere saved; `dvc commit --force` keeps them as they are, or `make pull FORCE=1` "
            "overwrites them"
        ) from None


def describe_damaged(cache: Cache, remote: Remote, outputs: Collection[Output], damaged: Collection[str]) -> str:
    """Name the objects of the remote whose content is not what they are named by, and what they belong to."""
    parts = cache.parts_of(outputs)
    names = [f"{remote.objects.oid_to_path(md5)} (of {parts[md5].path})" for md5 in damaged]
    return f"damaged in the remote: {format_names(names)}; delete it there, and run `make push ALL=1` where it is whole"


def import_answers(ledger: Path) -> str:
    """Take the ledger's answers into the journal, and say how many were new to it."""
    with Journal(journal_path()) as journal:
        added = import_segments(journal, ledger)
    return f"answers new to the journal: {added:,} (segments in {ledger}: {len(list_segments(ledger)):,})"


def describe_missing(missing: Set[Output], ledger: Path) -> str:
    """Say what of this commit is not in the remote, who made it, and how it comes back."""
    makers = outputs_of_history("HEAD")
    made = format_names([f"{output.path}, made by {makers.get(output, WORKSPACE)}" for output in sorted(missing)])
    if outputs_at(missing, ledger):
        return (
            f"not in the remote: {made}; of the ledger all that is there was imported: whoever has the rest must run "
            "`make push ALL=1`, or its answers will be bought again"
        )
    return f"not in the remote: {made}; `make repro` makes it again from the ledger, and asks only what is not there"


def pull_experiments(repo: Repo) -> str:
    """Fetch the commits of all experiments from git's remote, and say how many came."""
    upstream = experiments_remote()
    try:
        names = list(repo.experiments.pull(upstream, all_commits=True))
    except Exception as error:  # noqa: BLE001 (git's libraries have errors of their own)
        raise InputError(f"experiments: git's remote {upstream} did not give them: {first_line(error)}") from None
    return f"experiments fetched from git's remote {upstream}: {len(names)}: `dvc exp show --all-commits` lists them"
