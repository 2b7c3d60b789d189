"""A small project with a pipeline shaped like the real one: all stages but `infer` copy files, so a run is quick."""

import json
import shutil
from pathlib import Path

from click.testing import CliRunner
from dvc.repo import Repo
from ruamel.yaml import YAML

from stages import prepare
from tests.clones import Clone
from tests.servers.teacher import TeacherServer

ROOT = Path(__file__).parents[1]
QUESTIONS = 3
DVC_YAML = """
stages:
  load:
    cmd: mkdir -p data && cp -r seed/raw data/raw
    deps: [seed/raw]
    params: [dataset, 'datasets.${dataset}', load]
    outs: [data/raw]
  prepare:
    cmd: cp -r seed/requests data/requests
    deps: [data/raw, seed/requests]
    params: [prompt, 'prompts.${prompt}', prepare]
    outs: [data/requests]
  infer:
    cmd: >-
      python -m stages.infer --requests data/requests --responses data/responses --ledger data/ledger
      --log logs/infer.json
    deps: [data/requests]
    params: [teacher, 'teachers.${teacher}']
    outs: [data/responses]
  analyze:
    cmd: mkdir -p reports && wc -l data/responses/*.jsonl > reports/metrics.json && cp -r data/responses data/answers
    deps: [data/responses]
    params: [analyze, price_per_million]
    outs: [data/answers]
    metrics: [reports/metrics.json: {cache: false}]
  export:
    cmd: cp -r data/answers data/export
    deps: [data/answers]
    params: [export]
    outs: [data/export]
"""


class Pipeline(Clone):
    """An engineer's clone of such a project."""

    def use(self, teacher: TeacherServer) -> None:
        """Ask this teacher."""
        self.environment |= {"TEACHER_MODEL_ENDPOINT": teacher.endpoint, "TEACHER_MODEL_KEY": "not-a-secret"}

    def edit_params(self, **edits: object) -> None:
        """Set params, `a__b=1` for a.b."""
        path, yaml = self.folder / "params.yaml", YAML()
        params = yaml.load(path)
        for key, value in edits.items():
            *parents, last = key.split("__")
            section = params
            for parent in parents:
                section = section[parent]
            section[last] = value
        yaml.dump(params, path)

    def prepare(self) -> None:
        """Write the requests that the stage `prepare` copies."""
        with self.active():
            done = CliRunner().invoke(prepare.main, ["--raw", "seed/raw", "--requests", "seed/requests"])
        assert done.exit_code == 0, done.output

    def repro(self, target: str | None = None, *, force: bool = False) -> list[str]:
        """Run `dvc repro` in this process, and return the stages that ran."""
        with self.active(), Repo() as repo:
            return [stage.name for stage in repo.reproduce(target, force=force, single_item=force)]

    def status(self) -> dict[str, object]:
        """Return what DVC says would run again."""
        with self.active(), Repo() as repo:
            return dict(repo.status())

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def clone(self, folder: Path) -> "Pipeline":
        other = super().clone(folder)
        pipeline = Pipeline(folder, other.journal)
        pipeline.environment = other.environment
        return pipeline


def new_pipeline(base: Clone) -> Pipeline:
    """Give a small project a pipeline, and run it once with a teacher that answers A."""
    pipeline = Pipeline(base.folder, base.journal)
    pipeline.environment = base.environment
    shutil.copy(ROOT / "tests/params.yaml", pipeline.folder / "params.yaml")
    pipeline.edit_params(
        teacher="loopback", teachers__loopback={"provider": "azure", "model": "loopback"}, prepare__splits=["train"]
    )
    choices = [{"label": "A", "text": "yes"}, {"label": "B", "text": "no"}]
    rows = [
        {"id": str(number), "question": f"Is it {number}?", "choices": choices, "answer": "A", "concept": None}
        for number in range(QUESTIONS)
    ]
    raw = pipeline.folder / "seed/raw"
    raw.mkdir(parents=True)
    (raw / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (raw / "source.json").write_text(json.dumps({"revision": "r1", "splits": {"train": {"questions": QUESTIONS}}}))
    (pipeline.folder / "dvc.yaml").write_text(DVC_YAML)
    pipeline.prepare()
    with TeacherServer() as teacher:
        pipeline.use(teacher)
        assert pipeline.repro() == ["load", "prepare", "infer", "analyze", "export"]
        assert len(teacher.calls) == QUESTIONS
    pipeline.commit("Run")
    return pipeline
