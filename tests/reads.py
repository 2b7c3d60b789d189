"""Which params each stage reads, found by running it with params that note what is read from them."""

import contextlib
import functools
import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from ruamel.yaml import YAML

from potstill.core.params import Params
from potstill.core.sections import Section
from potstill.teacher.api.bundled import find_bundled_weights
from tests.project import COMMANDS
from tests.servers.batches import BatchServer

ROOT = Path(__file__).parents[1]
# Loaded when they are run: three of them need seconds for that.
FUNCTIONS = {
    "load": "potstill.questions.sampling:write_samples",
    "prepare": "potstill.prompting.requests:write_requests",
    "infer": "potstill.teacher.run:infer",
    "analyze": "potstill.quality.report:analyze",
    "export": "potstill.training_set.export:export_examples",
}
CHOICES = {"dataset": "own", "prompt": "own", "teacher": "own"}
COLUMNS = {"question": "q", "choices": ["a", "b"], "answer": "gold", "answer_is": "index", "id": "name", "concept": "c"}
# The last row is a bad one, since only then does it matter what to do with it.
ROWS = [{"q": f"{n} or 1?", "a": "0", "b": "1", "gold": 1 if n < 3 else 7, "name": f"q{n}", "c": "n"} for n in range(4)]


@dataclass
class Reads:
    """What was read: values by their path in params.yaml ("load.seed"), and fields by their section ("Load.seed")."""

    paths: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)


class Noting:
    """A section of the params, or a catalogue of them, that notes what is read from it."""

    def __init__(self, value: Section | dict[str, Any], path: str, reads: Reads) -> None:
        self._value, self._path, self._reads = value, path, reads

    def __getattr__(self, name: str) -> Any:
        self._reads.fields.add(f"{type(self._value).__name__}.{name}")
        return self._pass_on(name, getattr(self._value, name))

    def __getitem__(self, name: str) -> Any:
        return self._pass_on(name, self._value[name])

    def _pass_on(self, name: str, value: Any) -> Any:
        path = f"{self._path}.{name}".removeprefix(".")
        if isinstance(value, Section) or (
            isinstance(value, dict) and any(isinstance(v, Section) for v in value.values())
        ):
            return Noting(value, path, self._reads)
        self._reads.paths.add(path)
        return value


def make_params(stage: str) -> list[Params]:
    """Return the params that a stage is run with, one after the other, so that it needs every field."""
    params = YAML(typ="safe").load((ROOT / "tests/params.yaml").read_text(encoding="utf-8"))
    splits = {"train": "train", "validation": None, "test": None}
    params["datasets"]["own"] = {"path": "data/source/own", "splits": splits, "columns": COLUMNS}
    params["prompts"]["own"] = params["prompts"]["letter"] | {"examples": {"count": 1}}
    params["price_per_million"]["own"] = {"input": 1, "output": 2, "batch": 0.5}
    params["load"] = {"train": None, "validation": 0, "test": 0, "sample": "random", "on_bad_row": "skip"}
    params["prepare"] = {"rotations": 2, "replicates": 1, "splits": ["train"], "pride_share": 0.5}
    params["analyze"]["gates"] = {"min_accuracy": 1}  # not passed: then it matters whether they are strict
    weights = find_bundled_weights()
    served = {"weights": str(weights), "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(), "max_tokens": 1}
    params["teachers"]["own"] = {"provider": "local", "model": "stand-in", **served}
    locally = Params.model_validate(params | CHOICES)
    params["teachers"]["own"] = {"provider": "azure", "model": "stand-in"}
    directly = Params.model_validate(params | CHOICES)
    params["teachers"]["own"]["provider"], params["runtime"]["batch"] = "openai", True
    return [locally, Params.model_validate(params | CHOICES), directly] if stage == "infer" else [directly]


@functools.cache
def reads_of_stages() -> dict[str, Reads]:
    """Run the pipeline once, and return what each of its stages read."""
    reads = {stage: Reads() for stage in COMMANDS}
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        BatchServer() as teacher,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("TEACHER_MODEL_ENDPOINT", teacher.endpoint)
        environment.setenv("TEACHER_MODEL_KEY", "not-a-secret")
        environment.setenv("POTSTILL_JOURNAL", str(Path(folder) / "journal.sqlite"))
        Path("data/source/own").mkdir(parents=True)
        Path("data/source/own/train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
        for stage, command in COMMANDS.items():
            paths = {
                option.removeprefix("--"): Path(path) for option, path in zip(*[iter(command[3:])] * 2, strict=True)
            }
            for params in make_params(stage):
                resolve_name(FUNCTIONS[stage])(Noting(params, "", reads[stage]), **paths)
    return reads
