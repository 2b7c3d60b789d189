"""How near the bundled teacher comes to llama.cpp's own bench: `python -m benchmarks.local_teacher`.

llama-bench is built, once, from the sources of llama.cpp that llama-cpp-python carries; this takes minutes, and needs
cmake, ninja and a C++ compiler. By turns it and the teacher, as `infer` serves it, take prompts of as many tokens and
answer with as many; each says by its own clock how many tokens a second it read and wrote.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from statistics import median

import click

from benchmarks.made import MadeProject
from benchmarks.measuring import ROOT
from benchmarks.results import save
from potstill.teacher.api.bundled import find_bundled_weights

SOURCES = "llama-cpp-python==0.3.36"
BUILD = ROOT / ".peers/llama-bench"
ANSWER_TOKENS = 64


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each has its turn.")
@click.option("--questions", default=16, show_default=True, help="What the teacher is asked in a round.")
def main(rounds: int, questions: int) -> None:
    """Print a row for reading prompts and one for writing answers."""
    bench = BUILD / "bin/llama-bench"
    if not bench.exists():
        build()
    with tempfile.TemporaryDirectory() as name:
        project = MadeProject(Path(name), 1, 1)
        project.edit_params(dataset="bundled", load__train=questions, load__validation=0, prepare__splits=["train"])
        for stage in ("load", "prepare"):
            project.run_stage(stage)
        taken = []
        for _ in range(rounds):
            ours = read_lines(
                project, sys.executable, ROOT / "benchmarks/bare_teacher.py", "data/requests", ANSWER_TOKENS
            )
            prompt_tokens = round(ours[0]["tokens"] / questions)
            options = ["-t", len(os.sched_getaffinity(0)), "-p", prompt_tokens, "-n", ANSWER_TOKENS, "-o", "jsonl"]
            taken.append((ours, read_lines(project, bench, "-m", find_bundled_weights(), *options)))
    rows = []
    for place, what in enumerate((f"prompts of {prompt_tokens} tokens, read", f"answers of {ANSWER_TOKENS}, written")):
        teacher = median(ours[place]["per_s"] for ours, _ in taken)
        best = median(theirs[place]["avg_ts"] for _, theirs in taken)
        rows.append({"tokens/s": what, "bundled teacher": teacher, "llama-bench": best, "ratio": teacher / best})
    save("local_teacher", rows)


def read_lines(project: MadeProject, *command: object) -> list[dict]:
    """Run a command in the project, and return the JSON that it prints, an object a line."""
    words, environment = [str(word) for word in command], project.environment("") | {"OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(words, cwd=project.folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def build() -> None:
    """Fetch the sources and build the one program."""
    with tempfile.TemporaryDirectory() as name:
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:", SOURCES]
        subprocess.run(fetch, cwd=name, check=True)
        with tarfile.open(next(Path(name).glob("*.tar.gz"))) as archive:
            archive.extractall(name, filter="data")
        (sources,) = Path(name).glob("*/vendor/llama.cpp")
        off = [f"-DLLAMA_BUILD_{part}=OFF" for part in ("TESTS", "EXAMPLES", "SERVER")]
        options = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF", *off]
        subprocess.run(["cmake", "-S", sources, "-B", BUILD, *options], check=True)
        subprocess.run(["cmake", "--build", BUILD, "--target", "llama-bench"], check=True)


if __name__ == "__main__":
    main()
