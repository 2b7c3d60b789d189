"""The Hub on loopback, as far as huggingface_hub asks for it to make a dataset repository and to commit to it."""

import base64
import hashlib
import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from ruamel.yaml import YAML

from tests.servers.hub import HubServer, build_handler

WRITER, READER = "hf_writer", "hf_reader"
LICENCES = ("apache-2.0", "mit", "unknown")


@dataclass(frozen=True)
class HubCommit:
    """A commit as its maker sent it."""

    title: str
    description: str
    uploaded: frozenset[str]
    deleted: frozenset[str]


class UploadHub(HubServer):
    """A Hub that knows two tokens, of which one may write, and begins without the repository `repo_id`.

    It takes every file as a part of the commit; the real Hub has the client upload large and binary ones beforehand.
    """

    def __init__(self, repo_id: str) -> None:
        self.private: bool | None = None
        self.made: list[HubCommit] = []
        super().__init__(repo_id, {})

    def build_handler(self) -> type[BaseHTTPRequestHandler]:
        return build_upload_handler(self)

    @property
    def address(self) -> str:
        """Where people see the repository."""
        return f"{self.endpoint}/datasets/{self.repo_id}"

    @property
    def files(self) -> dict[str, bytes]:
        """What `main` holds."""
        return self.commits[self.revisions["main"]]

    def describe(self, commit: str) -> dict[str, Any]:
        return super().describe(commit) | {"private": self.private}

    def create(self, *, private: bool, **files: bytes) -> None:
        """Make the repository, as the Hub does with a first commit of its own, and as if people added files."""
        self.private = private
        self.add_commit({".gitattributes": b"*.parquet filter=lfs\n"} | files)

    def add_commit(self, files: dict[str, bytes]) -> str:
        commit = f"{len(self.commits) + 1:040x}"
        self.commits[commit] = files
        self.revisions |= {commit: commit, "main": commit}
        return commit

    def apply(self, lines: list[dict[str, Any]]) -> str:
        """Make a commit of what was sent: a header, and a line for each file."""
        header, *changes = [line["value"] | {"key": line["key"]} for line in lines]
        uploaded = {c["path"]: base64.b64decode(c["content"]) for c in changes if c["key"] == "file"}
        deleted = frozenset(c["path"] for c in changes if c["key"] == "deletedFile")
        assert deleted <= self.files.keys()
        assert len(uploaded) + len(deleted) == len(changes) > 0
        assert header.get("parentCommit", self.revisions["main"]) == self.revisions["main"]
        self.made.append(HubCommit(header["summary"], header["description"], frozenset(uploaded), deleted))
        kept = {name: content for name, content in self.files.items() if name not in deleted}
        return self.add_commit(kept | uploaded)


def build_upload_handler(hub: UploadHub) -> type[BaseHTTPRequestHandler]:
    reading: Any = build_handler(hub)

    class Handler(reading, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.token not in (None, WRITER, READER):
                self.answer_error(401, "Invalid credentials in Authorization header")
            elif self.token and hub.private is None:
                self.answer_error(404, "Repository not found", "RepoNotFound")
            elif self.token is None and hub.private is not False:
                self.answer_error(401, "Repository not found", "RepoNotFound")
            else:
                super().do_GET()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            repository = f"/api/datasets/{hub.repo_id}"
            if self.path == "/api/validate-yaml":
                self.answer_card(json.loads(body)["content"])
            elif self.token != WRITER:
                self.answer_error(403, "You don't have the rights to do this")
            elif self.path == "/api/repos/create":
                self.answer_creation(json.loads(body))
            elif self.path == f"{repository}/preupload/main":
                self.answer_json({"files": [self.describe_upload(**file) for file in json.loads(body)["files"]]})
            else:
                assert self.path == f"{repository}/commit/main"
                commit = hub.apply([json.loads(line) for line in body.splitlines()])
                self.answer_json({"commitUrl": f"{hub.address}/commit/{commit}", "commitOid": commit})

        @property
        def token(self) -> str | None:
            header = self.headers["Authorization"]
            return header.removeprefix("Bearer ") if header else None

        def answer_card(self, content: str) -> None:
            known = YAML(typ="safe").load(content.split("---\n")[1])["license"] in LICENCES
            errors = [] if known else [{"message": '"license" is not known'}]
            answer = json.dumps({"errors": errors, "warnings": []}).encode()
            self.answer(400 if errors else 200, answer, {"Content-Type": "application/json"})

        def answer_creation(self, wanted: dict[str, Any]) -> None:
            owner, name = hub.repo_id.split("/")
            assert (wanted["organization"], wanted["name"], wanted["type"]) == (owner, name, "dataset")
            if hub.private is not None:
                self.answer_error(409, "You already created this dataset repo")
                return
            hub.create(private=wanted["visibility"] == "private")
            self.answer_json({"url": hub.address})

        def describe_upload(self, path: str, **_: Any) -> dict[str, Any]:
            old = hub.files.get(path)
            oid = None if old is None else hashlib.sha1(b"blob %d\0" % len(old) + old).hexdigest()
            return {"path": path, "uploadMode": "regular", "shouldIgnore": False, "oid": oid}

    return Handler
