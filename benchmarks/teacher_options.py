"""How fast the bundled teacher answers, and whether the same question gets the same answer, by its server's options.

python -m benchmarks.teacher_options [--questions 30]

Every set of options is served in a process of its own and asked the bundled validation questions twice, the second time
in another order. Compare the rates within one run only: they depend on what else the machine does.
"""

import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import click
import msgspec

from potstill.core.letters import letter_choices
from potstill.core.params_file import load_params
from potstill.core.records import Question
from potstill.prompting.requests import build_request
from potstill.teacher.api.bundled import find_bundled_weights

VARIANTS = {
    "2 threads, spinning": {"threads": 2},
    "2 threads, sleeping": {"threads": 2, "wait": "passive"},
    "1 thread": {"threads": 1},
    "prompt cache": {"threads": 2, "wait": "passive", "cache_prompt": True},
    "4 slots": {"threads": 2, "wait": "passive", "slots": 4},
    "4 slots, prompt cache": {"threads": 2, "wait": "passive", "slots": 4, "cache_prompt": True},
}


@click.command()
@click.option("--questions", default=30, show_default=True, help="How many questions to ask, twice.")
@click.option("--only", type=click.Choice(list(VARIANTS)), help="Measure one set of options in this process.")
def main(questions: int, only: str | None) -> None:
    """Print a line for each set of options."""
    if only:
        click.echo(json.dumps(measure(VARIANTS[only], questions)))
        return
    reference = None
    for name, options in VARIANTS.items():
        environment = os.environ | ({"OMP_WAIT_POLICY": options["wait"]} if "wait" in options else {})
        command = [sys.executable, "-m", __spec__.name, "--questions", str(questions), "--only", name]
        result = json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)
        reference = reference or result["answers"]
        unlike = sum(a != b for a, b in zip(result["answers"], reference, strict=True))
        click.echo(
            f"{name:24} {result['per_second']:5.2f} questions/s; {result['changed']} of {questions} answers changed in "
            f"another order; {unlike} unlike the first line's"
        )


def measure(options: dict[str, object], questions: int) -> dict[str, object]:
    """Serve with these options, ask twice, and compare."""
    import xllamacpp  # noqa: PLC0415 (reads OMP_WAIT_POLICY as it loads)

    params = xllamacpp.CommonParams()
    params.model.path = str(find_bundled_weights())
    params.port, params.verbosity, params.cache_ram_mib = 0, 0, 0
    params.n_parallel = options.get("slots", 1)
    params.n_ctx = 4096 * params.n_parallel
    params.cache_prompt = options.get("cache_prompt", False)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options["threads"]
    server = xllamacpp.Server(params)
    bodies = request_bodies(questions)
    order = random.Random(0).sample(range(questions), questions)
    with ThreadPoolExecutor(params.n_parallel) as pool:
        started = time.perf_counter()
        answers = list(pool.map(lambda body: ask(server.listening_address, body), bodies))
        again = dict(zip(order, pool.map(lambda i: ask(server.listening_address, bodies[i]), order), strict=True))
        seconds = time.perf_counter() - started
    changed = sum(answers[i] != again[i] for i in range(questions))
    return {"answers": answers, "changed": changed, "per_second": 2 * questions / seconds}


def request_bodies(questions: int) -> list[bytes]:
    """Render the first bundled validation questions as chat-completions bodies."""
    lines = Path("data/source/bundled/validation.jsonl").read_text(encoding="utf-8").splitlines()[:questions]
    prompt = load_params().prompts["letter"]
    bodies = []
    for row in map(json.loads, lines):
        choices = letter_choices(row["choices"]["text"])
        question = Question(id=row["id"], question=row["question"], choices=choices, answer=None, concept=None)
        messages = build_request(question, prompt, (), 0, 0).messages
        body = {"messages": msgspec.to_builtins(messages), "temperature": 0, "max_tokens": 16}
        bodies.append(json.dumps(body).encode())
    return bodies


def ask(address: str, body: bytes) -> str:
    """Ask once and return the text."""
    request = HttpRequest(f"{address}/v1/chat/completions", body, {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]


if __name__ == "__main__":
    main()
