"""Run a commit's pipeline again elsewhere, without a call, and compare what it writes with what the commit names."""

import json
import os
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import click
from dvc.repo import Repo

from potstill.core.environment import ASKING, NEVER, load_env_file
from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.sharing.history import (
    LOCK,
    Commit,
    Output,
    describe,
    find_output,
    outputs_at,
    outputs_of_revision,
    read_outputs,
)
from potstill.sharing.objects import Cache, fetch
from potstill.sharing.processes import run_git, run_python, try_git
from potstill.sharing.remotes import find_remote
from potstill.sharing.repository import open_project
from potstill.teacher.store.pointer import pointer_of

PINNED = "requirements.lock"
HUB = ("HF_ENDPOINT",)


@click.command()
@click.option("--revision", default="", help="A commit, tag or branch.")
@project_path_option("ledger", "Folder with what was bought and published.")
@project_path_option("export", "Folder with the training set.")
@project_path_option("log", "File in which infer says what it asked.")
def main(revision: str, ledger: Path, export: Path, log: Path) -> None:
    """Check a commit out into a folder of its own, run all its stages, and show that the export has the same bytes."""
    if not revision:
        raise InputError("REV: expected a commit, tag or branch to reproduce, such as `make reproduce REV=v1`")
    commit = describe(revision)
    wanted = outputs_of_revision(commit.id)
    exported, ledgers = find_output(wanted, export, commit), outputs_at(wanted, ledger)
    with ExitStack() as leaving:
        elsewhere = Path(mkdtemp(prefix="potstill-"))
        leaving.callback(rmtree, elsewhere, ignore_errors=True)
        with open_project() as repo:
            fetch_ledger(repo, ledgers)
            project = check_out(repo, commit, elsewhere, ledger)
        click.echo(f"{commit}: running its stages in {project}")
        run_stages(project)
        asked = read_asked(project / log)
        written = read_outputs(project / LOCK)
        same = [output for output in wanted if output in written]
        other = [output.path for output in wanted if output not in [*same, *ledgers]]
        click.echo(f"{asked} calls made; the same bytes as in the commit: {', '.join(out.path for out in same)}")
        if other:
            leaving.pop_all()
            click.echo(f"other bytes: {', '.join(other)}{describe_packages(commit)}; look at {project}")
    sys.exit(0 if exported in same and not asked else 1)


def read_asked(log: Path) -> int:
    """Return how many calls the run of infer notes."""
    try:
        return int(json.loads(log.read_text(encoding="utf-8"))["asked"])
    except (OSError, ValueError, LookupError, TypeError):
        raise InputError(f"{log}: expected the number of calls that this commit's infer made, found none") from None


def fetch_ledger(repo: Repo, ledgers: list[Output]) -> None:
    """Fetch what is not here of a commit's ledger, where there is a remote."""
    cache = Cache(repo)
    remote = find_remote(repo) if cache.find_incomplete(ledgers) else None
    if remote:
        fetch(cache, remote, ledgers)


def check_out(repo: Repo, commit: Commit, elsewhere: Path, ledger: Path) -> Path:
    """Clone the repository at a commit into an empty folder, and return the project in it.

    Its DVC uses this project's cache; what that has of the ledger is put there, and the journal has perhaps the rest.
    """
    root, inner = run_git("rev-parse", "--show-toplevel", "--show-prefix").splitlines()
    run_git("clone", "--quiet", "--shared", "--no-checkout", root, str(elsewhere))
    run_git("checkout", "--quiet", "--detach", commit.id, folder=elsewhere)
    project = elsewhere / inner
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


def describe_packages(commit: Commit) -> str:
    """Say so where a commit pins other packages than those it ran with."""
    same = try_git("diff", "--quiet", commit.id, "--", PINNED) is not None
    return "" if same else f" ({PINNED} of that commit pins other packages than the ones here)"
