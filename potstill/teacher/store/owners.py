"""Names of processes and batches that own claims, by which a dead process is recognised."""

import socket

import psutil

SAME_START_S = 1.0
BATCH = "batch "


def name_owner() -> str:
    """Return this process's name: its machine, its number and its start, since numbers are used again."""
    process = psutil.Process()
    return f"{socket.gethostname()} {process.pid} {_start_of(process):.2f}"


def is_alive(owner: str) -> bool | None:
    """Return whether an owner still runs; None for a batch, or a process on another machine, which cannot be seen."""
    if owner.startswith(BATCH):
        return None
    host, number, started = owner.rsplit(" ", 2)
    if host != socket.gethostname():
        return None
    try:
        return bool(abs(_start_of(psutil.Process(int(number))) - float(started)) < SAME_START_S)
    except psutil.NoSuchProcess:
        return False


def _start_of(process: psutil.Process) -> float:
    """Return when a process began, in seconds that no change of the clock moves.

    Linux counts from its own start, to which psutil adds what the clock now says of that moment.
    """
    return float(process.create_time() - (psutil.boot_time() if psutil.LINUX else 0))
