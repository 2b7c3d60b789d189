"""What is only on this machine: answers, outputs and commits that nobody else could have."""

import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.sharing.formatting import format_names
from potstill.sharing.history import COMMITS, EXPERIMENTS, Commit, Output, outputs_of_history, outputs_of_workspace
from potstill.sharing.objects import Cache, TransferStats
from potstill.sharing.processes import git_remote, try_git
from potstill.sharing.remotes import Remote
from potstill.teacher.store.journal import Journal, journal_path
from potstill.teacher.store.ledger import count_unpublished
from potstill.teacher.store.projects import project_id

MOST_NAMED = 8


def describe_unshared(repo: Repo, remote: Remote | None, ledger: Path) -> list[str]:
    """Say in a line each what is only here, and how it is shared; what cannot be looked at is told instead."""
    parts = [
        lambda: describe_unpublished(ledger),
        lambda: describe_outputs(Cache(repo), remote) if remote else [],
        describe_experiments,
        describe_git,
    ]
    return [line for part in parts for line in _lines_of(part)]


def _lines_of(part: Callable[[], list[str]]) -> list[str]:
    try:
        return part()
    except InputError as error:
        return [str(error)]


def describe_unpublished(ledger: Path) -> list[str]:
    """Count the answers that no segment of the ledger holds."""
    with Journal(journal_path()) as journal:
        count = count_unpublished(journal, project_id(Path.cwd()), ledger)
    return [f"answers not published: {count:,}: `make publish`"] if count else []


def describe_outputs(cache: Cache, remote: Remote) -> list[str]:
    """Count the files of outputs that are here and not in the remote: today's, other commits', experiments'."""
    groups = {
        ("of this workspace", "make push"): cache.parts_of(outputs_of_workspace()),
        ("of other commits", "make push ALL=1"): cache.parts_of(outputs_of_history("HEAD", *COMMITS)),
        ("of experiments", "make push EXPS=1"): cache.parts_of(outputs_of_history(*EXPERIMENTS)),
    }
    here = {md5 for parts in groups.values() for md5 in parts if cache.holds(md5)}
    left = here - remote.find(here)
    lines = []
    for (whose, command), parts in groups.items():
        mine = left & parts.keys()
        left -= mine
        if mine:
            lines.append(
                f"outputs {whose} not in the remote: {TransferStats(len(mine), cache.size(mine))}: `{command}`"
            )
    return lines


def list_lost(cache: Cache, remote: Remote, outputs: Iterable[Output]) -> set[Output]:
    """Return the outputs of which something is neither here nor in the remote."""
    parts = cache.parts_of(outputs)
    gone = {md5 for md5 in parts if not cache.holds(md5)}
    return {parts[md5] for md5 in gone - remote.find(gone)}


def describe_lost(outputs: Mapping[Output, Commit], lost: set[Output]) -> list[str]:
    """Name lost outputs with the commits that made them; no line if there are none."""
    names = [f"{output.path} of {outputs[output]}" for output in sorted(lost)]
    return (
        [f"neither here nor in the remote: {format_names(names)}; `make repro` there makes them again"] if names else []
    )


def describe_experiments() -> list[str]:
    """Count the experiments whose commits git's remote does not have, where it can be asked."""
    refs = try_git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps/??/*/*") or ""
    mine = {tuple(line.split()) for line in refs.split("\n") if line}
    upstream = git_remote()
    if not mine or not upstream:
        return []
    listed = try_git("ls-remote", upstream, "refs/exps/*")
    if listed is None:
        return [f"git's remote {upstream} cannot be asked which of {len(mine)} experiments it has"]
    left = mine - {tuple(line.split()) for line in listed.split("\n")}
    return [f"experiments not in git's remote {upstream}: {len(left)}: `make push EXPS=1`"] if left else []


def describe_git() -> list[str]:
    """Name the files that are not committed, and count commits that are not pushed."""
    unmerged = list_files("diff", "--name-only", "--relative", "--diff-filter=U")
    if unmerged:
        return [f"in conflict: {format_names(unmerged)}; docs/sharing.md says how a merge is finished"]
    names = list_files("diff", "--name-only", "--relative", "--no-renames", "HEAD")
    names = sorted({*names, *list_files("ls-files", "--others", "--exclude-standard")})
    added = " ".join(map(shlex.quote, names)) if len(names) <= MOST_NAMED else "--all"
    lines = [f"not committed: `git add {added} && git commit`"] if names else []
    if not git_remote():
        return [*lines, "git has no remote to push commits to: `git remote add origin URL`"]
    ahead = try_git("rev-list", "--count", "HEAD", "--branches", "--tags", "--not", "--remotes")
    return [*lines, f"commits not pushed: {ahead}: {describe_push()}"] if ahead not in (None, "0") else lines


def list_files(*arguments: str) -> list[str]:
    """Return the files that a command of git lists; none where it cannot, as before the first commit."""
    return [name for name in (try_git(*arguments, "-z") or "").split("\0") if name]


def describe_push() -> str:
    """Say how the commits are pushed that are nowhere else."""
    branch = try_git("symbolic-ref", "--quiet", "--short", "HEAD")
    if not try_git("rev-list", "HEAD", "--not", "--remotes"):
        return "`git push --all`, and `git push --tags`"
    if branch is None:
        return "`git switch --create NAME`, and then `git push --set-upstream origin HEAD`"
    return "`git push`" if try_git("rev-parse", "@{upstream}") else "`git push --set-upstream origin HEAD`"
