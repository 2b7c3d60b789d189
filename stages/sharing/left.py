"""What is only on this machine: answers, outputs and commits that nobody else could have."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from dvc.repo import Repo

from stages.sharing.commands import ask_git, run_git
from stages.sharing.history import COMMITS, EXPERIMENTS, Commit, Output, outputs_of_history, outputs_of_workspace
from stages.sharing.objects import Cache, Moved
from stages.sharing.remotes import Remote
from stages.sharing.words import tell_names
from stages.teacher.journal import Journal, journal_path
from stages.teacher.ledger import count_unpublished
from stages.teacher.projects import project_id

SHARED_BY_GIT = ("dvc.lock", "*.dvc", "dvc.yaml", "params.yaml", ".dvc/config", "reports/metrics.json")


def tell_left(repo: Repo, remote: Remote | None, ledger: Path) -> list[str]:
    """Say in a line each what is only here, and how it is shared; without a remote, what git has not is told alone."""
    outputs = tell_outputs(Cache(repo), remote) if remote else []
    return [*tell_unpublished(ledger), *outputs, *tell_git()]


def tell_unpublished(ledger: Path) -> list[str]:
    """Count the answers that no segment of the ledger holds."""
    with Journal(journal_path()) as journal:
        count = count_unpublished(journal, project_id(Path.cwd()), ledger)
    return [f"answers not published: {count:,}: `make publish`"] if count else []


def tell_outputs(cache: Cache, remote: Remote) -> list[str]:
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
            lines.append(f"outputs {whose} not in the remote: {Moved(len(mine), cache.size(mine))}: `{command}`")
    return lines


def list_lost(cache: Cache, remote: Remote, outputs: Iterable[Output]) -> set[Output]:
    """Return the outputs of which something is neither here nor in the remote."""
    parts = cache.parts_of(outputs)
    gone = {md5 for md5 in parts if not cache.holds(md5)}
    return {parts[md5] for md5 in gone - remote.find(gone)}


def tell_lost(outputs: Mapping[Output, Commit], lost: set[Output]) -> list[str]:
    """Name lost outputs with the commits that made them; no line if there are none."""
    names = [f"{output.path} of {outputs[output]}" for output in sorted(lost)]
    return (
        [f"neither here nor in the remote: {tell_names(names)}; `make repro` there makes them again"] if names else []
    )


def tell_git() -> list[str]:
    """Name the files that say what others find, where they are not committed, and count commits not pushed."""
    changed = run_git("status", "--porcelain", "--untracked-files=all", "--", *SHARED_BY_GIT).splitlines()
    names = [line[3:] for line in changed]
    lines = [f"not committed: `git add {' '.join(names)} && git commit`"] if names else []
    if not ask_git("remote"):
        return [*lines, "git has no remote to push commits to: `git remote add origin URL`"]
    ahead = ask_git("rev-list", "--count", "@{upstream}..HEAD")
    if ahead is None:
        return [*lines, "this branch was never pushed: `git push --set-upstream origin HEAD`"]
    return [*lines, f"commits not pushed: {ahead}: `git push`"] if ahead != "0" else lines
