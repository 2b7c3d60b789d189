"""A tiny sentence encoder, trained and asked in student/.venv as the stage does it."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from potstill.core.letters import letter_choices
from potstill.core.records import Answer, Question, read_json, read_rows, write_rows
from tests.project import ROOT
from tests.student.stages import Call, kill_when, run_stages, start_stages
from tests.student.test_lessons import write_inputs

ANIMALS = ("ferrets", "foxes", "owls", "moles")
PLACES = ("den", "bank", "moon")
TOO_LONG = "moon " * 30
ALL_RIGHT = "4 of 4 right (100\N{NO-BREAK SPACE}%)\n"
pytestmark = pytest.mark.slow  # importing torch and what is on it takes seconds for each process


def make_folder(folder: Path, epochs: int, model: str, option: str = "den") -> Path:
    """Make a folder with what the stage reads: params, an export, and questions; whatever is asked lives in a den."""
    params = YAML(typ="safe").load((ROOT / "student/params.yaml").read_text())
    params["rank"] |= {"model": model, "epochs": epochs, "learning_rate": 0.005, "batch_size": 4}
    (folder / "student").mkdir(parents=True)
    YAML(typ="safe").dump(params, folder / "student/params.yaml")
    turned = [[*PLACES[one:], *PLACES[:one]] for one in range(3)]
    rows = [(f"t1:{turn}", turned[turn % 3], [float(one == "den") for one in turned[turn % 3]], "ACB"[turn % 3])
            for turn in range(24)]  # fmt: skip
    write_inputs(folder, *rows)
    asked = [Question(f"v{one}", f"Where do {animal} live?", letter_choices(["moon", option, "owls"]), "B", None)
             for one, animal in enumerate(ANIMALS)]  # fmt: skip
    write_rows(folder / "raw/validation.jsonl", asked)
    return folder


def rank(folder: Path, run: str, outputs: str = "outputs") -> Call:
    """Return the call of a run in a folder, all of whose outputs are below another one."""
    paths = {"raw": "raw", "export": "export"} | {
        name: f"{outputs}/{name}" for name in ("checkpoints", "answers", "model", "curves")
    }
    return [str(folder), "rank", "--run", run, *(word for name, path in paths.items() for word in (f"--{name}", path))]


def test_an_encoder_learns_and_what_cannot_be_ranked_is_one_sentence(student_python: Path, tmp_path: Path) -> None:
    encoder = str(tmp_path / "encoder")
    folder = make_folder(tmp_path / "learns", 8, encoder)
    loads = make_folder(tmp_path / "loads", 8, str(folder / "outputs/model"))
    too_long = make_folder(tmp_path / "too-long", 1, encoder, option=TOO_LONG)
    no_model = make_folder(tmp_path / "no-model", 1, "raw")

    made, learned, loaded, *refused = run_stages(student_python, [
        [str(tmp_path), "encoder", encoder],
        rank(folder, "trained-0"), rank(loads, "untrained"), rank(too_long, "untrained"), rank(no_model, "untrained"),
    ])  # fmt: skip

    assert made[0] == 0
    assert learned == (0, f"trained-0: {ALL_RIGHT}")
    answers = list(read_rows(folder / "outputs/answers/answers.jsonl", Answer))
    assert [(one.question_id, one.answer, one.outcome) for one in answers] == [
        (f"v{one}", "B", "correct") for one in range(4)
    ]
    facts = read_json(folder / "outputs/answers/facts.json")
    assert facts["seconds"] > 0
    assert facts["bytes"] == sum(
        file.stat().st_size for file in (folder / "outputs/model").rglob("*") if file.is_file()
    )
    assert (facts["model"], facts["questions"]) == (encoder, 4)
    curve = (folder / "outputs/curves/plots/metrics/train/loss.tsv").read_text().splitlines()
    losses = [float(line.split("\t")[-1]) for line in curve[1:]]
    assert len(losses) == 8 * 24 / 4
    assert losses[-1] < losses[0] / 2
    assert not list((folder / "outputs/checkpoints").rglob("*.pt"))
    assert loaded == (0, f"untrained: {ALL_RIGHT}")
    assert read_json(loads / "outputs/answers/facts.json")["sha256"] == facts["sha256"]
    sentences = (
        "raw/validation.jsonl: row 1: expected at most 24 tokens in a question and in each option",
        "rank.model: expected bundled, a model on the Hub or a folder of sentence-transformers, got",
    )
    for (code, words), sentence in zip(refused, sentences, strict=True):
        assert code == 1, words
        assert sentence in words


def test_a_training_that_was_killed_goes_on_to_the_same_weights(student_python: Path, tmp_path: Path) -> None:
    encoder = str(tmp_path / "encoder")
    folder = make_folder(tmp_path / "folder", 30, encoder)

    begun = start_stages(student_python, [[str(tmp_path), "encoder", encoder], rank(folder, "trained-1", "killed")])
    state = kill_when(begun, folder / "killed/checkpoints", "state.pt")
    assert not (folder / "killed/answers").exists()
    resumed, whole = run_stages(
        student_python, [rank(folder, "trained-1", "killed"), rank(folder, "trained-1", "whole")]
    )

    assert resumed[1].startswith("going on after step "), resumed
    assert not state.exists()
    assert whole[0] == 0
    outputs = [folder / name for name in ("killed", "whole")]
    assert len({read_json(one / "answers/facts.json")["sha256"] for one in outputs}) == 1
    assert len({(one / "curves/plots/metrics/train/loss.tsv").read_text() for one in outputs}) == 1
