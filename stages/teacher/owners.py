"""Who holds a claim: a process that can be told from a dead one."""

import socket

import psutil

SAME_START_S = 1.0


def name_owner() -> str:
    """Name this process: its machine, its number and its start, since numbers are used again."""
    mine = psutil.Process()
    return f"{socket.gethostname()} {mine.pid} {mine.create_time():.2f}"


def is_alive(owner: str) -> bool:
    """Tell whether an owner still runs; of one on another machine nothing is known, so its claims must expire."""
    host, number, started = owner.rsplit(" ", 2)
    if host != socket.gethostname():
        return True
    try:
        return bool(abs(psutil.Process(int(number)).create_time() - float(started)) < SAME_START_S)
    except psutil.NoSuchProcess:
        return False
