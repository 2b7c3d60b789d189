"""Check that an export is the one that its manifest describes; imports no DVC, so that a student's repository can."""

from pathlib import Path

import click

from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.training_set.manifest import find_differences, read_manifest

SHOWN = 5


@click.command()
@project_path_option("export", "Folder with the training set.")
def main(export: Path) -> None:
    """Check the training set against its manifest."""
    if differences := find_differences(export):
        more = len(differences) - SHOWN
        listed = "; ".join(differences[:SHOWN]) + (f"; and {more:,} more" if more > 0 else "")
        raise InputError(
            f"{export}: expected the files that manifest.json lists, but {listed}. `make pull FORCE=1` brings them "
            "back, `make repro` makes them anew; where the folder was imported, `dvc checkout --force` does"
        )
    files = read_manifest(export)["files"]
    rows = sum(file["rows"] or 0 for name, file in files.items() if "/" in name)
    click.echo(f"{export}: {len(files):,} files, {rows:,} rows, as manifest.json says")
