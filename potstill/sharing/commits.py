"""What git has not: files that are not committed, commits that are not pushed. Imports no DVC, so that it is quick."""

import shlex

from potstill.sharing.formatting import format_names
from potstill.sharing.processes import find_git_remote, try_git

MOST_NAMED = 8


def describe_uncommitted() -> list[str]:
    """Return a line with the commands that commit what is changed, or what is in conflict; none if nothing is."""
    unmerged = _list_files("diff", "--name-only", "--relative", "--diff-filter=U")
    if unmerged:
        return [f"in conflict: {format_names(unmerged)}; docs/sharing.md says how a merge is finished"]
    changed = _list_files("diff", "--name-only", "--relative", "--no-renames", "HEAD")
    names = sorted({*changed, *_list_files("ls-files", "--others", "--exclude-standard")})
    added = " ".join(map(shlex.quote, names)) if len(names) <= MOST_NAMED else "--all"
    return [f"not committed: `git add {added} && git commit`"] if names else []


def describe_unpushed() -> list[str]:
    """Return a line with how many commits are not pushed, and the command that pushes them; none if none are."""
    if not find_git_remote():
        return ["git has no remote to push commits to: `git remote add origin URL`"]
    ahead = try_git("rev-list", "--count", "HEAD", "--branches", "--tags", "--not", "--remotes")
    return [f"commits not pushed: {ahead}: {_choose_push()}"] if ahead not in (None, "0") else []


def _list_files(*arguments: str) -> list[str]:
    """Return the files that a command of git lists; none if it fails, as before the first commit."""
    return [name for name in (try_git(*arguments, "-z") or "").split("\0") if name]


def _choose_push() -> str:
    """Return the commands that push the commits that are nowhere else."""
    branch = try_git("symbolic-ref", "--quiet", "--short", "HEAD")
    if not try_git("rev-list", "HEAD", "--not", "--remotes"):
        return "`git push --all`, and `git push --tags`"
    if branch is None:
        return "`git switch --create NAME`, and then `git push --set-upstream origin HEAD`"
    return "`git push`" if try_git("rev-parse", "@{upstream}") else "`git push --set-upstream origin HEAD`"
