"""A teacher on loopback that is as fast as can be had, in a process of its own, so that it limits no client.

python -m benchmarks.server --port 0 --latency-ms 200 [--fault-rate 0.05] [--per-minute 9000]

Its address is the first line of stdout. Any POST is taken for a chat completion, whatever its path; the letter that it
answers depends on the body's bytes. GET /stats counts what came, and any other GET lists one model.
"""

import asyncio
import json
from collections import Counter
from hashlib import blake2b
from time import monotonic

import click
import uvloop

LETTERS = "ABCDE"
FAULTS = ("429", "500", "empty", "reset", "slow")
SLOW_S = 3.0
HEAD_END = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length:"


def build_response(status: str, body: bytes, headers: str = "") -> bytes:
    """Return the bytes of a whole HTTP response."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def build_completion(letter: str) -> bytes:
    """Return the response that answers with a letter."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": letter}}
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "loopback",
        "choices": [choice],
        "usage": {"prompt_tokens": 60, "completion_tokens": 1, "total_tokens": 61},
    }
    return build_response("200 OK", json.dumps(completion).encode())


ANSWERS = [build_completion(letter) for letter in LETTERS]
ERROR = json.dumps({"error": {"code": "busy", "message": "try again"}}).encode()
REFUSAL = build_response("429 Too Many Requests", ERROR, "Retry-After: 1\r\n")
BROKEN = build_response("500 Internal Server Error", ERROR)
EMPTY = build_response("200 OK", b"")
MODELS = build_response("200 OK", json.dumps({"object": "list", "data": [{"id": "loopback"}]}).encode())


class Teacher:
    """What all connections share: how to answer, and what was counted.

    A share `fault_rate` of the bodies meets a fault, of a kind that the body's bytes decide, at its first time only.
    Above `per_minute` a call is refused; one second's calls may come at once.
    """

    def __init__(self, latency_s: float, fault_rate: float, per_minute: float | None) -> None:
        """Begin with nothing counted."""
        self.latency_s = latency_s
        self.counts: Counter[str] = Counter()
        self.in_flight = 0
        self._fault_below = int(fault_rate * 2**32)
        self._faulted: set[bytes] = set()
        self._per_second = per_minute and per_minute / 60
        self._room = self._per_second or 0.0
        self._filled_at = monotonic()

    def choose(self, body: bytes) -> tuple[str, bytes, float]:
        """Return what becomes of a request: its name, the response's bytes and the seconds before them."""
        if self._per_second and not self._has_room(self._per_second):
            return "refused", REFUSAL, 0.0
        digest = blake2b(body, digest_size=6).digest()
        answer = ANSWERS[digest[0] % len(ANSWERS)]
        if int.from_bytes(digest[2:]) >= self._fault_below or digest in self._faulted:
            return "answered", answer, self.latency_s
        self._faulted.add(digest)
        fault = FAULTS[digest[1] % len(FAULTS)]
        response = {"429": REFUSAL, "500": BROKEN, "empty": EMPTY, "reset": b"", "slow": answer}[fault]
        return fault, response, self.latency_s + (SLOW_S if fault == "slow" else 0.0)

    def _has_room(self, per_second: float) -> bool:
        """Return whether the limit allows one more call now, and count it if so."""
        now = monotonic()
        self._room = min(per_second, self._room + (now - self._filled_at) * per_second)
        self._filled_at = now
        if self._room < 1:
            return False
        self._room -= 1
        return True


class Connection(asyncio.Protocol):
    """One connection: requests come with a Content-Length, and are answered in their order."""

    transport: asyncio.Transport

    def __init__(self, teacher: Teacher) -> None:
        """Begin with no byte."""
        self._teacher = teacher
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        self.transport = transport  # type: ignore[assignment]
        self._teacher.counts["connections"] += 1

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        received = self._received + data if self._received else data
        while (head_end := received.find(HEAD_END)) >= 0:
            head = received[:head_end].lower()
            position = head.find(LENGTH)
            length = int(head[position + len(LENGTH) :].split(b"\r\n", 1)[0]) if position >= 0 else 0
            end = head_end + len(HEAD_END) + length
            if len(received) < end:
                break
            self._answer(head, received[end - length : end])
            received = received[end:]
        self._received = received

    def _answer(self, head: bytes, body: bytes) -> None:
        """Answer one request, after the latency."""
        if head.startswith(b"get "):
            stats = build_response("200 OK", json.dumps(self._teacher.counts).encode())
            self.transport.write(stats if head.startswith(b"get /stats") else MODELS)
            return
        kind, response, delay_s = self._teacher.choose(body)
        counts = self._teacher.counts
        counts["calls"] += 1
        counts[kind] += 1
        self._teacher.in_flight += 1
        counts["most_in_flight"] = max(counts["most_in_flight"], self._teacher.in_flight)
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._send, response)
        else:
            self._send(response)

    def _send(self, response: bytes) -> None:
        """Send a response, or drop the connection where there is none."""
        self._teacher.in_flight -= 1
        if response:
            self.transport.write(response)
        else:
            self.transport.abort()


async def serve(teacher: Teacher, port: int) -> None:
    """Serve until the process is stopped; print the address first."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(teacher), "127.0.0.1", port, backlog=4096)
    click.echo(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await server.serve_forever()


@click.command()
@click.option("--port", default=0, show_default=True, help="0 is any free one.")
@click.option("--latency-ms", default=200.0, show_default=True, help="Between a request and its answer.")
@click.option("--fault-rate", default=0.0, show_default=True, help="Share of requests that fail once.")
@click.option("--per-minute", type=float, help="Calls a minute above which a call is refused.")
def main(port: int, latency_ms: float, fault_rate: float, per_minute: float | None) -> None:
    """Serve until stopped."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Teacher(latency_ms / 1000, fault_rate, per_minute), port))


if __name__ == "__main__":
    main()
