import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from huggingface_hub import ModelCard
from ruamel.yaml import YAML

from potstill.core.folder_hash import hash_folder
from student.learning.section import list_measures
from student.report import main
from tests.student.answered import make_questions, measure, write_answers, write_project, write_run

LEARNS, FAILS = {"untrained": 0.3, "trained": 0.8, "control": 0.3}, {"untrained": 0.3, "trained": 0.3, "control": 0.3}
OPTIONS = {
    "raw": "data/raw", "export": "data/export", "responses": "data/responses", "teacher": "data/answers",
    "answers": "student/answers", "page": "reports/student.js", "metrics": "student/metrics.json",
    "cards": "student/cards",
}  # fmt: skip


def report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(folder)
    return CliRunner().invoke(main, [word for name, path in OPTIONS.items() for word in (f"--{name}", path)])


def test_a_report_says_who_learned_on_the_page_in_metrics_and_on_cards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, 200, {"chat": FAILS, "rank": LEARNS})
    finished = report(tmp_path, monkeypatch)
    assert finished.exit_code == 0, finished.output
    chat, rank, *places = finished.output.splitlines()
    assert chat.startswith("There is no evidence that the chat student learned: it is not better than before training")
    assert rank.startswith("The rank student learned: it answers ")
    assert "`git add student/dvc.yaml student/dvc.lock student/metrics.json`" in places[-1]
    metrics = json.loads(Path("student/metrics.json").read_text())
    assert (metrics["chat"]["learned"], metrics["rank"]["learned"]) == (False, True)
    assert metrics["rank"]["trained"] > 0.7 > metrics["rank"]["control"]
    assert metrics["rank"]["p_control"] < 0.001
    script = Path("reports/student.js").read_text()
    assert f'=== "{hash_folder(Path("data/responses"))}"' in script
    assert "900 rows in data/export" in script
    check_cards(metrics)


def check_cards(metrics: dict[str, dict[str, float]]) -> None:
    cards = {kind: ModelCard.load(f"student/cards/{kind}/README.md") for kind in ("chat", "rank")}
    assert [card.data.license for card in cards.values()] == ["apache-2.0"] * 2
    assert cards["rank"].data.base_model == "sentence-transformers/all-MiniLM-L6-v2"
    (result,) = cards["rank"].data.eval_results
    assert (result.metric_type, result.dataset_split) == ("accuracy", "validation")
    assert result.metric_value == pytest.approx(metrics["rank"]["trained"], abs=0.1)  # of the seed to use, not the mean
    entry = re.search(r"```yaml\n(.*?)```", cards["chat"].text, re.DOTALL)
    assert entry
    assert YAML(typ="safe").load(entry[1]) == {
        "student": {
            "provider": "local",
            "model": "tiny",
            "weights": "student.gguf",
            "sha256": "ab" * 32,
            "max_tokens": 200,
        }
    }
    assert "| control | " in cards["chat"].text


def test_each_measure_is_of_its_own_answers(tmp_path: Path) -> None:
    write_project(tmp_path, 5, {"rank": FAILS}, seeds=1)
    questions = make_questions(5)  # gold is A, B, C, D, E
    teacher = ["A", "B", "A", "A", None]
    write_answers(tmp_path / "data/answers/validation.jsonl", questions, teacher)
    runs = {"untrained": ["A"] * 5, "trained-0": ["A", "C", "A", "D", "E"], "control-0": [None] * 5}
    for run, letters in runs.items():
        write_run(tmp_path / "student/answers/rank" / run, questions, letters, 2.0 if run == "untrained" else None)
    (learned,) = measure(tmp_path, [0])
    assert {name: values for name, _, values in list_measures(learned)} == {
        "Accuracy": ["40.0\xa0%", "20.0\xa0%", "60.0\xa0%", "0\xa0%"],
        "95\xa0% interval": ["11.8–76.9\xa0%", "3.6–62.4\xa0%", "23.1–88.2\xa0%", "0–43.4\xa0%"],
        "With a letter": ["80.0\xa0%", "100\xa0%", "100\xa0%", "0\xa0%"],
        "Says what the teacher says": ["100\xa0%", "75.0\xa0%", "50.0\xa0%", "0\xa0%"],
        "The same, and right": ["50.0\xa0%", "25.0\xa0%", "25.0\xa0%", "0\xa0%"],
        "The same, and wrong": ["50.0\xa0%", "50.0\xa0%", "25.0\xa0%", "0\xa0%"],
        "Kappa": ["1.00", "0.00", "0.20", "0.00"],
        "Total variation": ["0.50", "0.80", "0.20", "—"],
        "RStd": ["0.49", "0.40", "0.49", "—"],
        "Parameters": ["—", "134.5", "134.5", "134.5"],
        "Size on disk": ["—", "144.0", "144.0", "144.0"],
        "Answers a second": ["—", "2.5", "found in the journal", "found in the journal"],
    }
    assert learned.differences["untrained"].mean == pytest.approx(0.4)
    assert learned.guessing == pytest.approx(0.2)


def drop_line(path: str, number: int) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        lines = (folder / path).read_bytes().splitlines(keepends=True)
        (folder / path).write_bytes(b"".join(lines[:number] + lines[number + 1 :]))

    return spoil


def drop_gold(folder: Path) -> None:
    path = folder / "data/raw/validation.jsonl"
    path.write_text(re.sub(r'"answer":"."', '"answer":null', path.read_text()))


def break_facts(folder: Path) -> None:
    (folder / "student/answers/rank/control-1/facts.json").write_text('{"model": "tiny", "questions": "all"}')


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        pytest.param(
            drop_line("student/answers/rank/trained-1/answers.jsonl", 3),
            "trained-1/answers.jsonl: line 4: expected the answer to 'q3', got the answer to 'q4'; teacher and "
            "students are compared on the same questions only",
            id="a student was asked other questions",
        ),
        pytest.param(
            drop_line("data/answers/validation.jsonl", 9),
            "data/answers/validation.jsonl: line 10: expected the answer to 'q9', got no further answer",
            id="the teacher was asked fewer",
        ),
        pytest.param(
            drop_line("data/raw/validation.jsonl", 9),
            "line 10: expected no further answer, got the answer to 'q9'", id="questions were taken out",
        ),
        pytest.param(
            lambda folder: shutil.rmtree(folder / "student/answers/rank/control-2"),
            "rank/control-2: expected this run's answers, found none; run `make student`", id="a run is missing",
        ),
        pytest.param(
            lambda folder: shutil.rmtree(folder / "student/answers"),
            "student/answers: expected answers of students, found none; run `make student`", id="all are missing",
        ),
        pytest.param(
            lambda folder: shutil.rmtree(folder / "data/answers"),
            "data/answers/validation.jsonl: expected the teacher's answers, which students are compared with, found "
            "none; add validation to prepare.splits", id="the teacher was not asked",
        ),
        pytest.param(drop_gold, "data/raw/validation.jsonl: expected gold, found none", id="no gold"),
        pytest.param(break_facts, "control-1/facts.json: Expected `int`, got `str`", id="broken facts"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(
    spoil: Callable[[Path], None], error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, 10, {"rank": FAILS})
    spoil(tmp_path)
    finished = report(tmp_path, monkeypatch)
    assert finished.exit_code == 1
    assert error in finished.output
    assert not (tmp_path / "reports").exists()


def test_runs_of_seeds_that_params_no_longer_name_are_left_out(tmp_path: Path) -> None:
    write_project(tmp_path, 10, {"rank": FAILS})
    (learned,) = measure(tmp_path, [2])
    assert [one.seed for one in learned.seeds] == [2]
