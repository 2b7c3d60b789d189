"""How fast the infer stage asks: rows a second against the ideal, and CPU time against other ways to make the calls.

python -m benchmarks.asking [--rows 10000]

A server of its own process answers on loopback. Every line is a process of its own, one after the other; compare them
within one run only, since they depend on what else the machine does.
"""

import asyncio
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import click
from aiohttp import web
from ruamel.yaml import YAML

from potstill.core.letters import letter_choices
from potstill.core.records import Message, Request, write_rows

ROOT = Path(__file__).parents[1]
KEY = "not-a-secret"
WAYS = ("stage", "azure", "aiohttp")
ROUNDS = 3


@click.command()
@click.option("--rows", default=10_000, show_default=True, help="How many requests to make.")
@click.option("--way", type=click.Choice(["serve", *WAYS[1:]]), hidden=True)
@click.option("--endpoint", default="", hidden=True)
@click.option("--concurrency", default=64, hidden=True)
@click.option("--latency", nargs=2, type=float, default=(0.0, 0.0), hidden=True)
def main(rows: int, way: str | None, endpoint: str, concurrency: int, latency: tuple[float, float]) -> None:
    """Print the table."""
    if way == "serve":
        asyncio.run(serve(*latency))
    elif way:
        asyncio.run({"azure": ask_through_azure, "aiohttp": ask_through_aiohttp}[way](endpoint, rows, concurrency))
    else:
        print_table(rows)


def print_table(rows: int) -> None:
    """Measure speed at two loads, then CPU time at a server that answers at once."""
    for concurrency, low, high in ((64, 0.2, 0.2), (256, 0.1, 0.3)):
        with tempfile.TemporaryDirectory() as folder:
            seconds, _ = measure("stage", Path(folder), rows, concurrency, (low, high))
        ideal = rows * (low + high) / 2 / concurrency
        click.echo(
            f"{concurrency} in flight, {low:g} to {high:g} s each: {rows / seconds:.0f} rows/s, "
            f"{ideal / seconds:.2f} of the ideal"
        )
    cpu = dict.fromkeys(WAYS, math.inf)
    for _ in range(ROUNDS):
        for way in WAYS:
            with tempfile.TemporaryDirectory() as folder:
                cpu[way] = min(cpu[way], measure(way, Path(folder), rows, 64, (0.0, 0.0))[1])
    for way in WAYS:
        click.echo(f"{way:8} {1000 * cpu[way] / rows:.3f} ms CPU a row, imports and all, the least of {ROUNDS} rounds")
    click.echo(
        f"the stage takes 1/{cpu['azure'] / cpu['stage']:.2f} of azure's complete(), "
        f"{cpu['stage'] / cpu['aiohttp']:.2f} times aiohttp's"
    )


def measure(way: str, folder: Path, rows: int, concurrency: int, latency: tuple[float, float]) -> tuple[float, float]:
    """Return the seconds that asking took (of the stage: without imports), and the CPU seconds of the whole process."""
    command = [sys.executable, "-m", __spec__.name, "--way", "serve", "--latency", *map(str, latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        endpoint = server.stdout.readline().strip()
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        if way == "stage":
            run_stage(folder, endpoint, rows, concurrency)
            seconds = json.loads((folder / "log.json").read_text())["seconds"]
        else:
            options = ["--way", way, "--endpoint", endpoint, "--rows", str(rows), "--concurrency", str(concurrency)]
            subprocess.run([sys.executable, "-m", __spec__.name, *options], check=True)
            seconds = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        server.kill()
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run_stage(folder: Path, endpoint: str, rows: int, concurrency: int) -> None:
    """Run `python -m stages.infer` in a folder of its own, with a journal of its own."""
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["teacher"] = "stand-in"
    params["teachers"]["stand-in"] = {"provider": "azure", "model": "m", "max_tokens": 16}
    params["runtime"]["concurrency"] = concurrency
    yaml.dump(params, folder / "params.yaml")
    write_rows(folder / "requests/train.jsonl", (make_request(number) for number in range(rows)))
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "POTSTILL_JOURNAL": str(folder / "journal.sqlite"),
        "TEACHER_MODEL_ENDPOINT": endpoint,
        "TEACHER_MODEL_KEY": KEY,
    }
    options = {"requests": "requests", "responses": "responses", "ledger": "ledger", "log": "log.json"}
    command = [
        sys.executable,
        "-m",
        "stages.infer",
        *(part for o, p in options.items() for part in (f"--{o}", p)),
    ]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


def make_request(number: int) -> Request:
    """Return a request of the length of a CommonsenseQA question."""
    question = f"Where would you put number {number} if you had no more use for it and it was still good?"
    choices = letter_choices(["a drawer", "a second-hand shop", "the sea", "a museum", "the moon"])
    shown = "\n".join(f"{choice.label}. {choice.text}" for choice in choices)
    messages = [
        Message(role="system", content="You answer multiple-choice questions. Reply with one letter only."),
        Message(role="user", content=f"Question: {question}\nAnswer Choices:\n{shown}\nAnswer:"),
    ]
    return Request(
        id=f"q{number}:0:0",
        question_id=f"q{number}",
        question=question,
        choices=choices,
        answer="B",
        rotation=0,
        replicate=0,
        messages=messages,
    )


async def serve(low: float, high: float) -> None:
    """Answer every call with a letter, after a time between the two."""
    draw = random.Random(0)

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(draw.uniform(low, high))
        message = {"role": "assistant", "content": "B"}
        usage = {"prompt_tokens": 90, "completion_tokens": 1, "total_tokens": 91}
        choices = [{"index": 0, "finish_reason": "stop", "message": message}]
        return web.json_response(
            {"id": "x", "object": "chat.completion", "created": 0, "model": "m"} | {"choices": choices, "usage": usage}
        )

    app = web.Application()
    app.router.add_post("/models/chat/completions", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/models", flush=True)
    await asyncio.Event().wait()


async def ask_through_azure(endpoint: str, rows: int, concurrency: int) -> None:
    """Ask as its documentation shows: the default client's complete() in a gather."""
    from azure.ai.inference.aio import ChatCompletionsClient  # noqa: PLC0415 (the others do not pay for its import)
    from azure.ai.inference.models import SystemMessage, UserMessage  # noqa: PLC0415
    from azure.core.credentials import AzureKeyCredential  # noqa: PLC0415

    slots = asyncio.Semaphore(concurrency)

    async def ask(request: Request) -> None:
        system, user = (message.content for message in request.messages)
        async with slots:
            await client.complete(messages=[SystemMessage(system), UserMessage(user)], model="m", max_tokens=16)

    async with ChatCompletionsClient(endpoint, AzureKeyCredential(KEY)) as client:
        await asyncio.gather(*(ask(make_request(number)) for number in range(rows)))


async def ask_through_aiohttp(endpoint: str, rows: int, concurrency: int) -> None:
    """Ask with nothing but an HTTP client, and read the letter."""
    slots = asyncio.Semaphore(concurrency)

    async def ask(request: Request) -> None:
        messages = [message.model_dump() for message in request.messages]
        body = {"messages": messages, "model": "m", "temperature": 0, "max_tokens": 16}
        async with slots, session.post(f"{endpoint}/chat/completions", json=body, headers={"api-key": KEY}) as answer:
            (await answer.json())["choices"][0]["message"]["content"]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(ask(make_request(number)) for number in range(rows)))


if __name__ == "__main__":
    main()
