"""DVC's experiments, whose commits travel through git's remote."""

from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.sharing.processes import find_git_remote
from potstill.sharing.storage_errors import first_line


def push_experiments(repo: Repo) -> str:
    """Push the commits of all experiments to git's remote; return how many, in words."""
    upstream = require_git_remote()
    try:
        pushed = repo.experiments.push(upstream, all_commits=True, push_cache=False)
    except Exception as error:  # noqa: BLE001 (git's libraries have errors of their own)
        raise InputError(f"experiments: git's remote {upstream} did not take them: {first_line(error)}") from None
    refused = len(pushed.get("diverged", ()))
    note = f" (refused, since others are there under their names: {refused})" if refused else ""
    return f"experiments pushed to git's remote {upstream}: {len(pushed.get('success', ()))}{note}"


def pull_experiments(repo: Repo) -> str:
    """Fetch the commits of all experiments from git's remote; return how many, in words."""
    upstream = require_git_remote()
    try:
        names = list(repo.experiments.pull(upstream, all_commits=True))
    except Exception as error:  # noqa: BLE001 (git's libraries have errors of their own)
        raise InputError(f"experiments: git's remote {upstream} did not give them: {first_line(error)}") from None
    return f"experiments fetched from git's remote {upstream}: {len(names)}: `dvc exp show --all-commits` lists them"


def require_git_remote() -> str:
    """Return the git remote that experiments are shared through; raise InputError if there is none."""
    upstream = find_git_remote()
    if upstream is None:
        raise InputError("git: expected a remote to share experiments through, found none; `git remote add origin URL`")
    return upstream
