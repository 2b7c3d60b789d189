"""How fast a Ray cluster's actors ask, 1, 2 and 4 of them on this one machine, beside a run without Ray.

python -m benchmarks.ray_actors [--rows 20000] [--latency-ms 0]

Driver, actors, cluster and server share this machine's processors, so more actors than are free bring nothing here.
What carries over to a real cluster is the CPU time of the driver for a row, the one part that more nodes do not share.
Needs `make setup EXTRAS=ray`.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import click
import psutil

from benchmarks.asking import QUESTION
from potstill.teacher.store.journal import Journal
from tests.project import ROOT
from tests.servers.teacher import TeacherServer
from tests.teacher.light_project import KEY, LightProject

ACTORS = (0, 1, 2, 4)  # 0: without Ray
CONCURRENCY = 256  # enough for four actors
LOOK_S = 0.2


@click.command()
@click.option("--rows", default=20_000, show_default=True, help="How many requests to make.")
@click.option("--latency-ms", default=0.0, show_default=True, help="What the server waits before it answers.")
def main(rows: int, latency_ms: float) -> None:
    """Print a line for each number of actors."""
    click.echo(f"{os.cpu_count()} processors, {CONCURRENCY} in flight, {latency_ms:g} ms each, {rows:,} rows")
    click.echo("actors   rows/s   CPU ms a row: driver   actors")
    for actors in ACTORS:
        with serving(latency_ms) as endpoint, cluster_of(actors) as address:
            rate, driver_s, actors_s = measure(rows, actors, endpoint, address)
        name = actors or "no Ray"
        click.echo(f"{name!s:>6} {rate:8.0f} {1000 * driver_s / rows:22.3f} {1000 * actors_s / rows:8.3f}")


@contextmanager
def serving(latency_ms: float) -> Iterator[str]:
    """Run the loopback teacher for a block."""
    command = [sys.executable, "-m", "benchmarks.server", "--latency-ms", str(latency_ms)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


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


def measure(rows: int, actors: int, endpoint: str, address: str) -> tuple[float, float, float]:
    """Return the rows a second from the first answer to the last, and the CPU seconds of driver and actors."""
    with tempfile.TemporaryDirectory() as name:
        os.environ |= {
            "POTSTILL_JOURNAL": f"{name}/journal.sqlite",
            "TEACHER_MODEL_ENDPOINT": endpoint,
            "TEACHER_MODEL_KEY": KEY,
            "RAY_ADDRESS": address,
        }
        project = LightProject(Path(name), TeacherServer())
        project.configure(concurrency=CONCURRENCY, timeout_s=60, engine="ray" if actors else "local")
        project.write_requests("train", [QUESTION.format(number) for number in range(rows)])
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with counting_actors() as seconds, project.start() as run:
            text = run.communicate()[0]
        assert run.returncode == 0, text
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        with Journal(Path(name) / "journal.sqlite") as journal:
            ((first, last),) = journal.read("SELECT min(asked_at), max(asked_at) FROM answers")
        driver_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return rows / (last - first), driver_s, sum(seconds.values())


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
