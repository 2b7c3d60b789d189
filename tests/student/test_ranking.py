"""A tiny sentence encoder, trained and asked in student/.venv as the stage does it."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from potstill.core.letters import letter_choices
from potstill.core.records import Answer, Question, read_json, read_rows, write_rows
from tests.project import ROOT
from tests.student.test_lessons import write_inputs

ANIMALS = ("ferrets", "foxes", "owls", "moles")
PLACES = ("den", "bank", "moon")
TOO_LONG = "moon " * 30
pytestmark = pytest.mark.slow  # importing torch and what is on it takes seconds for each process


class Ranking:
    """A folder with params, questions, an export and an encoder, in which the stage is run."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.python, self.folder = python, folder
        self.environment = os.environ | {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1"}

    def make(self, epochs: int, model: str = "encoder", option: str = "den") -> None:
        """Write what the stage reads: whatever is asked, the animal lives in a den."""
        params = YAML(typ="safe").load((ROOT / "student/params.yaml").read_text())
        params["rank"] |= {"model": model, "epochs": epochs, "learning_rate": 0.005, "batch_size": 4}
        (self.folder / "student").mkdir()
        YAML(typ="safe").dump(params, self.folder / "student/params.yaml")
        turned = [[*PLACES[one:], *PLACES[:one]] for one in range(3)]
        rows = [(f"t1:{turn}", turned[turn % 3], [float(one == "den") for one in turned[turn % 3]], "ACB"[turn % 3])
                for turn in range(24)]  # fmt: skip
        write_inputs(self.folder, *rows)
        asked = [Question(f"v{one}", f"Where do {animal} live?", letter_choices(["moon", option, "owls"]), "B", None)
                 for one, animal in enumerate(ANIMALS)]  # fmt: skip
        write_rows(self.folder / "raw/validation.jsonl", asked)
        tiny = Path(__file__).with_name("tiny_encoder.py")
        subprocess.run([self.python, tiny, self.folder / "encoder"], check=True, capture_output=True)

    def start(self, run: str, outputs: str) -> subprocess.Popen[str]:
        """Start a run, all of whose outputs are below a folder."""
        paths = {"raw": "raw", "export": "export"} | {
            name: f"{outputs}/{name}" for name in ("checkpoints", "answers", "model", "curves")
        }
        options = [word for name, path in paths.items() for word in (f"--{name}", path)]
        words = [str(self.python), "-m", "student.rank", "--run", run, *options]
        return subprocess.Popen(
            words, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def rank(self, run: str, outputs: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        process = self.start(run, outputs)
        out, err = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def ranking(student_python: Path, tmp_path: Path) -> Ranking:
    return Ranking(student_python, tmp_path)


def test_an_encoder_learns_what_the_teacher_meant(ranking: Ranking) -> None:
    ranking.make(epochs=8)
    done = ranking.rank("trained-0", "outputs")
    assert done.stdout == "trained-0: 4 of 4 right (100\N{NO-BREAK SPACE}%)\n", done.stderr
    outputs = ranking.folder / "outputs"
    answers = list(read_rows(outputs / "answers/answers.jsonl", Answer))
    assert [(one.question_id, one.answer, one.outcome) for one in answers] == [
        (f"v{one}", "B", "correct") for one in range(4)
    ]
    facts = read_json(outputs / "answers/facts.json")
    assert facts.pop("seconds") > 0
    assert facts["bytes"] == sum(file.stat().st_size for file in (outputs / "model").rglob("*") if file.is_file())
    assert (facts["model"], facts["questions"]) == ("encoder", 4)
    curve = (outputs / "curves/plots/metrics/train/loss.tsv").read_text().splitlines()
    losses = [float(line.split("\t")[-1]) for line in curve[1:]]
    assert len(losses) == 8 * 24 / 4
    assert losses[-1] < losses[0] / 2
    assert not list((outputs / "checkpoints").rglob("*.pt"))
    set_params(ranking, model="outputs/model")
    assert ranking.rank("untrained", "loaded").stdout == "untrained: 4 of 4 right (100\N{NO-BREAK SPACE}%)\n"
    assert read_json(ranking.folder / "loaded/answers/facts.json")["sha256"] == facts["sha256"]


def set_params(ranking: Ranking, **changed: object) -> None:
    path = ranking.folder / "student/params.yaml"
    params = YAML(typ="safe").load(path.read_text())
    params["rank"] |= changed
    YAML(typ="safe").dump(params, path)


def test_a_training_that_was_killed_goes_on_to_the_same_weights(ranking: Ranking) -> None:
    ranking.make(epochs=30)
    killed = ranking.start("trained-1", "killed")
    checkpoints = ranking.folder / "killed/checkpoints"
    while not list(checkpoints.rglob("state.pt")):
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    state = next(checkpoints.rglob("state.pt"))
    assert not (ranking.folder / "killed/answers").exists()
    resumed = ranking.rank("trained-1", "killed")
    assert resumed.stdout.startswith("going on after step "), resumed.stderr
    assert not state.exists()
    assert ranking.rank("trained-1", "whole").returncode == 0
    facts, curves = (
        [(ranking.folder / outputs / file).read_text() for outputs in ("killed", "whole")]
        for file in ("answers/facts.json", "curves/plots/metrics/train/loss.tsv")
    )
    assert len({json.loads(one)["sha256"] for one in facts}) == 1
    assert len(set(curves)) == 1


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (
            {"option": TOO_LONG},
            "raw/validation.jsonl: row 1: expected at most 24 tokens in a question and in each option",
        ),
        (
            {"model": "raw"},
            "rank.model: expected bundled, a model on the Hub or a folder of sentence-transformers, got",
        ),
    ],
    ids=["too long", "no model"],
)
def test_what_cannot_be_ranked_is_one_sentence(ranking: Ranking, made: dict[str, str], expected: str) -> None:
    ranking.make(epochs=1, **made)
    done = ranking.rank("untrained", "outputs")
    assert done.returncode == 1
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
