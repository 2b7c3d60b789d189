"""How fast a Ray cluster's actors ask, 1, 2 and 4 of them on this one machine, beside a run without Ray.

python -m benchmarks.ray_actors [--rows 20000]

Driver, actors, cluster and server share this machine's processors, so more actors than are free bring nothing here.
What carries over to a real cluster is the CPU time of the driver for a row, the one part that more nodes do not share.
Needs `make setup EXTRAS=ray`.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import click
import psutil

from benchmarks.made import MadeProject
from benchmarks.measuring import serve
from benchmarks.results import save
from potstill.teacher.store.journal import Journal

ACTORS = (0, 1, 2, 4)  # 0: without Ray
CONCURRENCY = 256  # enough for four actors
LOOK_S = 0.2


@click.command()
@click.option("--rows", default=20_000, show_default=True, help="How many requests to make.")
def main(rows: int) -> None:
    """Print a line for each number of actors; the server answers at once."""
    with tempfile.TemporaryDirectory() as name, serve() as address:
        project = MadeProject(Path(name), rows - 1, validation=1)
        project.edit_params(runtime__concurrency=CONCURRENCY)
        for stage in ("load", "prepare"):
            project.run_stage(stage)
        save("ray", [ask(project, address, rows, actors) for actors in ACTORS])


@contextmanager
def cluster_of(actors: int) -> Iterator[str]:
    """Run a cluster with a processor for each actor, and yield its address."""
    if not actors:
        yield ""
        return
    from ray.cluster_utils import Cluster  # noqa: PLC0415 (an extra)

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": actors, "include_dashboard": False})
    try:
        yield cluster.address
    finally:
        cluster.shutdown()


def ask(project: MadeProject, address: str, rows: int, actors: int) -> dict[str, object]:
    """Return the rows a second from the first answer to the last, and the CPU time of driver and actors."""
    project.forget_answers()
    project.edit_params(runtime__engine="ray" if actors else "local")
    with cluster_of(actors) as os.environ["RAY_ADDRESS"], counting_actors() as seconds:
        measured = project.run_stage("infer", address)
    with Journal(project.journal) as journal:
        ((first, last),) = journal.read("SELECT min(asked_at), max(asked_at) FROM answers")
    return {
        "actors": str(actors or "no Ray"),
        "rows/s": rows / (last - first),
        "driver, ms of CPU a row, with imports": 1000 * measured.cpu_s / rows,
        "actors, ms of CPU a row": 1000 * sum(seconds.values()) / rows,
    }


@contextmanager
def counting_actors() -> Iterator[dict[int, float]]:
    """Yield the CPU seconds that each actor has taken by its number, looked up until the block ends."""
    seconds: dict[int, float] = {}
    ended = Event()

    def look() -> None:
        while not ended.wait(LOOK_S):
            for process in psutil.process_iter(["name", "cmdline", "cpu_times"]):
                if (process.info["cmdline"] or [""])[0].startswith("ray::Worker"):
                    seconds[process.pid] = process.info["cpu_times"].user + process.info["cpu_times"].system

    thread = Thread(target=look)
    thread.start()
    try:
        yield seconds
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    main()
