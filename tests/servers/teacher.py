"""A chat-completions server on loopback whose answers and faults a test scripts; the real clients talk to it."""

import asyncio
import json
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

from tests.servers.certificates import self_signed

MODEL = "stand-in-2024"
START_S = 10


@dataclass(frozen=True)
class Answer:
    """One scripted answer: what is sent, after how long, and how it goes wrong.

    `cut` closes the connection in the middle of the body, `reset` before the first byte, `nonsense` sends what is
    no HTTP, `hang` never answers, and `drip` sends a byte every 50 ms without end.
    """

    body: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0
    fault: Literal["cut", "reset", "nonsense", "hang", "drip"] | None = None


@dataclass(frozen=True)
class Call:
    """What one call sent, and when (monotonic) it came."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    peer: object = None
    at: float = field(default_factory=monotonic)

    def header(self, name: str) -> str | None:
        """Return the value of a header, in whatever case it was sent."""
        return {sent.lower(): value for sent, value in self.headers.items()}.get(name)

    @property
    def question(self) -> str:
        """Return the last message's text."""
        return str(self.body["messages"][-1]["content"])


def completion(content: object = "A", finish_reason: str | None = "stop", **message: object) -> dict[str, Any]:
    """Return the body of a good answer; further fields go into its message."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
    }


def changed(**parts: object) -> dict[str, Any]:
    """Return a good answer's body with other parts at its top."""
    return completion() | parts


def changed_choice(**parts: object) -> dict[str, Any]:
    """Return a good answer's body with other parts in its choice."""
    body = completion()
    body["choices"][0].update(parts)
    return body


def refusal(status: int, code: str = "oops", message: str = "no", headers: Mapping[str, str] | None = None) -> Answer:
    """Return an HTTP error in the form that Azure gives it."""
    return Answer({"error": {"code": code, "message": message}}, status=status, headers=headers or {})


class TeacherServer:
    """Answers each call with the next answer scripted for its question, else for any, else with the letter A.

    With `tls` it is served by https, with a certificate that nobody vouches for. A `port` of 0 is any free one.
    """

    def __init__(self, *, tls: bool = False, port: int = 0) -> None:
        self._tls = tls
        self._port = port
        self.default = Answer(completion())
        self.calls: list[Call] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.endpoint = ""
        self._next: deque[Answer] = deque()
        self._next_for: dict[str, deque[Answer]] = defaultdict(deque)
        self._loop = asyncio.new_event_loop()
        self._started: Future[str] = Future()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._stopping = asyncio.Event()

    def script(self, *answers: Answer) -> None:
        """Give the next calls these answers, whatever they ask."""
        self._next.extend(answers)

    def script_for(self, question: str, *answers: Answer) -> None:
        """Give the next calls whose last message is `question` these answers."""
        self._next_for[question].extend(answers)

    def respond(self, call: Call) -> Answer:  # noqa: ARG002 (which a server with rules of its own reads)
        """Return the answer to a call that nothing is scripted for."""
        return self.default

    def questions(self) -> list[str]:
        """Return the last message of each call, in the order of arrival."""
        return [call.question for call in self.calls]

    def __enter__(self) -> Self:
        self._thread.start()
        self.endpoint = self._started.result(START_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and drop every connection; a second time is no harm."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(START_S)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve_until_stopped())

    async def _serve_until_stopped(self) -> None:
        app = web.Application(client_max_size=2**24)
        self._add_routes(app)
        app.router.add_post("/{path:.*}", self._answer)
        site_runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await site_runner.setup()
        try:
            site = web.TCPSite(site_runner, "127.0.0.1", self._port, ssl_context=self_signed() if self._tls else None)
            await site.start()
            port = site_runner.addresses[0][1]
            self._started.set_result(f"{'https' if self._tls else 'http'}://127.0.0.1:{port}/models")
            await self._stopping.wait()
        finally:
            await site_runner.cleanup()

    def _add_routes(self, app: web.Application) -> None:
        """Add what a server has beside its route for chats."""

    def choose_answer(self, call: Call) -> Answer:
        """Note a call, and return what is scripted for it."""
        self.calls.append(call)
        scripted = self._next_for.get(call.question) or self._next
        return scripted.popleft() if scripted else self.respond(call)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        peer = request.transport and request.transport.get_extra_info("peername")
        answer = self.choose_answer(Call(request.path_qs, dict(request.headers), await request.json(), peer))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(answer.delay_s)
            return await _send(request, answer)
        finally:
            self.in_flight -= 1


async def _send(request: web.Request, answer: Answer) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    headers = {"Content-Type": "application/json", **answer.headers}
    if answer.fault is None:
        return web.Response(body=body, status=answer.status, headers=headers)
    if answer.fault == "hang":
        await asyncio.Event().wait()
    response = web.StreamResponse(status=answer.status, headers=headers)
    if answer.fault == "cut":
        response.content_length = len(body)
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
    while answer.fault == "drip":
        if not response.prepared:
            await response.prepare(request)
        await response.write(b" ")
        await asyncio.sleep(0.05)
    assert isinstance(request.transport, asyncio.WriteTransport)
    if answer.fault == "nonsense":
        request.transport.write(b"nonsense\r\n\r\n")
        await asyncio.sleep(0.05)
    request.transport.abort()
    return response
