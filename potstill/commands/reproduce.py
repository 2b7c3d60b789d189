"""Run a commit's pipeline again elsewhere, without a call, and compare what it writes with what the commit names."""

import sys
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import click

from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.sharing.history import (
    LOCK,
    find_commit,
    find_output,
    list_revision_outputs,
    read_outputs,
    select_outputs,
)
from potstill.sharing.repository import open_project
from potstill.sharing.reproduction import clone_commit, describe_packages, fetch_ledger, read_calls, run_stages


@click.command()
@click.option("--revision", default="", help="A commit, tag or branch.")
@project_path_option("ledger", "Folder with what was bought and published.")
@project_path_option("export", "Folder with the training set.")
@project_path_option("log", "File in which infer says what it asked.")
def main(revision: str, ledger: Path, export: Path, log: Path) -> None:
    """Run a commit's stages elsewhere, without a call, and compare the export."""
    if not revision:
        raise InputError("REV: expected a commit, tag or branch to reproduce, such as `make reproduce REV=v1`")
    commit = find_commit(revision)
    outputs = list_revision_outputs(commit.id)
    exported, ledgers = find_output(outputs, export, commit), select_outputs(outputs, ledger)
    with ExitStack() as cleanup:
        folder = Path(mkdtemp(prefix="potstill-"))
        cleanup.callback(rmtree, folder, ignore_errors=True)
        with open_project() as repo:
            fetch_ledger(repo, ledgers)
            project = clone_commit(repo, commit, folder, ledger)
        click.echo(f"{commit}: running its stages in {project}")
        run_stages(project)
        calls, written = read_calls(project / log), read_outputs(project / LOCK)
        same = [output for output in outputs if output in written]
        other = [output.path for output in outputs if output not in [*same, *ledgers]]
        click.echo(f"{calls} calls made; the same bytes as in the commit: {', '.join(output.path for output in same)}")
        if other:
            cleanup.pop_all()
            click.echo(f"other bytes: {', '.join(other)}{describe_packages(commit)}; look at {project}")
    sys.exit(0 if exported in same and not calls else 1)
