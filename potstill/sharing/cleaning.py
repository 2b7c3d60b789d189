"""Freeing space in DVC's cache, without losing what nobody else has."""

from contextlib import suppress
from pathlib import Path

import psutil
from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.sharing.history import (
    COMMITS,
    EXPERIMENTS,
    FOLDER_SUFFIX,
    list_history_outputs,
    list_workspace_outputs,
    select_outputs,
)
from potstill.sharing.objects import Cache, TransferStats
from potstill.sharing.processes import run_git
from potstill.sharing.remotes import find_remote
from potstill.sharing.services import NONE_SET
from potstill.teacher.store.ledger import is_segment

STASHES = ("--reflog",)


def clean_cache(repo: Repo, ledger: Path, *, experiments: bool, unpushed: bool) -> list[str]:
    """Remove from the cache what neither the workspace nor an experiment needs and the remote has.

    The ledger of every commit stays. `experiments` lets go of theirs as well, `unpushed` of what neither the remote
    has nor any commit, experiment, stash or reflog names. Return lines of what was removed and what stays; raise
    InputError if that cannot be known.
    """
    if unpushed:
        _check_sole_user(repo)
    cache = Cache(repo)
    workspace, variants = list_workspace_outputs(), list_history_outputs(*EXPERIMENTS)
    named = list_history_outputs("HEAD", *STASHES, *COMMITS) | variants | workspace
    needed = {*workspace, *({} if experiments else variants), *select_outputs(named, ledger)}
    unneeded = set(cache.objects.all()) - cache.map_objects(needed).keys()
    unneeded = {md5 for md5 in unneeded if not is_segment(cache.path(md5))}
    stored = _find_stored(repo, cache, unneeded, unpushed=unpushed)
    unshared = unneeded - stored
    unnamed = unshared - cache.map_objects(named).keys()
    removed = _remove(cache, stored | (unnamed if unpushed else set()))
    kept = unshared - unnamed if unpushed else unshared
    lines = [f"{removed} removed from DVC's cache"]
    if kept:
        reason = _explain_kept(len(unnamed), unpushed=unpushed)
        lines.append(f"{TransferStats(len(kept), cache.size(kept))} stay, since {reason}")
    return lines


def _explain_kept(unnamed: int, *, unpushed: bool) -> str:
    """Return why objects stay that only this machine has, and how they are shared or removed."""
    if unpushed:
        return "commits name them and only this machine has them: `make push ALL=1`"
    more = f"; `make gc UNPUSHED=1` removes the {unnamed:,} of them that no commit names" if unnamed else ""
    return f"only this machine has them: `make push ALL=1` shares what commits name{more}"


def _check_sole_user(repo: Repo) -> None:
    """Raise InputError if others may need files of this cache that this clone's commits do not name."""
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
    """Return whether a process works in a folder or below it; one that cannot be asked counts as not."""
    with suppress(psutil.Error):
        return Path(process.cwd()).is_relative_to(folder)
    return False


def _find_stored(repo: Repo, cache: Cache, objects: set[str], *, unpushed: bool) -> set[str]:
    """Return which objects the remote has whole; raise InputError if none is set, unless `unpushed` is."""
    remote = find_remote(repo)
    if remote:
        return remote.find_whole({md5: cache.path(md5).stat().st_size for md5 in objects})
    if not unpushed:
        raise InputError(f"nothing is removed, since all of it is only here: {NONE_SET}")
    return set()


def _remove(cache: Cache, objects: set[str]) -> TransferStats:
    """Remove objects from the cache, listings first: one without its files would pass for whole."""
    stats = TransferStats(len(objects), cache.size(objects))
    for md5 in sorted(objects, key=lambda md5: not md5.endswith(FOLDER_SUFFIX)):
        cache.objects.delete(md5)
    return stats
