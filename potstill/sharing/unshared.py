"""What is only on this machine: answers, outputs and commits that nobody else could have."""

from collections.abc import Callable
from pathlib import Path

from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.sharing.commits import describe_uncommitted, describe_unpushed
from potstill.sharing.history import COMMITS, EXPERIMENTS, list_history_outputs, list_workspace_outputs
from potstill.sharing.objects import Cache, TransferStats
from potstill.sharing.processes import find_git_remote, try_git
from potstill.sharing.remotes import Remote, find_remote
from potstill.sharing.services import NONE_SET
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.ledger import count_unpublished
from potstill.teacher.store.projects import project_id

ALL_SHARED = "nothing is only here"


def describe_unshared(repo: Repo, remote: Remote | None, ledger: Path) -> list[str]:
    """Return a line for each kind of thing that is only here, with the command that shares it.

    Where something cannot be looked at, the reason takes its line's place.
    """
    parts: list[Callable[[], list[str]]] = [
        lambda: describe_unpublished(ledger),
        lambda: describe_outputs(Cache(repo), remote) if remote else [],
        describe_experiments,
        describe_uncommitted,
        describe_unpushed,
    ]
    return [line for part in parts for line in _get_lines(part)]


def describe_sharing(repo: Repo, ledger: Path) -> list[str]:
    """Return the lines of `describe_unshared`, and one more if no remote is set or it cannot be read."""
    try:
        remote = find_remote(repo)
        trouble = [] if remote else [NONE_SET]
    except InputError as error:
        remote, trouble = None, [str(error)]
    return describe_unshared(repo, remote, ledger) + trouble


def _get_lines(part: Callable[[], list[str]]) -> list[str]:
    """Return the lines of a part, or the sentence of the error that kept it from being known."""
    try:
        return part()
    except InputError as error:
        return [str(error)]


def describe_unpublished(ledger: Path) -> list[str]:
    """Return a line with how many answers no segment of the ledger holds; none if all are in one."""
    with Journal(journal_path()) as journal:
        count = count_unpublished(journal, project_id(Path.cwd()), ledger)
    return [f"answers not published: {count:,}: `make publish`"] if count else []


def describe_outputs(cache: Cache, remote: Remote) -> list[str]:
    """Return lines with how many files the cache has and the remote has not: today's, other commits', experiments'."""
    groups = {
        ("of this workspace", "make push"): cache.map_objects(list_workspace_outputs()),
        ("of other commits", "make push ALL=1"): cache.map_objects(list_history_outputs("HEAD", *COMMITS)),
        ("of experiments", "make push EXPS=1"): cache.map_objects(list_history_outputs(*EXPERIMENTS)),
    }
    cached = {md5 for objects in groups.values() for md5 in objects if cache.holds(md5)}
    unshared = cached - remote.find(cached)
    lines = []
    for (whose, command), objects in groups.items():
        group = unshared & objects.keys()
        unshared -= group
        if group:
            stats = TransferStats(len(group), cache.size(group))
            lines.append(f"outputs {whose} not in the remote: {stats}: `{command}`")
    return lines


def describe_experiments() -> list[str]:
    """Return a line with how many experiments git's remote has not, if it can be asked; none if it has all."""
    refs = try_git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps/??/*/*") or ""
    experiments = {tuple(line.split()) for line in refs.split("\n") if line}
    upstream = find_git_remote()
    if not experiments or not upstream:
        return []
    listed = try_git("ls-remote", upstream, "refs/exps/*")
    if listed is None:
        return [f"git's remote {upstream} cannot be asked which of {len(experiments)} experiments it has"]
    unshared = experiments - {tuple(line.split()) for line in listed.split("\n")}
    return [f"experiments not in git's remote {upstream}: {len(unshared)}: `make push EXPS=1`"] if unshared else []
