"""A chat student is trained, killed, trained on, and converted: the real libraries, a tiny model."""

import hashlib
import json
import os
import signal
import subprocess
import time
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from potstill.core.letters import letter_choices
from potstill.core.records import Question, write_json, write_rows
from student import train
from tests.project import ROOT

ANIMALS = ["ferret", "otter", "badger", "hare", "lynx", "vole"]
PLACES = ["den", "river", "sett", "field"]
QUICK = {"epochs": 5, "batch_size": 4, "save_steps": 4, "learning_rate": 1e-3}
STEPS = len(ANIMALS) * len(PLACES) // 4 * 5
ASKED = Question("v1", "Where do hens live?", letter_choices(["in a bank", "in a coop"]), "B", None)


def write_params(folder: Path, **chat: object) -> Path:
    """Write the project's own student/params.yaml to a folder, with other values of chat."""
    params = YAML(typ="safe").load(ROOT / "student/params.yaml")
    params["chat"] |= {"model": str(folder.parent / "tiny"), **QUICK, **chat}
    (folder / "student").mkdir(parents=True)
    YAML().dump(params, folder / "student/params.yaml")
    return folder


def write_inputs(folder: Path, question: Question = ASKED) -> None:
    """Write what the train stage reads: an export of 24 rows, and the question that students are judged by."""
    (folder / "export/messages").mkdir(parents=True)
    rows = [
        [{"role": "user", "content": f"Where does the {animal} of the {place} live?"},
         {"role": "assistant", "content": f"In the {place}."}]
        for animal, place in product(ANIMALS, PLACES)
    ]  # fmt: skip
    text = "".join(json.dumps({"messages": messages}) + "\n" for messages in rows)
    (folder / "export/messages/train.jsonl").write_text(text)
    write_json(folder / "export/manifest.json", {"gates_failed": []})
    write_rows(folder / "raw/validation.jsonl", [question])


def train_options(folder: Path, run: str, name: str) -> list[str]:
    """Return the options of stage train, whose outputs have a name of their own."""
    paths = {
        "export": "export", "raw": "raw", "base": "base",
        "model": f"models/{name}", "curves": f"curves/{name}", "checkpoints": f"checkpoints/{name}",
    }  # fmt: skip
    return ["--run", run, *(word for option, path in paths.items() for word in (f"--{option}", str(folder / path)))]


def run_stages(python: Path, calls: list[list[str]]) -> list[tuple[int, str]]:
    """Return the exit code and the words of each stage."""
    done = subprocess.run(
        [python, "-m", "tests.student.stages", json.dumps(calls)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def kill_in_mid_training(python: Path, folder: Path, options: list[str], checkpoints: Path) -> None:
    """Begin a training, kill it after its second checkpoint, and leave a third half-written as a kill may."""
    process = subprocess.Popen(
        [python, "-m", "student.train", *options], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    try:
        while not (marks := sorted(checkpoints.glob("chat/*/checkpoint-8/whole"))):
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    broken = marks[0].parents[1] / f"checkpoint-{STEPS - 1}"
    broken.mkdir()
    (broken / "trainer_state.json").write_text('{"global_step":')


def hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_question_that_students_are_judged_by_is_not_taught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_inputs(tmp_path, Question("v1", "Where does the hare", letter_choices(["live", "sett"]), "B", None))
    (tmp_path / "base").mkdir()
    monkeypatch.chdir(write_params(tmp_path / "lora"))
    done = CliRunner().invoke(train.main, train_options(tmp_path, "trained-0", "leak"))
    assert done.exit_code == 1
    assert "row 15 is the question v1, by which students are judged" in done.output


@pytest.mark.slow
def test_students_are_trained_killed_and_converted(tmp_path: Path, student_python: Path) -> None:
    write_inputs(tmp_path)
    folders = {
        "lora": write_params(tmp_path / "lora", method="lora"),
        "full": write_params(tmp_path / "full", method="full"),
        "short": write_params(tmp_path / "short", max_tokens=20),
    }

    def teach(folder: str, run: str, name: str) -> list[str]:
        return [str(folders[folder]), "train", *train_options(tmp_path, run, name)]

    def convert(name: str, to: str) -> list[str]:
        model = [] if name == "base" else ["--model", str(tmp_path / "models" / name)]
        paths = ["--base", str(tmp_path / "base"), *model, "--served", str(tmp_path / "served" / to)]
        return [str(folders["lora"]), "convert", "--run", "trained-0", *paths]

    made = run_stages(student_python, [
        [str(tmp_path), "tiny", str(tmp_path / "tiny")],
        [str(folders["lora"]), "fetch", "--base", str(tmp_path / "base")],
    ])  # fmt: skip
    assert [code for code, _ in made] == [0, 0], made
    for method in ("lora", "full"):
        options = train_options(tmp_path, "trained-0", f"{method}-killed")
        kill_in_mid_training(student_python, folders[method], options, tmp_path / f"checkpoints/{method}-killed")
    done = run_stages(student_python, [
        teach("lora", "trained-0", "lora-killed"), teach("full", "trained-0", "full-killed"),
        teach("lora", "trained-0", "lora"), teach("full", "trained-0", "full"),
        teach("lora", "control-0", "control"), teach("short", "trained-0", "short"),
        convert("base", "base"), convert("lora", "lora"), convert("lora", "again"), convert("full", "full"),
    ])  # fmt: skip
    assert [code for code, _ in done] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0], done
    assert "row 1: expected at most 20 tokens" in done[5][1]
    for method, weights in (("lora", "adapter_model.safetensors"), ("full", "model.safetensors")):
        killed, undisturbed = (tmp_path / "models" / f"{method}{end}" / weights for end in ("-killed", ""))
        assert hash_file(killed) == hash_file(undisturbed)
        curves = [tmp_path / "curves" / f"{method}{end}/plots/metrics/train/loss.tsv" for end in ("-killed", "")]
        assert curves[0].read_text() == curves[1].read_text()
        assert len(curves[0].read_text().splitlines()) == 1 + STEPS
    assert "of which 8 were done before" in done[0][1] or "of which 12 were done before" in done[0][1]
    assert not list(tmp_path.glob("checkpoints/*/chat/*"))
    served = {path.parent.name: hash_file(path) for path in tmp_path.glob("served/*/model.gguf")}
    assert served["lora"] == served["again"]
    assert len(set(served.values())) == len(served) - 1 == 3
    adapters = [tmp_path / f"models/{name}/adapter_model.safetensors" for name in ("lora", "control")]
    assert hash_file(adapters[0]) != hash_file(adapters[1])
