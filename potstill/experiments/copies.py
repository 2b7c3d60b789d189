"""A copy of the project for each variant to run in, and the experiment that comes out of it.

DVC has its own ways to run experiments side by side. Of `dvc exp run --temp`, several at once take each other's entries
off the one stash that they share, and give up after three seconds on a lock that another holds while it copies; the
workers of `dvc exp run --queue` are daemons that outlive Ctrl-C and keep what stages say in files. A clone has stash,
lock and output of its own, and what it commits is fetched when it is done. Its cache has the project's objects, and a
copy of what DVC knows of runs, since a process deletes, as a damaged one, an entry that another is still writing.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.config import merge
from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.core.params_file import load_params
from potstill.sharing.outputs import list_declared
from potstill.sharing.processes import run_git, try_git

AUTHOR = ("-c", "user.name=potstill", "-c", "user.email=potstill@localhost")
UNFINISHED = ".tmp"  # what DVC's name for an entry ends in while it writes it


@dataclass(frozen=True)
class Workspace:
    """The project as it is now: its last commit, one with what was edited since, teachers' weights, DVC's settings."""

    root: Path
    inner: str
    head: str
    edited: str
    untracked: tuple[str, ...]
    weights: tuple[str, ...]
    settings: Mapping[str, Any]
    cache: Path
    runs: Path

    def reference(self, name: str) -> str:
        """Return git's reference of an experiment of the last commit."""
        return f"refs/exps/{self.head[:2]}/{self.head[2:]}/{name}"


def read_workspace(repo: Repo) -> Workspace:
    """Return the project as it is now, with edits that no commit has; raise InputError if there is no commit at all."""
    head = try_git("rev-parse", "--verify", "--quiet", "HEAD")
    if head is None:
        raise InputError(
            "git: expected a commit for the experiments to begin with, found none; "
            "`git add --all && git commit --message Start` makes one"
        )
    root, inner = (run_git("rev-parse", option).rstrip("\n") for option in ("--show-toplevel", "--show-prefix"))
    edited = run_git(*AUTHOR, "stash", "create").strip() or head
    untracked = run_git("ls-files", "--others", "--exclude-standard", "-z", folder=Path(root)).split("\0")
    settings = repo.config.read("local")
    cache = Path(repo.cache.local_cache_dir)
    # where `make gc` looks for experiments that run
    runs = Path(repo.tmp_dir, "exps")
    # a name with a slash at its end is another repository in this one, which git does not look into
    weights = tuple(list_weights(inner))
    files = tuple(name for name in untracked if name and not name.endswith("/") and name not in weights)
    return Workspace(Path(root), inner, head, edited, files, weights, settings, cache, runs)


def list_weights(inner: str) -> list[str]:
    """Return the paths in the repository of the weights that teachers have."""
    weights = [teacher.weights for teacher in load_params().teachers.values() if teacher.weights]
    names = [os.path.normpath(Path(inner, name)) for name in weights]
    return [name for name in names if not name.startswith("..") and not Path(name).is_absolute()]


def copy_project(workspace: Workspace, folder: Path) -> Path:
    """Clone the repository into a new folder, with all edits, DVC's cache and its files, and return the project in it.

    Of the outputs and the ledger it gets what the cache holds. Models, which may be gigabytes, are not copied: of
    students nothing is there, and the weights of teachers are links.
    """
    run_git("clone", "--quiet", "--shared", "--no-checkout", str(workspace.root), str(folder))
    run_git("checkout", "--quiet", "--detach", workspace.head, folder=folder)
    run_git("restore", f"--source={workspace.edited}", "--staged", "--worktree", ":/", folder=folder)
    for name in workspace.untracked:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(workspace.root / name, folder / name, follow_symlinks=False)
    for line in (try_git("config", "--get-regexp", r"^user\.(name|email)$") or "").splitlines():
        run_git("config", *line.split(" ", 1), folder=folder)
    project = folder / workspace.inner
    share_cache(workspace.cache, find_cache(project))
    cache = {**workspace.settings.get("cache", {}), "dir": str(find_cache(project))}
    with Repo(str(project)) as repo, repo.config.edit("local") as config:
        merge(config, {**workspace.settings, "cache": cache})
    with Repo(str(project)) as repo:
        needed = [path for path in list_declared(repo) if "student" not in Path(path).parts]
        repo.checkout([str(project / path) for path in needed], force=True, allow_missing=True)
    link_weights(workspace, folder)
    return project


def find_cache(project: Path) -> Path:
    """Return the folder of a copy's own cache."""
    return project.absolute() / ".dvc/cache"


def share_cache(shared: Path, own: Path) -> None:
    """Let a copy have the objects of the project's cache, and what is known of runs for itself."""
    for name in ("files", "runs"):
        (shared / name).mkdir(parents=True, exist_ok=True)
    own.mkdir(parents=True)
    (own / "files").symlink_to(shared / "files", target_is_directory=True)
    shutil.copytree(shared / "runs", own / "runs", ignore=shutil.ignore_patterns(f"*{UNFINISHED}"))


def keep_runs(own: Path, shared: Path) -> None:
    """Let the project know of the stages that ran in a copy, each entry whole from its first moment on."""
    for entry in (own / "runs").rglob("*"):
        kept = shared / entry.relative_to(own)
        if entry.is_file() and entry.suffix != UNFINISHED and not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = shared / f"{entry.name}.{os.getpid()}.part"
            shutil.copyfile(entry, part)
            part.replace(kept)


def link_weights(workspace: Workspace, folder: Path) -> None:
    """Link the weights of teachers that neither git nor DVC brought to where they are."""
    for name in workspace.weights:
        own, link = workspace.root / name, folder / name
        if own.is_file() and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(own)


def fetch_experiment(workspace: Workspace, folder: Path, name: str) -> None:
    """Bring an experiment out of its clone, in place of an older one of the name."""
    reference = workspace.reference(name)
    run_git("fetch", "--quiet", "--no-tags", str(folder), f"+{reference}:{reference}")
