"""The Hugging Face Hub on loopback, as far as `datasets.load_dataset` asks for it: one public dataset repository."""

import hashlib
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml


class HubServer:
    """Serves `repo_id` on a free port; each commit is a folder of files, the last one is what `main` points at.

    What the real Hub has and this repository does not is refused as the real Hub refuses it. `paths` are those that
    were asked for.
    """

    def __init__(self, repo_id: str, commits: Mapping[str, Path]) -> None:
        self.repo_id = repo_id
        self.commits = {commit: _read_files(folder) for commit, folder in commits.items()}
        self.revisions = {commit: commit for commit in commits}
        if commits:
            self.revisions["main"] = list(commits)[-1]
        self.paths: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self.build_handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def build_handler(self) -> type[BaseHTTPRequestHandler]:
        """Return what answers a request."""
        return build_handler(self)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def describe(self, commit: str) -> dict[str, Any]:
        """Return the answer of the Hub's API about the repository at a commit; `cardData` only where it has a card."""
        files = self.commits[commit]
        described = {"id": self.repo_id, "sha": commit, "private": False, "gated": False, "tags": []}
        siblings = [{"rfilename": name} for name in files]
        card = {"cardData": yaml.safe_load(files["README.md"].split(b"---")[1])} if "README.md" in files else {}
        return described | {"siblings": siblings} | card

    def list_folder(self, commit: str, folder: str) -> list[dict[str, Any]]:
        """Return the answer of the Hub's API about a folder: what is in it, not below its own folders."""
        prefix = f"{folder}/" if folder else ""
        entries: dict[str, dict[str, Any]] = {}
        for name, content in self.commits[commit].items():
            if not name.startswith(prefix):
                continue
            child, *deeper = name.removeprefix(prefix).split("/")
            entry = {"type": "directory", "oid": _oid(b""), "size": 0} if deeper else _describe_file(content)
            entries[child] = entry | {"path": prefix + child}
        return list(entries.values())


def build_handler(hub: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            hub.paths.append(path)
            match path.strip("/").split("/"):
                case ["api", "datasets", owner, name, *rest] if f"{owner}/{name}" == hub.repo_id:
                    self.answer_api(rest)
                case ["datasets", owner, name, "resolve", revision, *parts] if f"{owner}/{name}" == hub.repo_id:
                    self.answer_file(revision, "/".join(parts))
                case ["api" | "datasets", *_]:
                    # Without a login, the Hub does not say whether a repository is missing or private.
                    self.answer_error(401, "Repository not found", "RepoNotFound")
                case ["broken", *_]:
                    self.answer_error(500, "Internal Server Error")
                case _:
                    self.answer(200, b"<!doctype html><title>A page for people</title>", {"Content-Type": "text/html"})

        def do_HEAD(self) -> None:
            self.do_GET()

        def answer_api(self, rest: list[str]) -> None:
            kind, revision, *folder = rest if rest else ["revision", "main"]
            commit = hub.revisions.get(revision)
            if commit is None:
                self.answer_error(404, f"Invalid rev id: {revision}", "RevisionNotFound")
            elif kind == "revision":
                self.answer_json(hub.describe(commit))
            elif kind == "tree" and (entries := hub.list_folder(commit, "/".join(folder))):
                self.answer_json(entries)
            else:
                self.answer_error(404, "Entry not found", "EntryNotFound")

        def answer_file(self, revision: str, name: str) -> None:
            commit = hub.revisions.get(revision)
            if commit is None:
                self.answer_error(404, f"Invalid rev id: {revision}", "RevisionNotFound")
            elif (content := hub.commits[commit].get(name)) is None:
                self.answer_error(404, "Entry not found", "EntryNotFound")
            else:
                self.answer(200, content, {"ETag": f'"{_oid(content)}"', "X-Repo-Commit": commit})

        def answer_json(self, value: object) -> None:
            self.answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

        def answer_error(self, status: int, message: str, code: str | None = None) -> None:
            headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
            self.answer(status, json.dumps({"error": message}).encode(), headers)

        def answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for header in (*headers.items(), ("Content-Length", str(len(content)))):
                self.send_header(*header)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    return Handler


def _read_files(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _describe_file(content: bytes) -> dict[str, Any]:
    return {"type": "file", "oid": _oid(content), "size": len(content)}


def _oid(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
