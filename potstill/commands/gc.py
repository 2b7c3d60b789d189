"""Free space in DVC's cache, without losing what nobody else has."""

from contextlib import suppress
from pathlib import Path

import click
import psutil
from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.sharing.history import (
    COMMITS,
    EXPERIMENTS,
    FOLDER_SUFFIX,
    outputs_at,
    outputs_of_history,
    outputs_of_workspace,
)
from potstill.sharing.objects import Cache, TransferStats
from potstill.sharing.processes import run_git
from potstill.sharing.remotes import find_remote
from potstill.sharing.repository import open_project
from potstill.sharing.services import NONE_SET
from potstill.teacher.store.ledger import is_segment

STASHES = ("--reflog",)


@click.command()
@project_path_option("ledger", "Folder of the ledger, whose segments of all commits stay.")
@click.option("--experiments", is_flag=True, help="Remove files of experiments as well, where the remote has them.")
@click.option("--unpushed", is_flag=True, help="Remove files that the remote has not and no commit names, too.")
def main(ledger: Path, *, experiments: bool, unpushed: bool) -> None:
    """Remove from the cache what the workspace does not need and `make pull` brings back.

    The workspace's outputs stay, as do the ledger of every commit, what only this machine has, and experiments. With
    `--unpushed`, what neither the remote has nor any commit, experiment or stash names goes as well.
    """
    with open_project() as repo:
        cache = Cache(repo)
        if unpushed:
            check_alone(repo)
        today, variants = outputs_of_workspace(), outputs_of_history(*EXPERIMENTS)
        named = outputs_of_history("HEAD", *STASHES, *COMMITS) | variants | today
        kept = {*today, *({} if experiments else variants), *outputs_at(named, ledger)}
        unneeded = set(cache.objects.all()) - cache.parts_of(kept).keys()
        unneeded = {md5 for md5 in unneeded if not is_segment(cache.path(md5))}
        there = find_in_remote(repo, cache, unneeded, unpushed=unpushed)
        only_here = unneeded - there
        nameless = only_here - cache.parts_of(named).keys()
        removed = remove(cache, there | (nameless if unpushed else set()))
        stays = only_here - nameless if unpushed else only_here
        click.echo(f"{removed} removed from DVC's cache")
        if stays:
            click.echo(describe_kept(TransferStats(len(stays), cache.size(stays)), len(nameless), unpushed=unpushed))


def check_alone(repo: Repo) -> None:
    """Refuse to tell by this clone's commits what nobody needs, where others may need what they do not name."""
    if run_git("rev-parse", "--is-shallow-repository").strip() == "true":
        raise InputError("UNPUSHED: this clone is shallow and does not know all commits; run `git fetch --unshallow`")
    if not Path(repo.cache.local_cache_dir).is_relative_to(repo.root_dir):
        raise InputError(f"UNPUSHED: the cache in {repo.cache.local_cache_dir} may serve other projects; leave it out")
    if run_git("worktree", "list", "--porcelain").count("worktree ") > 1:
        raise InputError(
            "UNPUSHED: this repository has other worktrees (`git worktree list`), whose files no commit names"
        )
    if any(_works_below(process, Path(repo.tmp_dir, "exps")) for process in psutil.process_iter()):
        raise InputError("UNPUSHED: an experiment is running, whose files no commit names yet; wait for it")


def _works_below(process: psutil.Process, folder: Path) -> bool:
    with suppress(psutil.Error):
        return Path(process.cwd()).is_relative_to(folder)
    return False


def find_in_remote(repo: Repo, cache: Cache, objects: set[str], *, unpushed: bool) -> set[str]:
    """Return which objects the remote has whole; without a remote there are none, and it must be said to go on."""
    remote = find_remote(repo)
    if remote:
        return remote.find_whole({md5: cache.path(md5).stat().st_size for md5 in objects})
    if not unpushed:
        raise InputError(f"nothing is removed, since all of it is only here: {NONE_SET}")
    return set()


def remove(cache: Cache, objects: set[str]) -> TransferStats:
    """Remove objects from the cache, listings first: one without its files would pass for whole."""
    removed = TransferStats(len(objects), cache.size(objects))
    for md5 in sorted(objects, key=lambda md5: not md5.endswith(FOLDER_SUFFIX)):
        cache.objects.delete(md5)
    return removed


def describe_kept(stays: TransferStats, nameless: int, *, unpushed: bool) -> str:
    """Say what stays because only this machine has it."""
    if unpushed:
        return f"{stays} stay, since commits name them and only this machine has them: `make push ALL=1`"
    rest = f"; `make gc UNPUSHED=1` removes the {nameless:,} of them that no commit names" if nameless else ""
    return f"{stays} stay, since only this machine has them: `make push ALL=1` shares what commits name{rest}"
