"""Upload the training set with its card to the Hugging Face Hub, as a dataset."""

import sys
from pathlib import Path

import click

from potstill.core.environment import load_env_file
from potstill.core.errors import InputError
from potstill.core.options import project_path_option
from potstill.sharing.formatting import format_names
from potstill.training_set.manifest import find_differences, read_manifest


@click.command()
@click.option("--repository", default="", help="Where on the Hub: OWNER/NAME.")
@click.option("--private", is_flag=True, help="Make a new repository a private one.")
@click.option("--yes", is_flag=True, help="Do not ask before the first upload.")
@project_path_option("export", "Folder with the training set.")
def main(repository: str, export: Path, *, private: bool, yes: bool) -> None:
    """Upload the training set with its card to the Hugging Face Hub.

    It asks before it makes a repository and before the first export that goes into one. A repository stays as private
    or public as it is.
    """
    load_env_file()
    from potstill.sharing import hub_upload  # noqa: PLC0415 (as it loads, the Hub's client reads HF_HOME etc.)

    hub_upload.check_name(repository)
    check_whole(export)
    manifest = read_manifest(export)
    hub = hub_upload.open_hub()
    dataset = hub_upload.find_dataset(hub, repository) or hub_upload.HubDataset(repository, private)
    if private and not dataset.private:
        raise InputError(
            f"{repository}: is public on the Hub, which PRIVATE=1 does not change; make it private in its settings "
            "there, or leave PRIVATE=1 out"
        )
    click.echo("\n".join(hub_upload.describe_upload(hub, dataset, export, manifest)))
    if dataset.exported is None and not yes:
        ask()
    commit = hub_upload.upload_export(hub, dataset, export, manifest)
    click.echo(f"uploaded: {commit}" if commit else "the Hub has these very files, so there is nothing to upload")


def check_whole(export: Path) -> None:
    """Raise InputError if there is no export, or another one than its manifest describes."""
    if not export.is_dir():
        raise InputError(f"{export}: expected a training set, found none; run `make repro`")
    if differences := find_differences(export):
        raise InputError(
            f"{export}: expected the files that its manifest lists, but {format_names(differences)}; `make repro` "
            "makes it anew"
        )


def ask() -> None:
    """Ask whether to upload; raise InputError if nobody is there to answer."""
    if not sys.stdin.isatty():
        raise InputError("nothing was uploaded, since the first upload is to be confirmed; add YES=1")
    click.confirm("Upload it?", abort=True)
