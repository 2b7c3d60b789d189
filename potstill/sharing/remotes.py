"""The remote storage of a project: which it is, what opens it, and whether it does."""

import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

from dvc.repo import Repo

from potstill.core.errors import InputError
from potstill.sharing.services import CONFIG, FOLDER, NONE_SET, PRIVATE_CONFIG, SERVICES, service_of, without_secrets
from potstill.sharing.storage_errors import build_storage_error

ANSWER_TIMEOUT_S = 60
LEVELS = (("repo", CONFIG), ("local", PRIVATE_CONFIG), ("global", "DVC's configuration in your home"))
T = TypeVar("T")


class Remote:
    """The default remote of a project. What its service complains of comes as an InputError."""

    def __init__(self, repo: Repo) -> None:
        """Find it in DVC's configuration, without a word to the service."""
        name = repo.config["core"].get("remote")
        if not name:
            raise InputError(f"{CONFIG}: {NONE_SET}")
        if name not in repo.config["remote"]:
            raise InputError(f"{CONFIG}: the default remote {name} is not there; `make remote URL=...` sets one")
        self.name: str = name
        url = repo.config["remote"][name]["url"]
        self.url = without_secrets(url)
        self.service = service_of(url)
        self._repo = repo
        try:
            self._remote = repo.cloud.get_remote(name)
        except ImportError:
            raise InputError(
                f"remote {name} ({self.url}): {self.service.title} needs a package that is not here; run "
                f"`.venv/bin/uv pip install --python .venv {self.service.package}`"
            ) from None
        except Exception as error:  # noqa: BLE001 (each service has errors of its own)
            raise self.storage_error(error) from None

    @property
    def objects(self) -> Any:
        """The objects that the remote keeps, by their md5."""
        return self._remote.odb

    def storage_error(self, error: Exception) -> InputError:
        """Make a sentence of an error of the service."""
        return build_storage_error(self.name, self.url, error, self.where_credentials_belong)

    @property
    def where_credentials_belong(self) -> str:
        """Say where to put what opens this remote."""
        return self.service.where_credentials_belong(self.name)

    def ask(self, question: Callable[[], T], timeout_s: float = ANSWER_TIMEOUT_S) -> T:
        """Ask the service something small; what fails, or has no answer in time, comes as an InputError."""
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(question())
            except Exception as error:  # noqa: BLE001 (each service has errors of its own)
                answer.set_exception(self.storage_error(error))

        Thread(target=run, daemon=True).start()
        try:
            return answer.result(timeout_s)
        except TimeoutError:
            raise InputError(
                f"remote {self.name} ({self.url}): no answer within {timeout_s:g} s; check the network and the address"
            ) from None

    def find(self, objects: Iterable[str]) -> set[str]:
        """Return which objects the remote has. Each is asked for: a listing that is there proves no file of it."""
        wanted = sorted(set(objects))
        try:
            return set(self.objects.oids_exist(wanted)) if wanted else set()
        except Exception as error:  # noqa: BLE001 (each service has errors of its own)
            raise self.storage_error(error) from None

    def find_whole(self, sizes: Mapping[str, int]) -> set[str]:
        """Return which objects, each given with its size in bytes, the remote has in that size."""
        there = sorted(self.find(sizes))
        files, paths = self._remote.fs, [self.objects.oid_to_path(md5) for md5 in there]
        try:
            with ThreadPoolExecutor(files.jobs) as pool:
                found = list(pool.map(files.size, paths))
        except Exception as error:  # noqa: BLE001 (each service has errors of its own)
            raise self.storage_error(error) from None
        return {md5 for md5, size in zip(there, found, strict=True) if size == sizes[md5]}

    def check_readable(self) -> None:
        """List the remote's folder; one that does not exist yet, in a place that does, is as good as empty."""
        self.ask(self._list)

    def _list(self) -> None:
        files, path = self._remote.fs.fs, self._remote.path
        try:
            files.ls(path, refresh=True) if self.service is not FOLDER else files.ls(path)
        except FileNotFoundError:
            if self.service is FOLDER or not self._place_exists():
                raise

    def _place_exists(self) -> bool:
        return bool(self._remote.fs.fs.exists(self.place))

    @property
    def place(self) -> str:
        """The container, bucket or host that the remote's folder is in."""
        return str(self._remote.path).strip("/").split("/")[0]

    def make_place(self) -> bool:
        """Make the folder, or the container on Azure, where it is missing; tell whether it was."""
        if self.service is FOLDER:
            missing = not os.path.isdir(self._remote.path)  # noqa: PTH112 (DVC's path is text)
            self.ask(lambda: self._remote.fs.makedirs(self._remote.path, exist_ok=True))
            return missing
        if self.service is not SERVICES["azure"] or self.ask(self._place_exists):
            return False
        self.ask(lambda: self._remote.fs.fs.mkdir(self.place))
        return True

    def check_writable(self) -> None:
        """Write one small object, read it, and remove it."""
        files = self._remote.fs.fs
        path = f"{self._remote.path.rstrip('/')}/potstill-check-{secrets.token_hex(8)}"
        content = secrets.token_bytes(16)

        def try_out() -> bytes:
            files.pipe_file(path, content)
            try:
                return bytes(files.cat_file(path))
            finally:
                files.rm_file(path)

        if self.ask(try_out) != content:
            raise InputError(f"remote {self.name} ({self.url}): what was written there came back otherwise")

    def describe_credentials(self) -> str:
        """Say what opens the remote and where it stands, and never what it is."""
        options = {place: self._repo.config.load_one(level) for level, place in LEVELS}
        for place, config in options.items():
            if place == CONFIG and urlsplit(config.get("remote", {}).get(self.name, {}).get("url", "")).password:
                raise InputError(
                    f"{CONFIG}: the URL of remote {self.name} holds a password, and git keeps this file; "
                    "`make remote URL=...` sets another one"
                )
            found = [name for name in self.service.secret if name in config.get("remote", {}).get(self.name, {})]
            if found and place == CONFIG:
                raise InputError(
                    f"{CONFIG}: {found[0]} of remote {self.name} stands here, which git keeps: "
                    f"`dvc remote modify --unset {self.name} {found[0]}`, then the same with --local and its value"
                )
            if found:
                return f"with {found[0]} from {place}"
        variables = [name for name in self.service.variables if os.environ.get(name)]
        return f"with {' and '.join(variables)} from the environment" if variables else f"with {self.service.otherwise}"


def find_remote(repo: Repo) -> Remote | None:
    """Return the default remote, after a look that it can be read; None where none is set."""
    if not repo.config["core"].get("remote"):
        return None
    remote = Remote(repo)
    remote.check_readable()
    return remote
