"""Run a commit's pipeline again elsewhere, without a call, and compare what it writes with what the commit names."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import click
from dvc.repo import Repo

from stages.environment import ASKING, NEVER, load_env_file
from stages.errors import InputError, plain_errors
from stages.options import path_option
from stages.sharing.commands import ask_git, run_dvc, run_git
from stages.sharing.history import LOCK, Commit, Output, describe, outputs_of_revision, read_outputs
from stages.sharing.objects import Cache, fetch
from stages.sharing.remotes import Remote
from stages.sharing.repository import opened
from stages.teacher.pointer import pointer_of

PINNED = "requirements.lock"
HUB = ("HF_ENDPOINT",)


@click.command()
@click.option("--revision", default="", help="A commit, tag or branch.")
@path_option("ledger", "Folder with what was bought and published.")
@path_option("export", "Folder with the training set.")
@path_option("log", "File in which infer says what it asked.")
def main(revision: str, ledger: Path, export: Path, log: Path) -> None:
    """Check a commit out into a folder of its own, run all its stages, and show that the export has the same bytes."""
    with plain_errors():
        if not revision:
            raise InputError("REV: expected a commit, tag or branch to reproduce, such as `make reproduce REV=v1`")
        commit = describe(revision)
        wanted = {output.path: output for output in outputs_of_revision(commit.id)}
        if str(export) not in wanted:
            raise InputError(f"{LOCK}: expected an output {export} in {commit}, found none; name another one with REV")
        with ExitStack() as leaving:
            elsewhere = Path(mkdtemp(prefix="potstill-"))
            leaving.callback(rmtree, elsewhere, ignore_errors=True)
            with opened() as repo:
                bring_ledger(repo, [output for path, output in wanted.items() if Path(path) == ledger])
                project = check_out(repo, commit, elsewhere, ledger)
            click.echo(f"{commit}: running its stages in {project}")
            run_stages(project)
            asked = read_asked(project / log)
            written = {output.path: output for output in read_outputs(project / LOCK)}
            same = [path for path, output in wanted.items() if written.get(path) == output]
            other = [path for path in wanted if path not in same and Path(path) != ledger]
            click.echo(f"{asked} calls made; the same bytes as in the commit: {', '.join(same)}")
            if other:
                leaving.pop_all()
                click.echo(f"other bytes: {', '.join(other)}{tell_packages(commit)}; look at {project}")
    sys.exit(0 if str(export) in same and not asked else 1)


def read_asked(log: Path) -> int:
    """Return how many calls the run of infer notes."""
    try:
        return int(json.loads(log.read_text(encoding="utf-8"))["asked"])
    except (OSError, ValueError, LookupError, TypeError):
        raise InputError(f"{log}: expected the number of calls that this commit's infer made, found none") from None


def bring_ledger(repo: Repo, ledgers: list[Output]) -> None:
    """Fetch what is not here of a commit's ledger, where there is a remote."""
    if ledgers and repo.config["core"].get("remote"):
        fetch(Cache(repo), Remote(repo), ledgers)


def check_out(repo: Repo, commit: Commit, elsewhere: Path, ledger: Path) -> Path:
    """Clone the repository at a commit into an empty folder, and return the project in it.

    Its DVC uses this project's cache; what that has of the ledger is put there, and the journal has perhaps the rest.
    """
    root, inner = run_git("rev-parse", "--show-toplevel", "--show-prefix").splitlines()
    run_git("clone", "--quiet", "--shared", "--no-checkout", root, str(elsewhere))
    run_git("checkout", "--quiet", "--detach", commit.id, folder=str(elsewhere))
    project = elsewhere / inner
    run_dvc("config", "--local", "cache.dir", repo.cache.local_cache_dir, folder=str(project))
    if (project / pointer_of(ledger)).is_file():
        with suppress(InputError):
            run_dvc("checkout", "--quiet", str(pointer_of(ledger)), folder=str(project))
    return project


def run_stages(elsewhere: Path) -> None:
    """Run every stage again, with a teacher that may not be asked, and whose endpoint and key are not known."""
    load_env_file()
    kept = (name for name in os.environ if name in HUB or not name.endswith(("_ENDPOINT", "_KEY")))
    environment = {name: os.environ[name] for name in kept}
    environment |= {ASKING: NEVER, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro", "--force"],
        cwd=elsewhere, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        said = next((line for line in lines if line.startswith("Error: ")), lines[-1])
        raise InputError(f"{elsewhere}: {said.removeprefix('Error: ').removeprefix('ERROR: ')}")


def tell_packages(commit: Commit) -> str:
    """Say so where a commit pins other packages than those it ran with."""
    same = ask_git("diff", "--quiet", commit.id, "--", PINNED) is not None
    return "" if same else f" ({PINNED} of that commit pins other packages than the ones here)"


if __name__ == "__main__":
    main()
