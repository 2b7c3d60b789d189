"""Servers of other people that run in a process of their own."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread

START_S = 60


@contextmanager
def listening(command: list[str], environment: Mapping[str, str]) -> Iterator[int]:
    """Start a server, wait until it says on which port of loopback it listens, and end it after the block."""
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            ports: SimpleQueue[int] = SimpleQueue()
            Thread(target=_read, args=(server, ports), daemon=True).start()
            yield ports.get(timeout=START_S)
        except Empty:
            raise RuntimeError(f"{command[0]} said no port within {START_S} s") from None
        finally:
            server.kill()


def _read(server: "subprocess.Popen[str]", ports: "SimpleQueue[int]") -> None:
    """Find the port in what a server prints, and go on reading, so that it never waits for a reader."""
    assert server.stdout
    for line in server.stdout:
        if found := re.search(r"(?:listens|Running) on http://127\.0\.0\.1:(\d+)", line):
            ports.put(int(found[1]))
