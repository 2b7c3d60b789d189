"""`python -m potstill variants` in the small project, with real DVC and a teacher that counts its calls."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines import QUESTIONS, Pipeline
from tests.servers.teacher import Answer, TeacherServer, completion, refusal

METRICS = {"train": {"accuracy": 0.5}, "tokens": 42}
PRICED = {"input": 0, "output": 10_000}


@pytest.fixture
def lab(ada: Pipeline) -> Pipeline:
    """The small project with the real stage `prepare`, metrics in JSON, and a prompt that nobody was asked with."""
    text = (ada.folder / "dvc.yaml").read_text()
    text = text.replace(
        "cmd: cp -r seed/requests data/requests",
        "cmd: python -m stages.prepare --raw data/raw --requests data/requests",
    )
    text = re.sub(
        r"cmd: mkdir -p reports .*", "cmd: cp -r seed/reports . && cp -r data/responses data/answers || true --reports reports", text
    )
    (ada.folder / "dvc.yaml").write_text(text.replace(", seed/requests]", "]"))
    (ada.folder / "seed/reports").mkdir()
    (ada.folder / "seed/reports/metrics.json").write_text(json.dumps(METRICS))
    return ada


def variants(project: Pipeline, *options: str) -> subprocess.CompletedProcess[str]:
    return project.attempt(sys.executable, "-m", "potstill", "variants", *options)


def experiments(project: Pipeline) -> dict[str, str]:
    """The commit of each experiment by its name."""
    refs = project.git("for-each-ref", "--format=%(refname:lstrip=4) %(objectname)", "refs/exps/??/*/*").splitlines()
    return dict(ref.split() for ref in refs)


def add_teachers(project: Pipeline, **teachers: dict) -> None:
    for name, entry in teachers.items():
        project.edit_params(**{f"teachers__{name}": {"provider": "azure", "model": "other", "max_tokens": 100, **entry}})


def test_variants_run_side_by_side_and_what_they_share_is_bought_once(lab: Pipeline, teacher: TeacherServer) -> None:
    add_teachers(lab, one={"price_per_million": PRICED}, two={"price_per_million": PRICED})
    teacher.default = Answer(completion(), delay_s=0.3)

    done = variants(lab, "--prompts", "letter", "--teachers", "one,two", "--jobs", "2")

    assert done.returncode == 0, done.stdout + done.stderr
    estimate = [line for line in done.stdout.splitlines() if "to ask" in line]
    assert [" ".join(line.split()[:6]) for line in estimate] == [
        "letter-one 3 requests, 0 found, 3",
        "letter-two 3 requests, 0 found, 3",
        "together 6 requests, 0 found, 3",
    ]
    assert "3 shared ones asked once" in estimate[-1]
    assert "letter-two: accuracy 50.0 % of train" in done.stdout
    assert done.stdout.endswith("compare them: `make compare`\n")
    assert {"letter-one: stage infer", "letter-two: stage infer", "letter-two: done"} <= set(done.stderr.splitlines())
    assert experiments(lab).keys() == {"letter-one", "letter-two"}
    assert len(teacher.calls) == len(set(teacher.questions())) == QUESTIONS
    assert "teacher: two" in lab.git("show", f"{experiments(lab)['letter-two']}:params.yaml")
    # the edits that no commit has went with them, and are still here
    assert "two:" in lab.read("params.yaml")
    assert list((lab.folder / ".dvc/tmp/exps").iterdir()) == []
