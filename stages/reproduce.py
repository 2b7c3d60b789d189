"""Run a commit's pipeline again elsewhere, without a call, and compare what it writes with what the commit names."""

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import click
from dvc.repo import Repo

from stages.environment import ASKING, NEVER
from stages.errors import InputError, plain_errors
from stages.options import path_option
from stages.sharing.commands import ask_git, run_dvc, run_git
from stages.sharing.history import LOCK, Commit, Output, describe, outputs_of_revision, parse
from stages.sharing.objects import Cache, fetch
from stages.sharing.remotes import Remote
from stages.sharing.repository import opened
from stages.teacher.pointer import pointer_of

PINNED = "requirements.lock"


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
        elsewhere = Path(mkdtemp(prefix="potstill-"))
        with opened() as repo:
            bring_ledger(repo, [output for path, output in wanted.items() if Path(path) == ledger])
            check_out(repo, commit, elsewhere, ledger)
        click.echo(f"{commit}: running its stages in {elsewhere}")
        run_stages(elsewhere)
        asked = json.loads((elsewhere / log).read_text(encoding="utf-8"))["asked"]
        written = {output.path: output for output in parse(LOCK, (elsewhere / LOCK).read_text(encoding="utf-8"))}
        same = [path for path, output in wanted.items() if written.get(path) == output]
        other = [path for path in wanted if path not in same and Path(path) != ledger]
        click.echo(f"{asked} calls made; the same bytes as in the commit: {', '.join(same)}")
        if other:
            click.echo(f"other bytes: {', '.join(other)}{tell_packages(commit)}; look at {elsewhere}")
        else:
            rmtree(elsewhere)
    sys.exit(0 if str(export) in same and not asked else 1)


def bring_ledger(repo: Repo, ledgers: list[Output]) -> None:
    """Fetch what is not here of a commit's ledger, where there is a remote."""
    if ledgers and repo.config["core"].get("remote"):
        fetch(Cache(repo), Remote(repo), ledgers)


def check_out(repo: Repo, commit: Commit, elsewhere: Path, ledger: Path) -> None:
    """Clone the project at a commit into an empty folder, with this project's cache for DVC, and the ledger in it."""
    run_git("clone", "--quiet", "--shared", "--no-checkout", repo.root_dir, str(elsewhere))
    run_git("checkout", "--quiet", "--detach", commit.id, folder=str(elsewhere))
    run_dvc("config", "--local", "cache.dir", repo.cache.local_cache_dir, folder=str(elsewhere))
    if (elsewhere / pointer_of(ledger)).is_file():
        run_dvc("checkout", "--quiet", str(pointer_of(ledger)), folder=str(elsewhere))


def run_stages(elsewhere: Path) -> None:
    """Run every stage again, with a teacher that may not be asked and whose key is not known."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith(("_ENDPOINT", "_KEY"))}
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
