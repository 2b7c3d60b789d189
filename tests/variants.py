"""A small project whose stages' outputs are written here and kept by DVC as a run would keep them, with experiments."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dvc.repo import Repo
from ruamel.yaml import YAML

from potstill.core.records import encode_row
from potstill.reading.judging import JudgedQuestion
from tests.clones import ROOT, Clone
from tests.judged import judge, question_of

DVC_YAML = """
stages:
  load:
    cmd: load --raw data/raw
    params: [dataset, 'datasets.${dataset}', load]
    outs: [data/raw]
  prepare:
    cmd: prepare --requests data/requests
    deps: [data/raw]
    params: [prompt, 'prompts.${prompt}', prepare]
    outs: [data/requests]
  infer:
    cmd: infer --responses data/responses
    deps: [data/requests]
    params: [teacher, 'teachers.${teacher}']
    outs: [data/responses]
  analyze:
    cmd: analyze --answers data/answers --reports reports
    deps: [data/responses]
    params: [analyze, price_per_million]
    outs: [data/answers]
"""
IGNORED = "/data/raw\n/data/requests\n/data/responses\n/data/answers\n/reports\n"


def write_rows(folder: Path, questions: Sequence[JudgedQuestion], split: str = "validation") -> None:
    """Write what the stages write of these questions into raw, requests, responses and answers."""
    rows: dict[str, list[Any]] = {name: [] for name in ("raw", "requests", "responses", "answers")}
    for question in questions:
        rows["raw"].append(question_of(question.exchanges[0].request))
        rows["requests"] += [exchange.request for exchange in question.exchanges]
        rows["responses"] += [exchange.response for exchange in question.exchanges]
        rows["answers"].append(question.answer)
    for name, several in rows.items():
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
        (folder / name / f"{split}.jsonl").write_text("".join(f"{encode_row(row).decode()}\n" for row in several))
    (folder / "raw/source.json").write_text(json.dumps({"revision": "r1"}))


class Variants:
    """An engineer's clone of such a project; every run and experiment is of given letters."""

    def __init__(self, clone: Clone) -> None:
        self.clone = clone

    def begin(self) -> None:
        """Give the clone its pipeline."""
        clone = self.clone
        shutil.copy(ROOT / "tests/params.yaml", clone.folder / "params.yaml")
        (clone.folder / "dvc.yaml").write_text(DVC_YAML)
        with (clone.folder / ".gitignore").open("a") as file:
            file.write(IGNORED)

    def run(self, questions: Sequence[JudgedQuestion], split: str = "validation", **params: Any) -> None:
        """Write the rows of a run with these params, `a__b=1` for a.b, and let DVC keep them."""
        self._edit(params)
        write_rows(self.clone.folder / "data", questions, split)
        with self.clone.active(), Repo() as repo:
            repo.commit(force=True)

    def experiment(self, name: str, questions: Sequence[JudgedQuestion], **params: Any) -> None:
        """Make an experiment of HEAD as `dvc exp run` does, and leave the workspace as it was."""
        head = self.clone.git("rev-parse", "HEAD").strip()
        self.run(questions, **params)
        self.clone.git("commit", "-qam", "dvc: commit experiment 0123")
        commit = self.clone.git("rev-parse", "HEAD").strip()
        self.clone.git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{name}", commit)
        self.clone.git("reset", "-q", "--hard", head)
        with self.clone.active(), Repo() as repo:
            repo.checkout(force=True)

    def _edit(self, params: dict[str, Any]) -> None:
        path, yaml = self.clone.folder / "params.yaml", YAML()
        content = yaml.load(path)
        for key, value in params.items():
            *parents, last = key.split("__")
            section = content
            for parent in parents:
                section = section[parent]
            section[last] = value
        yaml.dump(content, path)


def answer_all(letters: Sequence[str | None], gold: str | None = "A", **fields: Any) -> list[JudgedQuestion]:
    """Judge a question for each letter."""
    return [
        judge(number, [letter], gold, question=f"Is it {number}?", **fields) for number, letter in enumerate(letters)
    ]
