"""OpenAI's files and batches on loopback, as its reference describes them, with the faults that a test scripts."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from time import time
from typing import Any

from aiohttp import BodyPartReader, web

from tests.servers.teacher import Answer, Call, TeacherServer

STATES = ("validating", "in_progress", "finalizing", "completed")
OK = 200
FULL = "token_limit_exceeded"
CHARACTERS_PER_TOKEN = 4


@dataclass
class ServedBatch:
    """A batch as this server has it: its lines, where it is in STATES or how it ended, and the lines of its files."""

    id: str
    input_file: str
    lines: list[dict[str, Any]]
    state: str = "validating"
    created_at: int = field(default_factory=lambda: int(time()))
    answers: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    refusal: tuple[str, str] | None = None

    @property
    def tokens(self) -> int:
        """About how many tokens its prompts have."""
        return sum(len(m["content"]) for line in self.lines for m in line["body"]["messages"]) // CHARACTERS_PER_TOKEN


class BatchServer(TeacherServer):
    """Each look at a batch brings it a state further, unless it is held; its requests are answered as it begins.

    Answers are those that are scripted, out of order, in the files as the service has them: an answer of another
    status than 200 is in the error file.
    """

    def __init__(self) -> None:
        super().__init__()
        self.held = False
        self.uploads_cut = 0  # so many uploads break off in mid-body
        self.accepted_with_500 = 0  # so many batches are begun, and answered with an error
        self.files_pending = 0  # for so many looks the next file cannot be used
        self.upload_delay_s = 0.0  # until the answer to an upload
        self.downloads_refused = 0  # so many fetches of a file are answered with 503
        self.refuses_to_cancel = False
        self.create_delay_s = 0.0  # until the answer to a batch that was begun
        self.looks_refused = 0  # so many looks are answered with 429
        self.lines_left_out = 0  # of the next answers file that is fetched
        self.next_look_delay_s = 0.0  # until the answer to the next look, of whoever makes it
        self.pages_looked_at = 0  # so many looks are answered with a page, as by a proxy
        self.files_withheld = 0  # for so many looks an ended batch names no files
        self.expires_after: int | None = None  # the next batch expires after so many answers
        self.token_limit: int | None = None  # of all batches at once
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, ServedBatch] = {}
        self.served: Counter[str] = Counter()  # how often each custom id was answered
        self.steps: Counter[str] = Counter()  # how often each route was called
        self._numbers = count(1)

    def _add_routes(self, app: web.Application) -> None:
        routes = {
            ("POST", "/files"): self._upload,
            ("GET", "/files/{id}"): self._look_at_file,
            ("GET", "/files/{id}/content"): self._download,
            ("POST", "/batches"): self._create,
            ("GET", "/batches"): self._list,
            ("GET", "/batches/{id}"): self._look,
            ("POST", "/batches/{id}/cancel"): self._cancel,
        }
        for (method, path), answer in routes.items():
            app.router.add_route(method, f"/models{path}", answer)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        self.steps["upload"] += 1
        if self.uploads_cut:
            self.uploads_cut -= 1
            await request.content.read(64)
            assert request.transport
            request.transport.close()
        # Not by `post()`, which leaves a temporary file open when the client is killed meanwhile.
        parts = {
            part.name: await part.read() async for part in await request.multipart() if isinstance(part, BodyPartReader)
        }
        assert parts["purpose"] == b"batch"
        identity = f"file-{next(self._numbers)}"
        self.files[identity] = parts["file"]
        await asyncio.sleep(self.upload_delay_s)
        return self._show_file(identity)

    async def _look_at_file(self, request: web.Request) -> web.StreamResponse:
        self.files_pending -= 1
        return self._show_file(request.match_info["id"])

    def _show_file(self, identity: str) -> web.Response:
        return web.json_response(
            {
                "id": identity,
                "object": "file",
                "bytes": len(self.files[identity]),
                "created_at": int(time()),
                "filename": "requests.jsonl",
                "purpose": "batch",
                "status": "pending" if self.files_pending else "processed",
            }
        )

    async def _download(self, request: web.Request) -> web.StreamResponse:
        self.steps["download"] += 1
        if self.downloads_refused:
            self.downloads_refused -= 1
            return web.json_response({"error": {"message": "busy"}}, status=503)
        content = self.files.get(request.match_info["id"])
        if content is None:
            return not_found(f"No such File object: {request.match_info['id']}")
        left_out, self.lines_left_out = self.lines_left_out, 0
        return web.Response(body=b"".join(content.splitlines(keepends=True)[left_out:]))

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.steps["create"] += 1
        asked = await request.json()
        assert asked["endpoint"] == "/v1/chat/completions"
        assert asked["completion_window"] == "24h"
        if asked["input_file_id"] not in self.files:
            return not_found(f"No such File object: {asked['input_file_id']}")
        assert not self.files_pending
        lines = [json.loads(line) for line in self.files[asked["input_file_id"]].splitlines()]
        batch = ServedBatch(f"batch_{next(self._numbers)}", asked["input_file_id"], lines)
        enqueued = sum(other.tokens for other in self.batches.values() if other.state in STATES[:3])
        self.batches[batch.id] = batch
        if self.token_limit is not None and enqueued + batch.tokens > self.token_limit:
            batch.refusal = (FULL, f"Enqueued token limit reached. Limit: {self.token_limit:,} enqueued tokens.")
        await asyncio.sleep(self.create_delay_s)
        if self.accepted_with_500:
            self.accepted_with_500 -= 1
            return web.json_response({"error": {"message": "The server had an error", "code": None}}, status=500)
        return web.json_response(shown(batch))

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.steps["list"] += 1
        newest = list(reversed(self.batches.values()))
        position = [batch.id for batch in newest].index(request.query["after"]) + 1 if "after" in request.query else 0
        page = newest[position : position + int(request.query["limit"])]
        more = position + len(page) < len(newest)
        return web.json_response({"object": "list", "data": [shown(batch) for batch in page], "has_more": more})

    async def _look(self, request: web.Request) -> web.StreamResponse:
        self.steps["look"] += 1
        delay_s, self.next_look_delay_s = self.next_look_delay_s, 0.0
        await asyncio.sleep(delay_s)
        if self.looks_refused:
            self.looks_refused -= 1
            return web.json_response({"error": {"message": "slow down"}}, status=429, headers={"retry-after": "0"})
        if self.pages_looked_at:
            self.pages_looked_at -= 1
            return web.Response(text="<html>", content_type="text/html")
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return not_found("No such batch")
        if batch.state in STATES[:3] and not (self.held and batch.state == "in_progress"):
            self._advance(batch)
        withheld = {}
        if batch.state == "completed" and self.files_withheld:
            self.files_withheld -= 1
            withheld = {"output_file_id": None}
        return web.json_response(shown(batch) | withheld)

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return not_found("No such batch")
        if self.refuses_to_cancel:
            return web.json_response({"error": {"message": "it is being finalized"}}, status=400)
        self.end(batch, "cancelled")
        return web.json_response(shown(batch) | {"status": "cancelling"})

    def _advance(self, batch: ServedBatch) -> None:
        if batch.refusal:
            batch.state = "failed"
            return
        batch.state = STATES[STATES.index(batch.state) + 1]
        if batch.state == "in_progress":
            self._serve_lines(batch)
            if self.expires_after is not None:
                self.expires_after = None
                self.end(batch, "expired")
        elif batch.state == "completed":
            self.end(batch, "completed")

    def _serve_lines(self, batch: ServedBatch) -> None:
        """Answer a batch's requests, at once: a client that goes away in mid-call is none of its business."""
        for line in batch.lines[: self.expires_after]:
            self.served[line["custom_id"]] += 1
            answer = self.choose_answer(Call(line["url"], {}, line["body"]))
            batch.errors.append(answered(line, answer)) if answer.status != OK else batch.answers.append(
                answered(line, answer)
            )

    def end(self, batch: ServedBatch, state: str) -> None:
        """Write the files of a batch; what was not served has an error there."""
        batch.state = state
        done = {line["custom_id"] for line in (*batch.answers, *batch.errors)}
        error = {"code": f"batch_{state}", "message": f"This request could not be executed: {state}."}
        unserved = [line["custom_id"] for line in batch.lines if line["custom_id"] not in done]
        batch.errors += [{"id": "x", "custom_id": key, "response": None, "error": error} for key in unserved]
        for name, lines in (("output", batch.answers), ("error", batch.errors)):
            if lines:
                text = "".join(json.dumps(line) + "\n" for line in reversed(lines))
                self.files[f"{batch.id}-{name}"] = text.encode()


def answered(line: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """Return the line of an answer."""
    response = {"status_code": answer.status, "request_id": "r", "body": answer.body}
    return {"id": "batch_req_1", "custom_id": line["custom_id"], "response": response, "error": None}


def shown(batch: ServedBatch) -> dict[str, Any]:
    """Return the batch object."""
    ended = batch.state not in STATES[:3]
    failed = [line for line in batch.errors if line["response"]]
    errors = batch.refusal and {
        "object": "list",
        "data": [{"code": batch.refusal[0], "message": batch.refusal[1], "line": None, "param": None}],
    }
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": batch.input_file,
        "completion_window": "24h",
        "status": batch.state,
        "created_at": batch.created_at,
        "errors": errors if batch.state == "failed" else None,
        "output_file_id": f"{batch.id}-output" if ended and batch.answers else None,
        "error_file_id": f"{batch.id}-error" if ended and batch.errors else None,
        "request_counts": {
            "total": len(batch.lines),
            "completed": len(batch.answers),
            "failed": len(failed),
        },
    }


def not_found(message: str) -> web.Response:
    """Return the error of what is not there."""
    return web.json_response({"error": {"message": message, "type": "invalid_request_error", "code": None}}, status=404)
