"""Servers of other people that run in a process of their own, and what several processes of the tests share."""

import fcntl
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

START_S = 60


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Let no other process into the block before this one has left it."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def listening(command: list[str], environment: Mapping[str, str]) -> Iterator[int]:
    """Start a server, wait until it prints its port of loopback, and end it after the block."""
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            ports: SimpleQueue[int] = SimpleQueue()
            Thread(target=_read, args=(server, ports), daemon=True).start()
            yield ports.get(timeout=START_S)
        except Empty:
            raise RuntimeError(f"{command[0]} printed no port within {START_S} s") from None
        finally:
            server.kill()


def _read(server: "subprocess.Popen[str]", ports: "SimpleQueue[int]") -> None:
    """Find the port in what a server prints, and go on reading, so that it never waits for a reader."""
    assert server.stdout
    for line in server.stdout:
        if found := re.search(r"(?:listens|Running) on http://127\.0\.0\.1:(\d+)", line):
            ports.put(int(found[1]))
