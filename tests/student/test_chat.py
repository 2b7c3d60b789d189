"""A chat student is trained, killed, trained on, and converted: the real libraries, a tiny model."""

import hashlib
import json
import re
from itertools import product
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from potstill.core.records import write_json
from tests.project import ROOT
from tests.student.stages import Call, kill_when, run_stages, start_stages

ANIMALS = ["ferret", "otter", "badger", "hare", "lynx", "vole"]
PLACES = ["den", "river", "sett", "field"]
QUICK = {"epochs": 2, "batch_size": 4, "save_steps": 2, "learning_rate": 1e-3}
ADAPTERS = ("killed", "lora", "control")
STEPS = len(ANIMALS) * len(PLACES) // 4 * 2


def write_params(folder: Path, **chat: object) -> Path:
    """Write the project's own student/params.yaml to a folder, with other values of chat."""
    params = YAML(typ="safe").load(ROOT / "student/params.yaml")
    params["chat"] |= {"model": str(folder.parent / "tiny"), **QUICK, **chat}
    (folder / "student").mkdir(parents=True)
    YAML().dump(params, folder / "student/params.yaml")
    return folder


def write_inputs(folder: Path) -> None:
    """Write what the train stage reads: an export of 24 rows."""
    (folder / "export/messages").mkdir(parents=True)
    rows = [
        [{"role": "user", "content": f"Where does the {animal} of the {place} live?"},
         {"role": "assistant", "content": f"In the {place}."}]
        for animal, place in product(ANIMALS, PLACES)
    ]  # fmt: skip
    text = "".join(json.dumps({"messages": messages}) + "\n" for messages in rows)
    (folder / "export/messages/train.jsonl").write_text(text)
    write_json(folder / "export/manifest.json", {"gates_failed": []})


def train_options(folder: Path, run: str, name: str) -> list[str]:
    """Return the options of stage train, whose outputs have a name of their own."""
    paths = {
        "export": "export", "base": "base",
        "model": f"models/{name}", "curves": f"curves/{name}", "checkpoints": f"checkpoints/{name}",
    }  # fmt: skip
    return ["--run", run, *(word for option, path in paths.items() for word in (f"--{option}", str(folder / path)))]


def kill_in_mid_training(python: Path, calls: list[Call], checkpoints: Path) -> None:
    """Begin stages, kill the training after its second checkpoint, and leave another half-written as a kill may."""
    whole = kill_when(start_stages(python, calls), checkpoints, "checkpoint-4/whole")
    broken = whole.parents[1] / f"checkpoint-{STEPS - 1}"
    broken.mkdir()
    (broken / "trainer_state.json").write_text('{"global_step":')


def hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_students_are_trained_killed_and_converted(tmp_path: Path, student_python: Path) -> None:
    write_inputs(tmp_path)
    (tmp_path / "empty").mkdir()
    lora = str(write_params(tmp_path / "lora", method="lora"))
    full = str(write_params(tmp_path / "full", method="full"))
    short = str(write_params(tmp_path / "short", max_tokens=20))
    broken = str(write_params(tmp_path / "broken", model=str(tmp_path / "empty")))

    def teach(folder: str, run: str, name: str) -> list[str]:
        return [folder, "train", *train_options(tmp_path, run, name)]

    def convert(name: str, to: str) -> list[str]:
        model = [] if name == "base" else ["--model", str(tmp_path / "models" / name)]
        paths = ["--base", str(tmp_path / "base"), *model, "--served", str(tmp_path / "served" / to)]
        return [lora, "convert", "--run", "trained-0", *paths]

    begun = [
        [str(tmp_path), "tiny", str(tmp_path / "tiny")],
        [lora, "fetch", "--base", str(tmp_path / "base")],
        teach(lora, "trained-0", "killed"),
    ]
    kill_in_mid_training(student_python, begun, tmp_path / "checkpoints/killed")
    done = run_stages(student_python, [
        teach(lora, "trained-0", "killed"), teach(lora, "trained-0", "lora"), teach(lora, "control-0", "control"),
        teach(full, "trained-0", "full"), teach(short, "trained-0", "short"),
        [broken, "fetch", "--base", str(tmp_path / "no-base")],
        convert("base", "base"), convert("lora", "lora"), convert("lora", "again"), convert("full", "full"),
        [lora, "merge", *(str(tmp_path / name) for name in ("base", "models/lora", "merged"))],
    ])  # fmt: skip
    assert [code for code, _ in done] == [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], done
    assert float(done[-1][1]) < 0.001
    assert re.search(rf"{STEPS} steps, of which (4|6|8) were done before", done[0][1])
    assert "row 1: expected at most 20 tokens" in done[4][1]
    assert "chat.model: expected a language model that transformers can load" in done[5][1]
    adapters = {name: hash_file(tmp_path / f"models/{name}/adapter_model.safetensors") for name in ADAPTERS}
    assert adapters["killed"] == adapters["lora"] != adapters["control"]
    curves = [(tmp_path / f"curves/{name}/plots/metrics/train/loss.tsv").read_text() for name in ("killed", "lora")]
    assert curves[0] == curves[1]
    assert len(curves[0].splitlines()) == 1 + STEPS
    assert not list(tmp_path.glob("checkpoints/*/chat/*"))
    served = {path.parent.name: hash_file(path) for path in tmp_path.glob("served/*/model.gguf")}
    assert served["lora"] == served["again"]
    assert len({served["base"], served["lora"], served["full"]}) == 3
