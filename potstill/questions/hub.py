"""Datasets on the Hugging Face Hub, and what its client says where one cannot be had."""

import json
import re
from pathlib import Path

import datasets
from huggingface_hub import DatasetInfo, HfApi, constants, try_to_load_from_cache
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from potstill.core.errors import InputError
from potstill.questions.files import UNREADABLE, describe_failure, one_line
from potstill.questions.licenses import CARD, License, parse_license, read_license

COMMIT = re.compile(r"[0-9a-f]{40}")
FORBIDDEN = (401, 403)


def load_from_hub(path: str, name: str | None, revision: str | None) -> tuple[datasets.DatasetDict, str, License]:
    """Return a dataset's splits, the commit that was read and its licence; an InputError says why there are none."""
    commit, license_ = _resolve_commit(path, revision)
    try:
        loaded = datasets.load_dataset(path, name=name, revision=commit)
    except Exception as error:
        if not isinstance(error, UNREADABLE) and not _is_connection_error(error):
            raise
        if "BuilderConfig" in str(error) or "Config name is missing" in str(error):
            raise InputError(f"{path}: name: {one_line(error)}") from None
        raise InputError(f"{path}: cannot be read from {constants.ENDPOINT}: {describe_failure(error)}") from None
    _check_commit(path, commit, loaded)
    return loaded, commit, license_


def _check_commit(path: str, commit: str, loaded: datasets.DatasetDict) -> None:
    """Raise InputError if `datasets` took another commit from its cache, as it does where it cannot have this one."""
    found = {Path(file["filename"]).parent.name for rows in loaded.values() for file in rows.cache_files}
    if found - {commit}:
        raise InputError(
            f"{path}: expected commit {commit}, which {constants.ENDPOINT} did not give; the local cache has "
            f"{', '.join(found)}: name that one as revision, or go on where the Hub can be reached"
        )


def _resolve_commit(path: str, revision: str | None) -> tuple[str, License]:
    """Return the commit that the Hub has for a revision, and the licence that its card states there.

    Offline, a full commit is taken as it is, and its card from the local cache, where `datasets` keeps it.
    """
    try:
        info: DatasetInfo = HfApi().dataset_info(path, revision=revision)
    except OfflineModeIsEnabled:
        if revision and COMMIT.fullmatch(revision):
            return revision, _read_cached_license(path, revision)
        raise InputError(f"{path}: revision: expected a full commit while HF_HUB_OFFLINE is set") from None
    except HFValidationError:
        raise InputError(
            f"{path}: expected a dataset's id on the Hub, NAMESPACE/NAME, or a place below data/source"
        ) from None
    except RevisionNotFoundError:
        raise InputError(f"{path}: revision: {revision!r} does not exist on {constants.ENDPOINT}") from None
    except RepositoryNotFoundError:
        raise InputError(
            f"{path}: no such dataset on {constants.ENDPOINT}, or it is private: "
            "check its path in params.yaml, or set HF_TOKEN"
        ) from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        advice = "set HF_TOKEN" if status in FORBIDDEN else "try later"
        raise InputError(f"{path}: {constants.ENDPOINT} answered with status {status}; {advice}") from None
    except json.JSONDecodeError:
        raise InputError(
            f"{path}: what {constants.ENDPOINT} answered is not the Hub's: check HF_ENDPOINT, and whether the "
            "network asks for a login"
        ) from None
    except Exception as error:
        if not _is_connection_error(error):
            raise
        raise InputError(
            f"{path}: the Hub at {constants.ENDPOINT} cannot be reached ({error}): check the network and "
            "HF_ENDPOINT, or set HF_HUB_OFFLINE=1 if the dataset is in the local cache"
        ) from None
    return str(info.sha), parse_license(info.card_data.get("license") if info.card_data else None)


def _read_cached_license(path: str, commit: str) -> License:
    """Return the licence of a dataset's card at a commit, if the local cache has it."""
    cached = try_to_load_from_cache(path, CARD, revision=commit, repo_type="dataset")
    return read_license(Path(cached)) if isinstance(cached, str) else None


def _is_connection_error(error: Exception) -> bool:
    """Return whether an error is a transport error of the Hub's client, whichever HTTP library its version uses."""
    return any(kind.__name__ in ("TransportError", "ConnectionError", "Timeout") for kind in type(error).__mro__)
