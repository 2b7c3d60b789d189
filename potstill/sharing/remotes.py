"""The remote storage of a project: which it is, what opens it, and whether it does."""

import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

from dvc.fs.callbacks import TqdmCallback
from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.sharing.services import CONFIG, FOLDER, NONE_SET, PRIVATE_CONFIG, SERVICES, find_service, strip_secrets
from potstill.sharing.storage_errors import build_storage_error

ANSWER_TIMEOUT_S = 60
LEVELS = (("repo", CONFIG), ("local", PRIVATE_CONFIG), ("global", "DVC's configuration in your home"))
T = TypeVar("T")


class Remote:
    """The default remote of a project; every method raises InputError if its service refuses."""

    def __init__(self, repo: Repo) -> None:
        """Read DVC's configuration; the service is not asked yet. Raise InputError if no remote is set."""
        name = repo.config["core"].get("remote")
        if not name:
            raise InputError(f"{CONFIG}: {NONE_SET}")
        if name not in repo.config["remote"]:
            raise InputError(f"{CONFIG}: the default remote {name} is not there; `make remote URL=...` sets one")
        self.name: str = name
        url = repo.config["remote"][name]["url"]
        self.url = strip_secrets(url)
        self.service = find_service(url)
        self._repo = repo
        try:
            self._remote = repo.cloud.get_remote(name)
        except ImportError:
            raise InputError(
                f"remote {name} ({self.url}): {self.service.title} needs a package that is not here; run "
                f"`.venv/bin/uv pip install --python .venv {self.service.package}`"
            ) from None
        except Exception as error:  # noqa: BLE001 (each service has errors of its own)
            raise self.build_error(error) from None

    @property
    def objects(self) -> Any:
        """The objects that the remote keeps, by their md5."""
        return self._remote.odb

    def build_error(self, error: Exception) -> InputError:
        """Return a sentence of an error of the service."""
        return build_storage_error(self.name, self.url, error, self.service.describe_credential_places(self.name))

    def call(self, operation: Callable[[], T], timeout_s: float = ANSWER_TIMEOUT_S) -> T:
        """Return what a small operation of the service returns; raise InputError if it fails or takes too long."""
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(operation())
            except Exception as error:  # noqa: BLE001 (each service has errors of its own)
                answer.set_exception(self.build_error(error))

        Thread(target=run, daemon=True).start()
        try:
            return answer.result(timeout_s)
        except TimeoutError:
            raise InputError(
                f"remote {self.name} ({self.url}): no answer within {timeout_s:g} s; check the network and the address"
            ) from None

    def find(self, objects: Iterable[str]) -> set[str]:
        """Return which objects the remote has; each is looked up, since a listing proves no file of it."""
        wanted = sorted(set(objects))
        try:
            with TqdmCallback(desc=f"Looking in {self.url}", unit="file") as bar:

                def show(_phase: str, total: int | None, found: int) -> None:
                    bar.set_size(total)
                    bar.absolute_update(found)

                return set(self.objects.oids_exist(wanted, progress=show)) if wanted else set()
        except Exception as error:  # noqa: BLE001 (each service has errors of its own)
            raise self.build_error(error) from None

    def find_whole(self, sizes: Mapping[str, int]) -> set[str]:
        """Return which objects (with their sizes in bytes) the remote has in that size."""
        stored = sorted(self.find(sizes))
        files, paths = self._remote.fs, [self.objects.oid_to_path(md5) for md5 in stored]
        try:
            with ThreadPoolExecutor(files.jobs) as pool:
                stored_sizes = list(pool.map(files.size, paths))
        except Exception as error:  # noqa: BLE001 (each service has errors of its own)
            raise self.build_error(error) from None
        return {md5 for md5, size in zip(stored, stored_sizes, strict=True) if size == sizes[md5]}

    def check_readable(self) -> None:
        """List the remote's folder; one that is missing in a container that exists counts as empty."""
        self.call(self._list)

    def _list(self) -> None:
        """List the remote's folder; raise FileNotFoundError if the place that it would be in is not there either."""
        files, path = self._remote.fs.fs, self._remote.path
        try:
            files.ls(path, refresh=True) if self.service is not FOLDER else files.ls(path)
        except FileNotFoundError:
            if self.service is FOLDER or not self._container_exists():
                raise

    def _container_exists(self) -> bool:
        """Return whether the container, bucket or host is there."""
        return bool(self._remote.fs.fs.exists(self.container))

    @property
    def container(self) -> str:
        """The container, bucket or host that the remote's folder is in."""
        return str(self._remote.path).strip("/").split("/")[0]

    def make_container(self) -> bool:
        """Make the folder, or the container on Azure, if it is missing; return whether it was."""
        if self.service is FOLDER:
            missing = not os.path.isdir(self._remote.path)  # noqa: PTH112 (DVC's path is text)
            self.call(lambda: self._remote.fs.makedirs(self._remote.path, exist_ok=True))
            return missing
        if self.service is not SERVICES["azure"] or self.call(self._container_exists):
            return False
        self.call(lambda: self._remote.fs.fs.mkdir(self.container))
        return True

    def check_writable(self) -> None:
        """Write, read and remove one small object; raise InputError if another content comes back."""
        files = self._remote.fs.fs
        path = f"{self._remote.path.rstrip('/')}/potstill-check-{secrets.token_hex(8)}"
        content = secrets.token_bytes(16)

        def write_and_read() -> bytes:
            files.pipe_file(path, content)
            try:
                return bytes(files.cat_file(path))
            finally:
                files.rm_file(path)

        if self.call(write_and_read) != content:
            raise InputError(f"remote {self.name} ({self.url}): what was written there came back otherwise")

    def describe_credentials(self) -> str:
        """Return which credentials open the remote and where they are set; raise InputError if git would keep them."""
        configs = {place: self._repo.config.load_one(level) for level, place in LEVELS}
        options = {place: config.get("remote", {}).get(self.name, {}) for place, config in configs.items()}
        self._check_committed(options[CONFIG])
        for place, names in options.items():
            for name in self.service.secret:
                if name in names:
                    return f"with {name} from {place}"
        variables = " and ".join(name for name in self.service.variables if os.environ.get(name))
        return f"with {variables} from the environment" if variables else f"with {self.service.default_login}"

    def _check_committed(self, options: Mapping[str, str]) -> None:
        """Raise InputError if the configuration that git keeps holds a secret."""
        if urlsplit(options.get("url", "")).password:
            raise InputError(
                f"{CONFIG}: the URL of remote {self.name} holds a password, and git keeps this file; "
                "`make remote URL=...` sets another one"
            )
        for name in self.service.secret:
            if name in options:
                raise InputError(
                    f"{CONFIG}: {name} of remote {self.name} is set here, which git keeps: "
                    f"`dvc remote modify --unset {self.name} {name}`, then the same with --local and its value"
                )


def open_remote(repo: Repo) -> Remote:
    """Return the default remote after a check that it can be read; raise InputError if none is set."""
    remote = Remote(repo)
    remote.check_readable()
    return remote


def find_remote(repo: Repo) -> Remote | None:
    """Return the default remote after a check that it can be read; None if none is set."""
    return open_remote(repo) if repo.config["core"].get("remote") else None
