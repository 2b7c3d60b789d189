"""Which project a folder belongs to."""

import subprocess
from pathlib import Path


def project_id(folder: Path) -> str:
    """Return the name of a folder's project, the same in all its clones, worktrees and queued experiments.

    It is the oldest root commit of the history, or the folder's path where there is none. A shallow clone knows only
    the commit that it was cut at, so it is a project of its own until `git fetch --unshallow`.
    """
    command = ["git", "rev-list", "--max-parents=0", "--timestamp", "HEAD"]
    try:
        listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return str(folder.resolve())
    roots = (line.split() for line in listed.splitlines())
    return min((int(seconds), commit) for seconds, commit in roots)[1]
