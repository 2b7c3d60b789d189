"""The way into a Ray cluster, and the actors there that ask."""

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from math import ceil
from urllib.parse import urlsplit

import ray
from ray.actor import ActorHandle
from ray.exceptions import RayError

import potstill
from potstill.core.catalogues import Teacher
from potstill.core.errors import InputError
from potstill.core.params import Runtime
from potstill.teacher.api.credentials import Credentials
from potstill.teacher.cluster.client import ClusterClient
from potstill.teacher.cluster.worker import Worker

CALLS_PER_ACTOR = 64  # that one process makes at once with little loss
CONNECT_S = 10
START_S = 120  # for the first actor: a node may have to be started for it
LOCAL = "local"


@contextmanager
def open_cluster(
    teacher: Teacher, credentials: Sequence[Credentials], runtime: Runtime
) -> Iterator[Callable[[], list[ClusterClient]]]:
    """Join the cluster at RAY_ADDRESS, or start one on this machine, and yield what opens clients on its actors.

    Each endpoint has a client with actors of its own, which take that part of a processor, so that they find room where
    one endpoint's would. Raise InputError if the cluster cannot be joined, or no actor can start there. The end of the
    block ends the actors.
    """
    join(os.environ.get("RAY_ADDRESS") or LOCAL)
    try:
        actor_class = ray.remote(Worker).options(num_cpus=1 / len(credentials), scheduling_strategy="SPREAD")
        count = count_actors(runtime.concurrency / len(credentials))
        openers = [partial(actor_class.remote, teacher, each, runtime.timeout_s) for each in credentials]
        crews = [[new_actor() for _ in range(count)] for new_actor in openers]
        crews_by_readiness = [wait_for_first(crew) for crew in crews]
        hosts = [urlsplit(each.endpoint).hostname or "" for each in credentials]
        yield lambda: [
            ClusterClient(host, new_actor, ready, starting)
            for host, new_actor, (ready, starting) in zip(hosts, openers, crews_by_readiness, strict=True)
        ]
    finally:
        ray.shutdown()


def join(address: str) -> None:
    """Join a cluster, or start one; raise InputError in one sentence if there is none at the address."""
    if address not in (LOCAL, "auto"):
        check_reachable(address)
    options = {"include_dashboard": False} if address == LOCAL else {}
    try:
        # The credentials are no part of the environment that is sent: it is logged. The actors get them as arguments.
        ray.init(
            address,
            runtime_env={"py_modules": [potstill]},
            log_to_driver=False,
            logging_level=logging.ERROR,
            **options,
        )
    except Exception as error:  # noqa: BLE001 (Ray raises many, and a bare Exception where a node starts too slowly)
        raise InputError(f"runtime.engine: ray: the cluster ({address}) cannot be used: {lines_of(error)[0]}") from None


def check_reachable(address: str) -> None:
    """Raise InputError unless something listens at HOST:PORT; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise InputError(
            f"RAY_ADDRESS: expected HOST:PORT of a cluster that this machine is a node of, or auto, got {address!r}"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"RAY_ADDRESS: {address} cannot be reached ({error}); start the cluster with `ray start --head`, or unset "
            "RAY_ADDRESS to use this machine alone"
        ) from None


def count_actors(concurrency: float) -> int:
    """Return how many actors to have: enough for the calls in flight, and no more than the cluster has processors."""
    processors = int(ray.cluster_resources().get("CPU", 1))
    return max(1, min(processors, ceil(concurrency / CALLS_PER_ACTOR)))


def wait_for_first(actors: list[ActorHandle]) -> tuple[list[ActorHandle], list[ActorHandle]]:
    """Return the actors that are ready, once one is, and those still to come; raise InputError if none can start."""
    starts = {actor.wait_until_ready.remote(): actor for actor in actors}
    ready, starting = ray.wait(list(starts), timeout=START_S)
    if not ready:
        raise InputError(
            f"runtime.engine: ray: no node of the cluster had a free processor within {START_S} s; free one, or set "
            "runtime.engine to local"
        )
    try:
        ray.get(ready)
    except RayError as error:
        raise InputError(
            f"runtime.engine: ray: an actor could not start ({lines_of(error)[-1]}); on each node of the cluster, "
            "install what `make setup EXTRAS=ray` installs, with the same Python"
        ) from None
    return [starts[start] for start in ready], [starts[start] for start in starting]


def lines_of(error: Exception) -> list[str]:
    """Return the lines of an error of Ray's: it says what failed first, then a traceback, and the cause last."""
    return [line.strip().rstrip(".") for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
