"""The outputs that are pushed, pulled and checked out, and words for those that are missing or damaged."""

from collections.abc import Collection, Mapping, Set
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.lock import LockError
from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.sharing.formatting import format_names
from potstill.sharing.history import (
    COMMITS,
    EXPERIMENTS,
    WORKSPACE,
    Commit,
    Output,
    list_history_outputs,
    list_workspace_outputs,
    select_outputs,
)
from potstill.sharing.objects import Cache
from potstill.sharing.remotes import Remote
from potstill.sharing.storage_errors import first_line


def list_chosen_outputs(*, all_commits: bool, experiments: bool) -> dict[Output, Commit]:
    """Return the outputs of the workspace, and of commits and experiments where asked for, each with its commit."""
    history = list_history_outputs("HEAD", *COMMITS) if all_commits else {}
    variants = list_history_outputs(*EXPERIMENTS) if experiments else {}
    return list_workspace_outputs() | variants | history


def list_declared(repo: Repo) -> list[str]:
    """Return the paths of the outputs that pipelines and .dvc files declare, and that were made once.

    A lock may hold older ones; of a student that was never trained there is nothing to be had.
    """
    outs = (out for out in repo.index.outs if out.use_cache and out.is_in_repo and out.hash_info)
    return [str(Path(out.fs_path).relative_to(repo.root_dir)) for out in outs]


def check_out(repo: Repo, paths: list[str], *, force: bool) -> None:
    """Put outputs into the workspace; raise InputError if files would be overwritten of which nothing has a copy."""
    try:
        if paths:
            repo.checkout(paths, force=force, allow_missing=True)
    except LockError:
        raise
    except DvcException as error:
        message, *files = str(error).splitlines()
        if "unsaved" not in message:
            raise InputError(f"dvc checkout: {first_line(error)}") from None
        names = format_names([str(Path(file).relative_to(repo.root_dir)) for file in files])
        raise InputError(
            f"{names}: changed by hand since they were made, and nowhere saved; `dvc commit --force` keeps them as "
            "they are, or `make pull FORCE=1` overwrites them"
        ) from None


def find_lost(cache: Cache, remote: Remote, outputs: Collection[Output]) -> set[Output]:
    """Return the outputs of which neither the cache nor the remote has everything."""
    not_cached = {md5 for md5 in cache.map_objects(outputs) if not cache.holds(md5)}
    return cache.find_outputs(outputs, not_cached - remote.find(not_cached))


def describe_lost(outputs: Mapping[Output, Commit], lost: Set[Output]) -> list[str]:
    """Return a line that names lost outputs with the commits that made them; none if there are none."""
    names = [f"{output.path} of {outputs[output]}" for output in sorted(lost)]
    return (
        [f"neither here nor in the remote: {format_names(names)}; `make repro` there makes them again"] if names else []
    )


def describe_damaged(cache: Cache, remote: Remote, outputs: Collection[Output], damaged: Collection[str]) -> list[str]:
    """Return a line that names the remote's objects with another content than their names say; none if none have."""
    objects = cache.map_objects(outputs)
    names = [f"{remote.objects.oid_to_path(md5)} (of {objects[md5].path})" for md5 in damaged]
    advice = "delete it there, and run `make push ALL=1` where it is whole"
    return [f"damaged in the remote: {format_names(names)}; {advice}"] if names else []


def build_missing_error(missing: Set[Output], ledger: Path) -> InputError:
    """Return a sentence of what of this commit is not in the remote, who made it, and how it is had again."""
    makers = list_history_outputs("HEAD")
    names = format_names([f"{output.path}, made by {makers.get(output, WORKSPACE)}" for output in sorted(missing)])
    if select_outputs(missing, ledger):
        return InputError(
            f"not in the remote: {names}; of the ledger all that is there was imported: whoever has the rest must run "
            "`make push ALL=1`, or its answers will be bought again"
        )
    goal = "make student" if any("student" in Path(output.path).parts for output in missing) else "make repro"
    return InputError(
        f"not in the remote: {names}; `{goal}` makes it again from the ledger, and asks only what is not there"
    )
