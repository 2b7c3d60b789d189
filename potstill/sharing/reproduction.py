"""Running the stages of a commit again in a clone of its own, with a teacher that may not be asked."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from dvc.repo import Repo

from potstill.core.environment import ASKING, NEVER, load_env_file
from potstill.core.errors import InputError
from potstill.sharing.history import Commit, Output
from potstill.sharing.objects import Cache, download_outputs
from potstill.sharing.processes import run_git, run_python, try_git
from potstill.sharing.remotes import find_remote
from potstill.teacher.store.pointer import pointer_of

PINNED = "requirements.lock"
HUB = ("HF_ENDPOINT",)


def fetch_ledger(repo: Repo, ledgers: list[Output]) -> None:
    """Fetch what is not here of a commit's ledger, if there is a remote."""
    cache = Cache(repo)
    remote = find_remote(repo) if cache.find_incomplete(ledgers) else None
    if remote:
        download_outputs(cache, remote, ledgers)


def clone_commit(repo: Repo, commit: Commit, folder: Path, ledger: Path) -> Path:
    """Clone the repository at a commit into an empty folder, and return the project in it.

    Its DVC uses this project's cache; what that has of the ledger is put there, and the journal has perhaps the rest.
    """
    root, inner = run_git("rev-parse", "--show-toplevel", "--show-prefix").splitlines()
    run_git("clone", "--quiet", "--shared", "--no-checkout", root, str(folder))
    run_git("checkout", "--quiet", "--detach", commit.id, folder=folder)
    project = folder / inner
    run_python("dvc", "config", "--local", "cache.dir", repo.cache.local_cache_dir, folder=project)
    if (project / pointer_of(ledger)).is_file():
        with suppress(InputError):
            run_python("dvc", "checkout", "--quiet", str(pointer_of(ledger)), folder=project)
    return project


def run_stages(project: Path) -> None:
    """Run every stage again, with a teacher that may not be asked, and whose endpoint and key are not known."""
    load_env_file()
    kept = (name for name in os.environ if name in HUB or not name.endswith(("_ENDPOINT", "_KEY")))
    environment = {name: os.environ[name] for name in kept}
    environment |= {ASKING: NEVER, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    try:
        run_python("dvc", "repro", "--force", folder=project, environment=environment)
    except InputError as error:
        raise InputError(f"{project}: {error}") from None


def read_calls(log: Path) -> int:
    """Return how many calls a run of infer made; raise InputError if its log does not say."""
    try:
        return int(json.loads(log.read_text(encoding="utf-8"))["asked"])
    except (OSError, ValueError, LookupError, TypeError):
        raise InputError(f"{log}: expected the number of calls that this commit's infer made, found none") from None


def describe_packages(commit: Commit) -> str:
    """Return a remark in parentheses if a commit pins other packages than those it ran with; else nothing."""
    same = try_git("diff", "--quiet", commit.id, "--", PINNED) is not None
    return "" if same else f" ({PINNED} of that commit pins other packages than the ones here)"
