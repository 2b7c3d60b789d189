"""Time and memory of the analyze stage over ever more rows: `python -m benchmarks.analyzing`.

The rows are made here: questions of five choices, asked once each, and answers of several kinds, of which few are
refusals. The stage runs as `dvc repro` runs it, in a process of its own.
"""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from ruamel.yaml import YAML

from potstill.core.letters import LETTERS, letter_choices
from potstill.prompting.rendering import render_choices

ROOT = Path(__file__).parents[1]
WORDS = ["river", "bank", "forest", "market", "garden", "bridge", "tower", "valley", "harbour", "meadow"]
STARTS = ["What", "Where", "Who", "How", "Why", "If"]
ANSWERS = ["{letter}", "{letter}. {text}", "The answer is {letter}.", "I would choose {letter}, because of its {text}."]
REFUSAL = "I'm sorry, but I cannot answer that."
RIGHT, REFUSED = 0.7, 0.02
KIB_PER_MIB = 1024


@click.command()
@click.option("--rows", default=[10_000, 100_000, 1_000_000], multiple=True, help="Rows of a run; may be repeated.")
def main(rows: tuple[int, ...]) -> None:
    """Print a line for each number of rows: seconds, rows a second, and the most memory that the stage held."""
    click.echo(f"{'rows':>10} {'seconds':>8} {'rows/s':>8} {'peak MiB':>9}")
    for count in rows:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            lay_out(folder, count)
            seconds, _, peak_mib = run_stage(folder, "analyze")
        click.echo(f"{count:>10,} {seconds:>8.1f} {count / seconds:>8.0f} {peak_mib:>9.0f}")


def lay_out(folder: Path, rows: int) -> None:
    """Write what the stages before would write."""
    shutil.copy(ROOT / "params.yaml", folder)
    source: dict[str, object] = {"dataset": "made", "path": "made", "name": None, "revision": None, "skipped": []}
    for part in ("raw", "requests", "responses"):
        (folder / "data" / part).mkdir(parents=True)
    (folder / "data/raw/source.json").write_text(json.dumps(source))
    draw = random.Random(0)
    with (
        (folder / "data/raw/train.jsonl").open("w") as questions,
        (folder / "data/requests/train.jsonl").open("w") as requests,
        (folder / "data/responses/train.jsonl").open("w") as responses,
    ):
        for number in range(rows):
            question, request, response = make_row(number, draw)
            questions.write(json.dumps(question) + "\n")
            requests.write(json.dumps(request) + "\n")
            responses.write(json.dumps(response) + "\n")


def make_row(number: int, draw: random.Random) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """Make a question, its request, and a response that is right more often than not."""
    texts = draw.sample(WORDS, 5)
    choices = [{"label": choice.label, "text": choice.text} for choice in letter_choices(texts)]
    gold = draw.choice(LETTERS[:5])
    text = f"{draw.choice(STARTS)} {' '.join(draw.choices(WORDS, k=draw.randint(5, 20)))}?"
    letter = gold if draw.random() < RIGHT else draw.choice(LETTERS[:5])
    content = draw.choice(ANSWERS).format(letter=letter, text=texts[LETTERS.index(letter)])
    key = f"{draw.getrandbits(256):064x}"
    shown = {"question": text, "choices": choices, "answer": gold}
    prompt = f"Question: {text}\nAnswer Choices:\n{render_choices(letter_choices(texts))}\nAnswer:"
    messages = [{"role": "system", "content": "Reply with one letter only."}, {"role": "user", "content": prompt}]
    placed = {"id": f"q{number}:0:0", "question_id": f"q{number}", "rotation": 0, "replicate": 0, "messages": messages}
    usage = {"prompt_tokens": 80, "completion_tokens": 5}
    reply = {"content": REFUSAL if draw.random() < REFUSED else content, "finish_reason": "stop", "model": "made"}
    return (
        {"id": f"q{number}", **shown, "concept": f"concept {draw.randrange(3000)}"},
        {**placed, **shown},
        {"id": placed["id"], "key": key, "status": "answered", "usage": usage, **reply},
    )


def run_stage(folder: Path, stage_name: str) -> tuple[float, float, float]:
    """Run a stage in the folder, and return its seconds, those of CPU, and its peak of memory in MiB."""
    command = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"][stage_name]["cmd"].split()
    started = time.perf_counter()
    with (
        contextlib.chdir(folder),
        subprocess.Popen(
            [sys.executable, *command[1:]], env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL
        ) as stage,
    ):
        _, status, used = os.wait4(stage.pid, 0)
        stage.returncode = os.waitstatus_to_exitcode(status)
    if stage.returncode:
        raise click.ClickException(f"the stage failed with exit code {stage.returncode}")
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / KIB_PER_MIB


if __name__ == "__main__":
    main()
