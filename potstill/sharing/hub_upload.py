"""Uploading a training set with its card to the Hugging Face Hub."""

import hashlib
import json
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, DatasetCard, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from potstill.core.errors import InputError
from potstill.sharing.formatting import format_names, format_size
from potstill.sharing.storage_errors import first_line

CARD, MANIFEST = "README.md", "manifest.json"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CHANGED = 401, 403, 404, 412
NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
SHORT = 12


@dataclass(frozen=True)
class HubDataset:
    """A dataset's repository on the Hub before an upload: its last commit and that one's files.

    `head` is None where there is no such repository yet, `exported` where it holds no export: else the names of the
    files that the last upload wrote.
    """

    name: str
    private: bool
    head: str | None = None
    files: frozenset[str] = frozenset()
    exported: frozenset[str] | None = None


def check_name(name: str) -> None:
    """Raise InputError if this is not of the form OWNER/NAME; the Hub's client knows further rules."""
    if not NAME.fullmatch(name):
        found = f"got {name!r}" if name else "found none"
        raise InputError(f"REPO: expected OWNER/NAME, such as `make publish-dataset REPO=ada/trivia`, {found}")


def open_hub() -> HfApi:
    """Return a client of the Hub that HF_ENDPOINT names; raise InputError if there is no token for it."""
    token = get_token()
    if not token or not token.isascii():
        found = "one with other characters than a token has" if token else "none"
        raise InputError(
            f"HF_TOKEN: expected a token of the Hub that may write, found {found}; set it in .env, or run "
            "`hf auth login`"
        )
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # what it warns of is said by the command
    # The address is given, since the client reads the variable only once, when it is imported.
    return HfApi(endpoint=os.environ.get("HF_ENDPOINT"), token=token)


def find_dataset(hub: HfApi, name: str) -> HubDataset | None:
    """Return what the Hub has under a name that this token may read; None if it has nothing."""
    with explain_refusals(hub, name):
        try:
            info = hub.dataset_info(name)
        except RepositoryNotFoundError as error:
            if error.response.status_code == NOT_FOUND:
                return None
            raise
        files, exported = frozenset(sibling.rfilename for sibling in info.siblings or ()), None
        if MANIFEST in files:
            exported = _read_names(hub.hf_hub_download(name, MANIFEST, repo_type="dataset", revision=info.sha))
    return HubDataset(name, bool(info.private), info.sha, files, exported)


def _read_names(manifest: str) -> frozenset[str] | None:
    """Return the files that a manifest of an export names; None if it is some other manifest."""
    try:
        content = json.loads(Path(manifest).read_text(encoding="utf-8"))
        return frozenset(content["files"]) if "potstill" in content["versions"] else None
    except (ValueError, LookupError, TypeError):
        return None


def describe_upload(hub: HfApi, dataset: HubDataset, export: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Yield lines on where an export goes, what goes there, and what whoever reads it there should know."""
    names, visibility = list_files(manifest), "private" if dataset.private else "public"
    state = f"is there and is {visibility}" if dataset.head else f"is not there yet and will be {visibility}"
    yield f"dataset {dataset.name} on {hub.endpoint}: {state}"
    if dataset.head and dataset.exported is None:
        replaced = sorted(dataset.files.intersection(names))
        yield f"no export of Potstill is there yet; replaced: {format_names(replaced) or 'nothing'}; other files stay"
    size = sum((export / name).stat().st_size for name in names)
    rows: Counter[str] = Counter()
    for split in manifest["splits"].values():
        rows.update(split["rows"])
    counts = ", ".join(f"{name} {count:,}" for name, count in rows.items())
    yield f"to upload: {len(names)} files of {export}, {format_size(size)}; rows: {counts}"
    yield f"licence that the card states: {DatasetCard.load(export / CARD).data.license or 'none'}"
    yield from (f"warning: {warning}" for warning in manifest["warnings"])


def list_files(manifest: dict[str, Any]) -> list[str]:
    """Return the names of an export's files, the manifest's own last."""
    return [*manifest["files"], MANIFEST]


def upload_export(hub: HfApi, dataset: HubDataset, export: Path, manifest: dict[str, Any]) -> str | None:
    """Commit an export's files, in a new repository where there is none; return the commit's address.

    Files of the last upload that this export has not are deleted; other people's files stay. Return None, with no
    commit made, if the Hub has the same files. Raise InputError if the Hub refuses it.
    """
    digest = hashlib.sha256((export / MANIFEST).read_bytes()).hexdigest()
    names = list_files(manifest)
    stale = sorted((dataset.exported or frozenset()) & dataset.files - set(names))
    with explain_refusals(hub, dataset.name):
        if dataset.head is None:
            hub.create_repo(dataset.name, repo_type="dataset", private=dataset.private)
        commit = hub.create_commit(
            dataset.name,
            [*(CommitOperationAdd(name, export / name) for name in names), *map(CommitOperationDelete, stale)],
            repo_type="dataset",
            commit_message=f"Upload Potstill's export {digest[:SHORT]}",
            commit_description=f"sha256 of {MANIFEST}: {digest}",
            parent_commit=dataset.head,
        )
    return None if commit.oid == dataset.head else str(commit.commit_url)


@contextmanager
def explain_refusals(hub: HfApi, name: str) -> Iterator[None]:
    """Raise InputError, one sentence, where the Hub refuses something or cannot be reached."""
    try:
        yield
    except HfHubHTTPError as error:
        raise InputError(_describe_refusal(hub, name, error)) from None
    except json.JSONDecodeError:
        raise InputError(f"{name}: what {hub.endpoint} answered is not the Hub's: check HF_ENDPOINT") from None
    except ValueError as error:
        raise InputError(f"{name}: the Hub's client refuses it: {' '.join(str(error).split())}") from None
    except (httpx2.TransportError, ConnectionError) as error:
        raise InputError(
            f"{name}: the Hub at {hub.endpoint} cannot be reached ({first_line(error)}); check the network, "
            "HF_ENDPOINT and HF_HUB_OFFLINE"
        ) from None


def _describe_refusal(hub: HfApi, name: str, error: HfHubHTTPError) -> str:
    """Return a sentence on what the Hub answered, and on what to do."""
    status, reason = error.response.status_code, " ".join((error.server_message or "").split())
    said = f" ({reason})" if reason else ""
    if status == UNAUTHORIZED:
        return f"HF_TOKEN: {hub.endpoint} refused it{said}; make one that may write at {hub.endpoint}/settings/tokens"
    if status == FORBIDDEN:
        owner = name.partition("/")[0]
        return f"{name}: the token may not write there{said}; use one with the right to write to what is {owner}'s"
    if status == CHANGED:
        return f"{name}: somebody committed there meanwhile; run this again"
    return f"{name}: {hub.endpoint} answered with status {status}{said}; try later"
