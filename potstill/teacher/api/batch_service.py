"""OpenAI's files and batches, at OpenAI or at Azure's /openai/v1: one call each, with the errors of any other call."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx2
from openai import APIConnectionError, APIError, APIStatusError, Omit
from openai.types import Batch, FileObject

from potstill.core.errors import CallError, RejectedError, TransientError
from potstill.teacher.api.completions import parse_body
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.api.http_responses import read_reply
from potstill.teacher.api.logins import Login, redact
from potstill.teacher.api.network import classify_connection_error
from potstill.teacher.api.openai import NOT_CONNECTED, OTHERS_HEADERS, SCOPE, open_openai
from potstill.teacher.api.options import RequestOptions
from potstill.teacher.api.replies import HttpResponse, Reply

if TYPE_CHECKING:
    from openai import AsyncOpenAI

ROUTE: Final = "/v1/chat/completions"
PAGE = 100
READY = ("processed", "uploaded")  # of a file
LOOK_S, MOST_LOOKS = 1, 120
ENDED = ("completed", "failed", "expired", "cancelled")


class NeverExecutedError(TransientError):
    """A batch ended before it came to this request."""


@dataclass(frozen=True)
class BatchState:
    """What the service says of a batch: its state, how many of its requests are done, and where the answers are."""

    id: str
    state: str
    done: int
    failed: int
    files: tuple[str, ...]
    error_code: str | None
    error: str | None

    @property
    def has_ended(self) -> bool:
        """Return whether no more answers will come."""
        return self.state in ENDED


class BatchService:
    """The batches of one endpoint; each method makes a call and raises a FatalError, RejectedError or TransientError.

    `upload`, `find` and `download` may take several requests, and long.
    """

    def __init__(
        self, credentials: Credentials, timeout_s: float, options: RequestOptions, scope: str | None = None
    ) -> None:
        """Keep the endpoint, and what requests there say; open no connection yet."""
        self.credentials = credentials
        self._timeout_s = timeout_s
        self._options = options
        self._login = Login(credentials, scope or SCOPE)
        self._opened: AsyncOpenAI | None = None

    async def upload(self, lines: Path, name: str) -> str:
        """Upload a file of requests, and return its id once a batch can be made of it: Azure takes a while."""
        async with self._calling() as (client, headers):
            with lines.open("rb") as file:
                uploaded = await client.files.create(
                    file=(name, file, "application/jsonl"), purpose="batch", extra_headers=headers
                )
            for _ in range(MOST_LOOKS):
                if not isinstance(uploaded, FileObject):
                    raise TransientError("the service's answer is no file")
                if uploaded.status in READY:
                    return uploaded.id
                if uploaded.status == "error":
                    break
                await asyncio.sleep(LOOK_S)
                uploaded = await client.files.retrieve(uploaded.id, extra_headers=headers)
        raise RejectedError(f"the uploaded file stays in the state {uploaded.status}")

    async def submit(self, file: str) -> BatchState:
        """Begin a batch of the requests in an uploaded file."""
        async with self._calling() as (client, headers):
            batch = await client.batches.create(
                input_file_id=file, endpoint=ROUTE, completion_window="24h", extra_headers=headers
            )
            return self._read(batch)

    async def retrieve(self, identity: str) -> BatchState:
        """Return how far a batch is."""
        async with self._calling() as (client, headers):
            return self._read(await client.batches.retrieve(identity, extra_headers=headers))

    async def cancel(self, identity: str) -> BatchState:
        """Cancel a batch; what it has answered by then is kept, and paid."""
        async with self._calling() as (client, headers):
            return self._read(await client.batches.cancel(identity, extra_headers=headers))

    async def find(self, file: str) -> BatchState | None:
        """Return the batch of an uploaded file, None if there is none; nobody says in which order they are listed."""
        async with self._calling() as (client, headers):
            async for batch in client.batches.list(limit=PAGE, extra_headers=headers):
                if batch.input_file_id == file:
                    return self._read(batch)
        return None

    async def check(self) -> None:
        """List one batch, to see whether there are batches here."""
        async with self._calling() as (client, headers):
            await client.batches.list(limit=1, extra_headers=headers)

    async def download(self, file: str, path: Path) -> None:
        """Write a file of answers to a path."""
        async with self._calling() as (client, headers):
            stream = client.files.with_streaming_response.content(file, extra_headers=headers)
            async with stream as response:
                await response.stream_to_file(path)

    def read_line(self, line: bytes) -> tuple[str, Reply | CallError]:
        """Return the custom id of a line of answers, and its Reply or error; raise ValueError for no such line."""
        fields = parse_body(line)
        key = fields.get("custom_id") if isinstance(fields, Mapping) else None
        if not isinstance(fields, Mapping) or not isinstance(key, str):
            raise ValueError("expected an object with a custom_id")
        response, error = fields.get("response"), fields.get("error")
        try:
            if isinstance(response, Mapping) and isinstance(status := response.get("status_code"), int):
                body = json.dumps(response.get("body")).encode()
                return key, self._read_response(HttpResponse(status, {}, body))
        except CallError as refusal:
            return key, refusal
        code, message = (error.get(name) for name in ("code", "message")) if isinstance(error, Mapping) else ("", "")
        return key, NeverExecutedError(self._quote(f"{code}: {message}"))

    async def close(self) -> None:
        """Close the connections."""
        await self._login.close()
        if self._opened:
            await self._opened.close()

    @asynccontextmanager
    async def _calling(self) -> "AsyncIterator[tuple[AsyncOpenAI, dict[str, str | Omit]]]":
        """Yield the client and the headers of a call, and turn the library's errors into those of any other call."""
        secret = await self._login.get_secret()
        self._opened = self._opened or open_openai(self.credentials.endpoint, self._timeout_s)
        failure: CallError | None = None
        refused: HttpResponse | None = None
        try:
            yield self._opened, {**OTHERS_HEADERS, "Authorization": f"Bearer {secret}"}
        except APIStatusError as error:
            response = error.response
            refused = HttpResponse(response.status_code, response.headers, await response.aread())
        except (APIConnectionError, httpx2.TransportError) as error:
            failure = classify_connection_error(error, NOT_CONNECTED, self.credentials, self._timeout_s)
        except (APIError, ValueError, AttributeError):  # what the library makes of a page, or of half an answer
            failure = TransientError("the service's answer is none of OpenAI's")
        if refused is not None:
            failure = self._classify(refused)
        if failure is not None:
            raise failure

    def _read_response(self, response: HttpResponse) -> Reply:
        """Return the Reply, or raise the error, that a response means."""
        return read_reply(response, self.credentials, self._login.secrets, self._options)

    def _classify(self, response: HttpResponse) -> CallError:
        """Return what a refusal means; a file or a batch that is not there is no reason to end the run."""
        if response.status == HTTPStatus.NOT_FOUND:
            return RejectedError(f"status 404: {self._quote(response.content.decode(errors='replace'))}")
        try:
            self._read_response(response)
        except CallError as error:
            return error
        return TransientError(f"status {response.status}")

    def _read(self, batch: object) -> BatchState:
        """Return what matters of the library's batch."""
        if not isinstance(batch, Batch):  # as where a proxy answers with a page
            raise TransientError("the service's answer is no batch")
        counts, errors = batch.request_counts, (batch.errors and batch.errors.data) or []
        return BatchState(
            id=batch.id,
            state=batch.status,
            done=counts.completed if counts else 0,
            failed=counts.failed if counts else 0,
            files=tuple(file for file in (batch.output_file_id, batch.error_file_id) if file),
            error_code=errors[0].code if errors else None,
            error=self._quote(f"{errors[0].code}: {errors[0].message}") if errors else None,
        )

    def _quote(self, text: str) -> str:
        """Return the service's words fit for a sentence."""
        return " ".join(redact(text, self._login.secrets).split())[:300]
