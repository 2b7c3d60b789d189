import contextlib
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from potstill.core.letters import letter_choices
from potstill.core.records import Answer, Request, Status, encode_row, read_rows
from potstill.quality.report import select_metrics
from potstill.quality.slices import LENGTH_BANDS, QUESTION_TYPES
from stages.analyze import main
from tests.judged import make_request, make_response, question_of
from tests.project import ROOT, arguments, command

HOSTILE = "<script>alert('x')</script> \"a\", b;\r c \N{RIGHT-TO-LEFT OVERRIDE}\N{HEBREW LETTER ALEF} \x1b[0m \x85 \x07"
TABLES = ["by_concept.csv", "by_length.csv", "by_letter.csv", "by_type.csv", "letter_prior.csv", "letters.csv"]
TABLES += ["methods.csv", "outcomes.csv", "readings.csv", "tests.csv"]
FIGURES = ["accuracy_by_slice", "actual_against_expected", "answer_by_length", "answer_by_type"]
FIGURES += ["answers_per_letter", "confusion"]
SOURCE: dict[str, Any] = {"dataset": "riddles", "path": "me/riddles", "name": None, "revision": "abc123", "skipped": []}
TEACHER = {"provider": "local", "model": "tiny-model"}

Row = tuple[Request, str | None, Status]
USUAL: list[Row] = [
    (make_request(0, "A"), "C", "answered"),
    (make_request(1, "C"), "C. pear", "answered"),
    (make_request(2, None, question="Who might eat the pear?"), "B", "answered"),
    (make_request(3, "B"), None, "failed"),
    (make_request(4, "D"), "Let me think. C", "truncated"),
]


@contextlib.contextmanager
def project(
    folder: Path, gates: dict[str, Any] | None = None, answer_format: str | None = None, **splits: list[Row]
) -> Iterator[Path]:
    """Lay out what the stages before leave, and stand in it."""
    params = YAML(typ="safe").load((ROOT / "tests/params.yaml").read_text(encoding="utf-8"))
    params["teacher"], params["teachers"]["tiny"] = "tiny", TEACHER
    params["price_per_million"] = {"tiny": {"input": 2.0, "output": 5.0}}
    params["analyze"] = {"explorer_rows": 20, "gates": gates or {}}
    params["prompts"][params["prompt"]]["answer_format"] = answer_format
    write(folder / "params.yaml", json.dumps(params))
    write(folder / "data/raw/source.json", json.dumps(SOURCE))
    for split, rows in splits.items():
        responses = [make_response(request, content, status) for request, content, status in rows]
        questions = {request.question_id: question_of(request, "cats") for request, _, _ in rows}
        write(folder / f"data/raw/{split}.jsonl", *[encode_row(question).decode() for question in questions.values()])
        write(folder / f"data/requests/{split}.jsonl", *[encode_row(request).decode() for request, _, _ in rows])
        write(folder / f"data/responses/{split}.jsonl", *[encode_row(response).decode() for response in responses])
    with contextlib.chdir(folder):
        yield folder


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())


def names_in(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def analyze() -> str:
    finished = CliRunner().invoke(main, arguments("analyze"), catch_exceptions=False)
    assert finished.exit_code == 0, finished.output
    return finished.output


def read_csv(name: str) -> list[dict[str, str]]:
    with Path(f"reports/tables/{name}").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_measures(name: str = "tables/measures.json") -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    text = Path("reports", name).read_text(encoding="utf-8")
    measures: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return measures


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Stand in a project in which the stage has run on the usual rows; return what it printed."""
    with project(tmp_path_factory.mktemp("usual"), train=USUAL[:2], validation=USUAL):
        yield analyze()


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        pytest.param("data/requests/validation.jsonl", None, "data/requests: expected files", id="no requests"),
        pytest.param("data/responses/validation.jsonl", None, "validation.jsonl: expected a file", id="no responses"),
        pytest.param("data/responses/validation.jsonl", "[]", "line 1: expected a JSON object", id="no row"),
        pytest.param("data/raw/validation.jsonl", None, "validation.jsonl: expected a file", id="no questions"),
        pytest.param("data/raw/source.json", None, "source.json: expected a file", id="no source"),
        pytest.param("data/raw/source.json", "{", "source.json: expected JSON", id="broken source"),
        pytest.param("data/raw/source.json", "[]", "source.json: expected a JSON object", id="list for a source"),
    ],
)
def test_missing_and_broken_files_are_one_plain_sentence(
    tmp_path: Path, path: str, content: str | None, message: str
) -> None:
    with project(tmp_path, validation=USUAL):
        Path(path).unlink()
        if content is not None:
            write(Path(path), content)
        finished = CliRunner().invoke(main, arguments("analyze"))
        assert finished.exit_code == 1
        assert message in finished.output
        assert finished.output.startswith("Error: data/")
        assert not any(path.is_file() for path in Path("reports").rglob("*"))


@pytest.mark.usefixtures("usual")
def test_stage_writes_answers_metrics_tables_figures_and_page() -> None:
    assert [row.outcome for row in read_rows(Path("data/answers/validation.jsonl"), Answer)] == [
        *("wrong", "correct", "unjudged", "failed", "truncated")
    ]
    assert names_in("data/answers") == ["train.jsonl", "validation.jsonl"]
    assert names_in("reports") == ["figures", "index.html", "metrics.json", "tables"]
    assert names_in("reports/tables") == sorted([*TABLES, "measures.json"])
    stems = [f"{split}_{name}" for split in ("train", "validation") for name in FIGURES]
    assert names_in("reports/figures") == sorted(f"{stem}.{end}" for stem in stems for end in ("png", "svg"))


def test_stage_prints_a_verdict_on_each_split_in_ascii(usual: str) -> None:
    assert usual.isascii()
    train, validation = usual.splitlines()
    assert " of the 2 train questions " in train
    assert validation.startswith(
        "tiny is no better than chance: it answers 25 % of the 4 validation questions with a gold answer rightly "
        "(95 % interval 5-70 %), and guessing would give 25 %."
    )


@pytest.mark.usefixtures("usual")
def test_measures_by_hand() -> None:
    metrics = read_measures()
    split = metrics["validation"]
    assert list(metrics) == ["train", "validation", "usage"]
    assert list(split) == [
        *("questions", "accuracy", "accuracy_low", "accuracy_high"),
        *("answered_rate", "outcomes", "position_bias", "agreement"),
        *("flip_rate", "letter_mass_outside", "kappa", "gates"),
    ]
    assert (split["questions"], split["accuracy"], split["answered_rate"]) == (5, 0.25, 0.6)
    assert (split["accuracy_low"], split["accuracy_high"]) == (0.045587, 0.699358)
    # answered C twice, gold A and C; recalls of A, B, C, D: 0, 0, 1, 0, as B failed and D was cut off
    assert split["position_bias"]["tv_distance"] == 0.5
    assert split["position_bias"]["recall_std"] == 0.433013
    assert 0 <= split["position_bias"]["chi2_p"] <= 1
    assert (split["agreement"], split["gates"]) == (None, {})
    assert split["kappa"] == 0.142857  # agreement 1/4, by chance 1/8: C is answered twice, and two are unread
    # the answers of train are those of validation's first two
    assert metrics["usage"] == {"requests": 4, "prompt_tokens": 400, "completion_tokens": 40, "cost_usd": 0.001}


@pytest.mark.usefixtures("usual")
def test_the_metrics_are_what_people_compare() -> None:
    metrics, measures = read_measures("metrics.json"), read_measures()
    assert list(metrics) == ["train", "validation", "tokens", "cost_usd"]
    assert metrics["validation"] == {"accuracy": 0.25, "answered_rate": 0.6, "recall_std": 0.433013}
    assert (metrics["tokens"], metrics["cost_usd"]) == (440, 0.001)
    turned = {"train": measures["train"] | {"flip_rate": 0.2}, "test": measures["train"] | {"flip_rate": None}}
    compared = select_metrics(turned, measures["usage"])
    assert (compared["train"]["flip_rate"], "flip_rate" in compared["test"]) == (0.2, False)


def test_the_passage_of_a_structured_answer_and_what_was_thought_for_it_are_shown(tmp_path: Path) -> None:
    request = make_request(0, "C", structured=True)
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "reasoning_tokens": 4}
    response = make_response(request, '{"answer": "C"}', usage=usage)
    with project(tmp_path, answer_format="json", validation=[(request, "", "answered")]):
        write(Path("data/responses/validation.jsonl"), encode_row(response).decode())
        analyze()
        page, metrics = Path("reports/index.html").read_text(encoding="utf-8"), read_measures("metrics.json")

    assert '"response":["{\\"answer\\": \\"","C","\\"}"]' in page
    assert "100 in prompts, 10 in answers, 4 of them reasoning" in page
    assert (metrics["validation"]["accuracy"], metrics["tokens"], metrics["reasoning_tokens"]) == (1, 110, 4)


@pytest.mark.usefixtures("usual")
def test_tables_by_hand() -> None:
    assert Path("reports/tables/readings.csv").read_text(encoding="utf-8").splitlines()[3:] == [
        "validation,q0,q0:0:0,0,cats,what/which,3,<10,4,A,C,wrong",
        "validation,q1,q1:0:0,0,cats,what/which,3,<10,4,C,C,correct",
        "validation,q2,q2:0:0,0,cats,who,5,<10,4,none,B,unjudged",
        "validation,q3,q3:0:0,0,cats,what/which,3,<10,4,B,none,failed",
        "validation,q4,q4:0:0,0,cats,what/which,3,<10,4,D,none,truncated",
    ]
    assert [tuple(row.values()) for row in read_csv("letters.csv")[8:13]] == [
        ("validation", "answered", "A", "0", "validation A answered"),
        ("validation", "answered", "B", "1", "validation B answered"),
        ("validation", "answered", "C", "2", "validation C answered"),
        ("validation", "answered", "D", "0", "validation D answered"),
        ("validation", "answered", "none", "2", "validation none answered"),
    ]
    by_type = [row for row in read_csv("by_type.csv") if row["split"] == "validation"]
    assert [row["slice"] for row in by_type] == list(QUESTION_TYPES)
    assert list(by_type[0].values()) == [
        *("validation", "what/which", "4", "1", "0.250000", "0.045587", "0.699358", "0", "0", "2", "0", "2"),
        "validation what/which",
    ]
    assert list(by_type[2].values()) == [
        *("validation", "who", "0", "0", "", "", "", "0", "1", "0", "0", "0"),
        "validation who",
    ]
    assert [row["slice"] for row in read_csv("by_length.csv")] == [*LENGTH_BANDS, *LENGTH_BANDS]
    outcomes = [
        row["outcome"] for row in read_csv("outcomes.csv") if row["split"] == "validation" and row["rows"] == "1"
    ]
    assert outcomes == ["correct", "wrong", "unjudged", "truncated", "failed"]


@pytest.mark.usefixtures("usual")
def test_page_says_where_everything_comes_from() -> None:
    page = Path("reports/index.html").read_text(encoding="utf-8")
    for text in (
        "riddles (me/riddles)",
        "abc123",
        "tiny (tiny-model, local, temperature 0)",
        '<dd dir="auto">served-model</dd>',
        "validation: 5 questions, 5 rows",
        "All 7 rows.",
        "400 in prompts, 40 in answers",
        "less than 0.01 US dollars",
        "Let me think. C",
    ):
        assert text in page


@pytest.mark.usefixtures("usual")
def test_another_run_in_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    files = [path for folder in ("data/answers", "reports") for path in Path(folder).rglob("*.*")]
    before = {str(path): path.read_bytes() for path in files}
    assert len(before) == 2 + 1 + 1 + len(TABLES) + 1 + 4 * len(FIGURES)
    with project(tmp_path, train=USUAL[:2], validation=USUAL):
        environment = {"PYTHONHASHSEED": "2", "TZ": "UTC+2", "PYTHONPATH": os.pathsep.join(sys.path)}
        run = [sys.executable, "-W", "error", *command("analyze")[1:]]
        subprocess.run(run, check=True, env=os.environ | environment)
        assert {name: Path(name).read_bytes() for name in before} == before
        assert not any(str(tmp_path).encode() in Path(name).read_bytes() for name in before)


def test_agreement_is_over_rotations_in_the_original_order(tmp_path: Path) -> None:
    shown = "ADCB"
    always_c: list[Row] = [(make_request(0, gold, turn), "C", "answered") for turn, gold in enumerate(shown)]
    always_purr: list[Row] = [(make_request(1, gold, turn), gold, "answered") for turn, gold in enumerate(shown)]
    with project(tmp_path, train=[*always_c, *always_purr]):
        analyze()
        split = read_measures()["train"]
        assert split["agreement"] == 0.625
        assert (split["outcomes"]["ambiguous"], split["outcomes"]["correct"]) == (1, 1)
        # as shown, gold is at each letter equally often, and C is answered five times of eight
        assert split["position_bias"]["tv_distance"] == 0.375
        # of a type with two questions of four rows each
        row = read_csv("by_type.csv")[0]
        assert (row["n"], row["correct"], row["C"]) == ("2", "1", "5")


def test_hostile_texts_break_no_file(tmp_path: Path) -> None:
    names: dict[str, Any] = {"id": 'q\r\n,"1":0', "question_id": 'q\r\n,"1"'}
    long = make_request(0, "A", question=HOSTILE + " w" * 25_000, messages=[{"role": "user", "content": HOSTILE * 999}])
    odd = make_request(1, "B", question=HOSTILE, **names, choices=letter_choices([HOSTILE] * 4))
    with project(tmp_path, train=[(long, HOSTILE + "x" * 50_000, "truncated"), (odd, HOSTILE, "filtered")]):
        analyze()
        assert [row["words"] for row in read_csv("readings.csv")] == ["25007", "7"]
        for name in TABLES:
            assert len(pd.read_csv(f"reports/tables/{name}")) == len(read_csv(name))
            assert not set(Path(f"reports/tables/{name}").read_text(encoding="utf-8")) & set("\r\x1b\x85\x07")
        page = Path("reports/index.html").read_text(encoding="utf-8")
        assert "<script>" not in page
        assert "\\u003cscript>" in page
        assert next(read_rows(Path("data/answers/train.jsonl"), Answer)).readings[0].request_id == "q0:0:0"


def test_stage_survives_splits_without_letters_gold_or_questions(tmp_path: Path) -> None:
    failed: list[Row] = [(make_request(number), None, "failed") for number in range(3)]
    without_gold: list[Row] = [
        (make_request(0, None, choices=letter_choices(["yes", "no"])), "A", "answered"),
        (make_request(1, None, choices=letter_choices([*"abcdefghij"])), "J", "answered"),
        (make_request(2, None), "C", "answered"),
    ]
    with project(tmp_path, train=failed, validation=without_gold, test=[]):
        analyze()
        metrics = read_measures()
        assert [metrics[split]["questions"] for split in ("train", "validation", "test")] == [3, 3, 0]
        assert [sum(metrics[split]["outcomes"].values()) for split in ("train", "validation", "test")] == [3, 3, 0]
        assert metrics["train"]["position_bias"]["chi2_p"] is None
        assert 0 <= metrics["validation"]["position_bias"]["chi2_p"] <= 1
        assert "nan" not in Path("reports/tables/by_type.csv").read_text(encoding="utf-8").lower()
        assert len(names_in("reports/figures")) == 3 * 2 * len(FIGURES)


def test_a_strict_gate_that_fails_leaves_an_error_beside_the_answers_until_it_is_not_strict(tmp_path: Path) -> None:
    gates = {"min_answered_rate": 0.5, "min_accuracy": 0.3, "better_than_chance": True, "strict": True}
    with project(tmp_path, gates, validation=USUAL):
        output = analyze()
        verdicts = {"min_answered_rate": "pass", "min_accuracy": "fail", "better_than_chance": "fail"}
        assert read_measures()["validation"]["gates"] == verdicts
        failed = "min_accuracy in validation (got 0.25), better_than_chance in validation"
        assert f"gates not passed: {failed}" in output
        assert names_in("data/answers") == ["strict_gates_failed.json", "validation.jsonl"]
        assert failed in Path("data/answers/strict_gates_failed.json").read_text(encoding="utf-8")
        assert names_in("reports") == ["figures", "index.html", "metrics.json", "tables"]
    rows: list[Row] = [
        (make_request(0, "B"), "B", "answered"),
        (make_request(1, "B"), "I think it is B.", "answered"),
    ]
    with project(tmp_path, {"min_accuracy": 0.6}, answer_format="letter", validation=rows):
        assert "gates not passed: min_accuracy in validation (got 0.5)" in analyze()
        assert names_in("data/answers") == ["validation.jsonl"]
        # and an answer is read as its prompt says
        assert [row["outcome"] for row in read_csv("readings.csv")] == ["correct", "unparsed"]
        assert "letter (answer format letter)" in Path("reports/index.html").read_text(encoding="utf-8")
