"""A throw-away clone of this project, at its last commit, with made-up questions of CommonsenseQA's shape."""

import json
import os
import random
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path

from ruamel.yaml import YAML

from benchmarks.measuring import ROOT, Measured, measure

VOCABULARY = [f"word{number}" for number in range(20_000)]
WEIGHTS = [*accumulate(1 / (rank + 10) for rank in range(len(VOCABULARY)))]  # few are frequent (Zipf)
STARTS, LETTERS = ["What", "Where", "Who", "How", "Why", "If"], "ABCDE"


def make_questions(count: int, name: str) -> Iterator[dict[str, object]]:
    """Yield rows as CommonsenseQA has them; the same in each run."""
    draw = random.Random(name)
    for number in range(count):
        words = draw.choices(VOCABULARY, cum_weights=WEIGHTS, k=draw.randint(12, 25))
        yield {
            "id": f"{name}-{number}",
            "question": f"{draw.choice(STARTS)} {' '.join(words[:-5])} {number}?",
            "question_concept": words[0],
            "choices": {"label": [*LETTERS], "text": [f"{word} {place}" for place, word in enumerate(words[-5:])]},
            "answerKey": draw.choice(LETTERS),
        }


class MadeProject:
    """The clone; what it buys is kept in the folder above it."""

    def __init__(self, folder: Path, train: int, validation: int) -> None:
        """Clone the project, write the questions, and let params.yaml choose them and a teacher on loopback."""
        self.folder, self.journal, self._above = folder / "project", folder / "journal.sqlite", folder
        subprocess.run(["git", "clone", "--quiet", ROOT, self.folder], check=True)
        source = self.folder / "data/source/made"
        source.mkdir(parents=True)
        for split, count in {"train": train, "validation": validation}.items():
            with (source / f"{split}.jsonl").open("w") as file:
                file.writelines(json.dumps(row) + "\n" for row in make_questions(count, split))
        self.edit_params(
            dataset="made",
            datasets__made={"path": "data/source/made"},
            load__train=None,
            load__validation=None,
            teacher="loopback",
            teachers__loopback={"provider": "azure", "model": "loopback", "max_tokens": 16},
            runtime__concurrency=64,
        )

    def edit_params(self, **edits: object) -> None:
        """Set params, `a__b=1` for a.b."""
        path, yaml = self.folder / "params.yaml", YAML()
        params = yaml.load(path)
        for name, value in edits.items():
            *sections, last = name.split("__")
            place = params
            for section in sections:
                place = place[section]
            place[last] = value
        yaml.dump(params, path)

    def environment(self, endpoint: str) -> dict[str, str]:
        """Return what a stage or a goal is run with."""
        return os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder),
            "POTSTILL_JOURNAL": str(self.journal),
            "TEACHER_MODEL_ENDPOINT": endpoint,
            "TEACHER_MODEL_KEY": "unused",
        }

    def run(self, *command: str, endpoint: str = "") -> Measured:
        """Run a command in the clone."""
        return measure(command, self.folder, self.environment(endpoint))

    def run_stage(self, stage: str, endpoint: str = "") -> Measured:
        """Run a stage as dvc.yaml does, in a process of its own."""
        words = shlex.split(YAML(typ="safe").load(self.folder / "dvc.yaml")["stages"][stage]["cmd"])
        return self.run(sys.executable, *words[1:], endpoint=endpoint)

    def run_goal(self, *words: str, endpoint: str = "") -> Measured:
        """Run a goal of the Makefile with this environment's Python."""
        return self.run("make", "--no-print-directory", "--assume-old=.venv/.ready", *words, endpoint=endpoint)

    def forget_answers(self) -> None:
        """Remove what was bought."""
        for file in self._above.glob("journal.sqlite*"):
            file.unlink()
        for name in ("data/responses", "logs"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def journal_bytes(self) -> int:
        """Return the size of what was bought."""
        return sum(file.stat().st_size for file in self._above.glob("journal.sqlite*"))

    def first_requests(self, count: int) -> Path:
        """Write a file of the first train requests."""
        path = self._above / "first.jsonl"
        with (self.folder / "data/requests/train.jsonl").open() as file, path.open("w") as part:
            part.writelines(islice(file, count))
        return path

    def change_questions(self, every: int) -> int:
        """Put another number into every n-th train question, and return how many were changed."""
        path = self.folder / "data/source/made/train.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for row in rows[::every]:
            row["question"] = f"Lately, {row['question']}"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return len(rows[::every])
