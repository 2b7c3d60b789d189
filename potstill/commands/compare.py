"""Say which variant is better, whether that is more than chance, and what it costs."""

from pathlib import Path

import click

from potstill.comparing.console import describe_comparison
from potstill.comparing.report import compare, write_comparison
from potstill.comparing.revisions import Folders, choose_names, list_experiments, read_revisions
from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.core.records import SPLITS
from potstill.sharing.formatting import format_names
from potstill.sharing.repository import open_project

PLACE = "compare"


@click.command()
@click.option("--revisions", default="", help="Experiments, commits, tags, branches or workspace, with spaces between.")
@click.option("--split", default="", help="The split to compare: train, validation or test.")
@project_path_option("raw", "Folder with questions.")
@project_path_option("requests", "Folder with what was asked.")
@project_path_option("responses", "Folder with what came back.")
@project_path_option("answers", "Folder with the judged answers.")
@project_path_option("reports", "Folder for the reports.")
def main(revisions: str, split: str, raw: Path, requests: Path, responses: Path, answers: Path, reports: Path) -> None:
    """Compare variants on the questions that they share.

    Without `--revisions` these are the workspace and the experiments of its commit. Nothing is checked out.
    """
    if split and split not in SPLITS:
        raise InputError(f"SPLIT: expected one of {', '.join(SPLITS)}, got {split}")
    names = choose_names(list(dict.fromkeys(revisions.split())))
    folders = Folders(raw, requests, responses, answers)
    with open_project() as repo:
        found, left_out = read_revisions(repo, names, folders)
    comparison = compare(found, left_out, split)
    write_comparison(comparison, reports / PLACE)
    click.echo("\n".join(describe_comparison(comparison)))
    others = sorted(ref.split("/", 4)[4] for ref in list_experiments())
    if not revisions and len(names) == 1 and others:
        click.echo(f'experiments of other commits: {format_names(others)}: name them, `make compare REVS="... ..."`')
    click.echo(f"as a page: {reports / PLACE / 'index.html'}; for a pull request: {reports / PLACE / 'compare.md'}")
