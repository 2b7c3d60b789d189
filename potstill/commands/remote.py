"""Set the remote storage, make the place for it where that is possible, and check that it can be written and read."""

from pathlib import Path
from urllib.parse import urlsplit

import click
from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.sharing.remotes import Remote
from potstill.sharing.repository import open_project
from potstill.sharing.services import CONFIG, FOLDER, check_url, service_of, without_secrets

NAME = "store"


@click.command()
@click.option("--url", default="", help="azure://container/path, s3://, gs://, ssh:// or a folder; none: as it is set.")
def main(url: str) -> None:
    """Make this the default remote, and check it with one small object."""
    with open_project() as repo:
        config = Path(CONFIG).read_bytes()
        had_one = bool(repo.config["core"].get("remote"))
        said = set_remote(repo, url.strip()) if url else None
        try:
            remote = Remote(repo)
            opens = remote.describe_credentials()
            made = remote.make_place()
            remote.check_writable()
        except InputError as error:
            raise InputError(f"{error}{restore_config(config, had_one=had_one) if url else ''}") from None
        if said:
            click.echo(said)
        what = "folder" if remote.service is FOLDER else f"container {remote.place}"
        click.echo(f"{what} made" if made else f"{remote.service.title} is there")
        click.echo(f"one small object written, read and removed in {remote.url}, {opens}")
        if remote.service.secret:
            click.echo(f"credentials for others: {remote.where_credentials_belong}")


def restore_config(config: bytes, *, had_one: bool) -> str:
    """Put the configuration back if it names a remote, and say what is set now.

    A first remote stays, since DVC takes credentials only for one that is there.
    """
    if not had_one:
        return f" ({CONFIG} names it all the same)"
    Path(CONFIG).write_bytes(config)
    return " (the remote is still the one before)"


def set_remote(repo: Repo, url: str) -> str:
    """Write the URL into DVC's configuration as that of the default remote, and say what it was before."""
    check_url(url)
    if service_of(url) is FOLDER:
        url = str(Path(url.removeprefix("file://")).expanduser())
    name = repo.config["core"].get("remote") or NAME
    before = repo.config["remote"].get(name, {}).get("url")
    if before and service_of(before) != service_of(url):  # whose options would be none for this one
        name, before = f"{NAME}-{urlsplit(url).scheme or 'folder'}", None
    with repo.config.edit("repo") as config:
        config["remote"].setdefault(name, {})["url"] = url
        config["core"]["remote"] = name
    was = f" (it was {without_secrets(before)})" if before and before != url else ""
    return f"remote {name} is {url} now{was}; commit {CONFIG}, so that others find it"
