"""How fast the infer stage asks: rows a second against the ideal, and CPU time against the client library's own way.

python -m benchmarks.asking [--rows 10000]

A server on loopback answers. Every line is a process of its own, one after the other; compare them within one run
only, since they depend on what else the machine does.
"""

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from potstill.core.records import Request, read_rows
from tests.project import ROOT
from tests.servers.teacher import Answer, TeacherServer, completion
from tests.teacher.light_project import KEY, LightProject

WAYS = ("stage", "azure")
ROUNDS = 3
QUESTION = (
    "Question: Where would you put number {} if you had no more use for it and it was still good?\nAnswer Choices:\n"
    "A. a drawer\nB. a second-hand shop\nC. the sea\nD. a museum\nE. the moon\nAnswer:"
)


@click.command()
@click.option("--rows", default=10_000, show_default=True, help="How many requests to make.")
@click.option("--requests", type=click.Path(path_type=Path), hidden=True)
def main(rows: int, requests: Path | None) -> None:
    """Print the table."""
    if requests:
        asyncio.run(ask_through_azure(requests))
        return
    for concurrency in (64, 256):
        seconds, _ = measure("stage", rows, concurrency, 0.2)
        ideal = rows * 0.2 / concurrency
        click.echo(
            f"{concurrency} in flight, 0.2 s each: {rows / seconds:.0f} rows/s, {ideal / seconds:.2f} of the ideal"
        )
    cpu = {way: min(measure(way, rows, 64, 0)[1] for _ in range(ROUNDS)) for way in WAYS}
    for way in WAYS:
        click.echo(f"{way:8} {1000 * cpu[way] / rows:.3f} ms CPU a row, imports and all, the least of {ROUNDS} rounds")
    click.echo(f"the stage takes 1/{cpu['azure'] / cpu['stage']:.2f} of azure's complete()")


def measure(way: str, rows: int, concurrency: int, latency_s: float) -> tuple[float, float]:
    """Return the seconds that the stage took without imports (0 for another way), and the process's CPU seconds."""
    with TeacherServer() as server, tempfile.TemporaryDirectory() as name:
        server.default = Answer(completion("B"), delay_s=latency_s)
        os.environ |= {
            "POTSTILL_JOURNAL": f"{name}/journal.sqlite",
            "TEACHER_MODEL_ENDPOINT": server.endpoint,
            "TEACHER_MODEL_KEY": KEY,
        }
        project = LightProject(Path(name), server)
        project.configure(concurrency=concurrency)
        project.write_requests("train", [QUESTION.format(number) for number in range(rows)])
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        if way == "stage":
            with project.start() as run:
                run.communicate()
        else:
            command = [sys.executable, "-m", "benchmarks.asking", "--requests", f"{name}/data/requests/train.jsonl"]
            subprocess.run(command, cwd=ROOT, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = project.log()["seconds"] if way == "stage" else 0
        return float(str(seconds)), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def ask_through_azure(requests: Path) -> None:
    """Ask as its documentation shows: the default client's complete() in a gather, 64 at once."""
    from azure.ai.inference.aio import ChatCompletionsClient  # noqa: PLC0415 (only here is it paid for)
    from azure.ai.inference.models import SystemMessage, UserMessage  # noqa: PLC0415
    from azure.core.credentials import AzureKeyCredential  # noqa: PLC0415

    slots = asyncio.Semaphore(64)

    async def ask(request: Request) -> None:
        system, user = (message.content for message in request.messages)
        async with slots:
            await client.complete(messages=[SystemMessage(system), UserMessage(user)], model="m", max_tokens=16)

    async with ChatCompletionsClient(os.environ["TEACHER_MODEL_ENDPOINT"], AzureKeyCredential(KEY)) as client:
        await asyncio.gather(*(ask(request) for request in read_rows(requests, Request)))


if __name__ == "__main__":
    main()
