"""Time and memory of the export stage over ever more rows, by format: `python -m benchmarks.exporting`.

The rows are made here: questions of five choices, in a vocabulary of 20,000 words few of them frequent (Zipf), each
asked once. One in a hundred is of validation, and one in a thousand of train repeats one. The stage runs as `dvc repro`
runs it, in a process of its own, and looks for leakage.
"""

import contextlib
import json
import random
import tempfile
from itertools import accumulate
from pathlib import Path
from typing import IO, Any, get_args

import click
from ruamel.yaml import YAML

from benchmarks.analyzing import ROOT, run_stage
from potstill.core.letters import LETTERS, letter_choices
from potstill.core.params import Format
from potstill.prompting.rendering import render_choices

VOCABULARY = [f"word{number}" for number in range(20_000)]
WEIGHTS = [*accumulate(1 / (rank + 10) for rank in range(len(VOCABULARY)))]  # cumulative, as `choices` wants them
RIGHT, VALIDATION, LEAKED = 0.7, 100, 1000
PARTS = ("raw", "requests", "responses", "answers")


@click.command()
@click.option("--questions", default=[10_000, 100_000, 1_000_000], multiple=True, help="Of a run; may be repeated.")
@click.option("--format", "formats", type=click.Choice(get_args(Format)), multiple=True, help="Left out: each alone.")
def main(questions: tuple[int, ...], formats: tuple[Format, ...]) -> None:
    """Print a line for each number of questions and format: seconds, of CPU, most memory, and leaks found."""
    click.echo(
        f"{'questions':>10} {'format':>18} {'seconds':>8} {'CPU s':>8} {'rows/CPU s':>10} {'peak MiB':>9} {'leaked':>7}"
    )
    for count in questions:
        for chosen in formats or get_args(Format):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                lay_out(folder, count, chosen)
                seconds, cpu_s, peak_mib = run_stage(folder, "export")
                leaked = (folder / "data/export/left_out.jsonl").read_text().count('"leaked"')
            click.echo(
                f"{count:>10,} {chosen:>18} {seconds:>8.1f} {cpu_s:>8.1f} {count / cpu_s:>10.0f} {peak_mib:>9.0f} "
                f"{leaked:>7,}"
            )


def lay_out(folder: Path, count: int, chosen: Format) -> None:
    """Write what the stages before would write; preference has two answers to each question."""
    replicates = 2 if chosen == "preference" else 1
    write_params(folder, chosen, replicates)
    draw, asked = random.Random(0), list[str]()
    for split, number in (("validation", count // VALIDATION), ("train", count - count // VALIDATION)):
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(open_file(folder, part, split)) for part in PARTS]
            for place in range(number):
                write_question(files, f"{split}-{place}", draw, asked, replicates)
    (folder / "data/raw/test.jsonl").touch()
    bias = {"recall_std": None, "tv_distance": None}
    numbers = dict.fromkeys(("accuracy", "accuracy_low", "accuracy_high", "answered_rate"))
    measures = {split: {**numbers, "position_bias": bias, "gates": {}} for split in ("train", "validation")}
    (folder / "reports/tables").mkdir(parents=True)
    (folder / "reports/tables/measures.json").write_text(json.dumps(measures))
    (folder / "data/raw/source.json").write_text(json.dumps({"dataset": "made", "path": "made"}))


def write_params(folder: Path, chosen: Format, replicates: int) -> None:
    """Write the project's params with a format and how often each question was asked."""
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["prepare"]["replicates"], params["export"]["formats"] = replicates, [chosen]
    yaml.dump(params, folder / "params.yaml")


def open_file(folder: Path, part: str, split: str) -> IO[str]:
    """Open a split's file."""
    (folder / "data" / part).mkdir(parents=True, exist_ok=True)
    return (folder / f"data/{part}/{split}.jsonl").open("w")


def write_question(files: list[IO[str]], name: str, draw: random.Random, asked: list[str], replicates: int) -> None:
    """Write a question, its requests, its responses, and its answer."""
    text = " ".join(draw.choices(VOCABULARY, cum_weights=WEIGHTS, k=draw.randint(8, 20))) + "?"
    if name.startswith("validation"):
        asked.append(text)
    elif draw.randrange(LEAKED) == 0:
        text = draw.choice(asked)
    choices = letter_choices(draw.choices(VOCABULARY, cum_weights=WEIGHTS, k=5))
    shown = {"question": text, "choices": [choice.model_dump() for choice in choices]}
    gold = draw.choice(LETTERS[:5])
    said = [letter if draw.random() < RIGHT else draw.choice(LETTERS[:5]) for letter in gold * replicates]
    user = f"{text}\n{render_choices(choices)}"
    messages = [{"role": "system", "content": "Reply with one letter only."}, {"role": "user", "content": user}]
    rows: list[list[dict[str, Any]]] = [[{"id": name, "concept": None, "answer": gold, **shown}], [], [], []]
    readings = []
    for replicate, letter in enumerate(said):
        request = {"id": f"{name}:0:{replicate}", "question_id": name, "rotation": 0, "replicate": replicate}
        rows[1].append({**request, "answer": gold, "messages": messages, **shown})
        usage = {"prompt_tokens": 80, "completion_tokens": 5}
        reply = {"id": request["id"], "key": f"{draw.getrandbits(256):064x}", "status": "answered", "usage": usage}
        rows[2].append({**reply, "content": f"The answer is {letter}.", "finish_reason": "stop", "model": "made"})
        outcome = "correct" if letter == gold else "wrong"
        readings.append({"request_id": request["id"], "answer": letter, "outcome": outcome})
    agree = len(set(said)) == 1
    answer = {"question_id": name, "answer": said[0], "outcome": readings[0]["outcome"], "confidence": 1.0}
    shares = {said[0]: 1.0} if agree else {said[0]: 0.5, said[1]: 0.5}
    rows[3].append({**answer, "distribution": shares, "agreement": 1.0 if agree else 0.5, "readings": readings})
    for file, lines in zip(files, rows, strict=True):
        file.writelines(json.dumps(line) + "\n" for line in lines)


if __name__ == "__main__":
    main()
