"""Setting a project's default remote, and trying it."""

from pathlib import Path
from urllib.parse import urlsplit

from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.sharing.remotes import Remote
from potstill.sharing.services import CONFIG, FOLDER, check_url, find_service, strip_secrets

NAME = "store"


def set_remote(repo: Repo, url: str) -> list[str]:
    """Make a URL the default remote (an empty one: leave it), and try it; return lines about it.

    Raise InputError if it does not work. Then the remote before is set again; a first one stays, since DVC takes
    credentials only for one that is there.
    """
    config, had_one = Path(CONFIG).read_bytes(), bool(repo.config["core"].get("remote"))
    lines = [_write_url(repo, url)] if url else []
    try:
        return lines + _try_out(Remote(repo))
    except InputError as error:
        if url and had_one:
            Path(CONFIG).write_bytes(config)
            raise InputError(f"{error} (the remote is still the one before)") from None
        raise InputError(f"{error} ({CONFIG} names it all the same)" if url else str(error)) from None


def _try_out(remote: Remote) -> list[str]:
    """Make the remote's folder or container where that is possible, and write, read and remove one small object."""
    login = remote.describe_credentials()
    is_made = remote.make_container()
    remote.check_writable()
    kind = "folder" if remote.service is FOLDER else f"container {remote.container}"
    lines = [f"{kind} made" if is_made else f"{remote.service.title} is there"]
    lines.append(f"one small object written, read and removed in {remote.url}, {login}")
    if remote.service.secret:
        lines.append(f"credentials for others: {remote.service.describe_credential_places(remote.name)}")
    return lines


def _write_url(repo: Repo, url: str) -> str:
    """Write the URL into DVC's configuration as that of the default remote; return what it is now and was before."""
    check_url(url)
    if find_service(url) is FOLDER:
        url = str(Path(url.removeprefix("file://")).expanduser())
    name = repo.config["core"].get("remote") or NAME
    before = repo.config["remote"].get(name, {}).get("url")
    if before and find_service(before) != find_service(url):  # whose options would be none for this one
        name, before = f"{NAME}-{urlsplit(url).scheme or 'folder'}", None
    with repo.config.edit("repo") as config:
        config["remote"].setdefault(name, {})["url"] = url
        config["core"]["remote"] = name
    was = f" (it was {strip_secrets(before)})" if before and before != url else ""
    return f"remote {name} is {url} now{was}; commit {CONFIG}, so that others find it"
